"""What Ray's control process says of the node that this process is connected to, asked for a limited time."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import ray
from ray.exceptions import RayError

Question = Callable[[float], str | None]
"""Takes the seconds that an answer may take; returns what is wrong with the node, if anything.

Raises a TimeoutError where there is no answer.
"""


def question(address: str, node: str) -> Question:
    """Asks the control process (GCS) at an address for a node; connects with the first question.

    Once this process has left that Ray, nothing is asked any more: some releases end a process that asks one that is
    gone. The client is private to Ray. If a later version renames it, nothing is asked, and all is said to be well.
    """
    clients: list[Any] = []
    asked = runtime()

    def ask(timeout_s: float) -> str | None:
        if not ray.is_initialized() or runtime() is not asked:
            clients.clear()
            return None
        try:
            client_of: Any = import_module("ray._raylet").GcsClient
            state_dead: Any = import_module("ray.core.generated.gcs_pb2").GcsNodeInfo.DEAD
        except (ImportError, AttributeError):
            return None
        try:
            if not clients:
                clients.append(client_of(address=address))
            nodes = clients[0].get_all_node_info(timeout=timeout_s)
        except RayError as error:
            raise TimeoutError(str(error)) from error
        dead = {key.hex() for key, info in nodes.items() if info.state == state_dead}
        return "its node process (raylet) hangs or has died, says its control process" if node in dead else None

    return ask


def runtime() -> object:
    """What stands for the Ray of this process; `None` where there is none, or Ray has renamed it.

    Ray itself is not asked: a process that asks it from one thread while another one shuts it down is ended at once.
    """
    return getattr(import_module("ray._private.worker"), "_global_node", None)
