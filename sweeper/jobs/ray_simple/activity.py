"""What the workers of a Ray report of themselves, and what of its nodes is in use: read once a second, in a thread.

Reading has a client of its own and a limited time, so that a Ray that is dead holds up this thread and nobody else.
What was read long ago is not shown. The client is private to Ray: if a later version renames it, nothing is known.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import ray

from sweeper.jobs.ray_simple.control import runtime
from sweeper.messages.doing import NAMESPACE, Activity, Doing, Use, key_of

READ_EVERY_S = 1.0
ANSWER_S = 5.0
OLD_S = 10.0
"""What was read before that is shown no more."""
LEAVE_S = 1.0
SHOWN = ("CPU", "GPU")
"""Resources that are shown."""


@dataclass
class Reports:
    """What was read of the reports of workers, the times by the clock of this process. Told the time; pure."""

    _doing: dict[str, Doing] = field(default_factory=dict[str, Doing])
    _began: dict[str, float] = field(default_factory=dict[str, float])
    _helpers: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """By the job of an inference: for how many data each who helps made predictions, or did until it ended."""

    def read(self, doing: Mapping[str, Doing], now: float) -> None:
        """These are all reports that there are now, by job id."""
        self._began = {job: self._began.get(job, now - one.seconds) for job, one in doing.items()}
        self._doing = {**doing}
        for job, one in doing.items():
            if one.helps:
                self._helpers.setdefault(one.helps, {})[job] = one.made
        self._helpers = {job: made for job, made in self._helpers.items() if job in doing}

    def lost(self, helper: str) -> None:
        """One who helped has ended without a word, and what it made is made again."""
        for made in self._helpers.values():
            made.pop(helper, None)

    def now(self, now: float) -> dict[str, Doing]:
        """What each job is at, with how long it has been going on, and what all workers of an inference made."""
        return {job: self._whole(job, one, now) for job, one in self._doing.items()}

    def _whole(self, job: str, doing: Doing, now: float) -> Doing:
        made = doing.made + sum(self._helpers.get(job, {}).values())
        return replace(doing, made=min(made, doing.total), seconds=now - self._began[job])


class Activities:
    """Reads from the first time that somebody asks; answers with what was read last, without waiting.

    Parameters
    ----------
    address
        Of the control process of the Ray that this process is connected to.
    """

    def __init__(self, address: str) -> None:
        self._address, self._runtime = address, runtime()
        self._prefix = key_of(ray.get_runtime_context().get_job_id(), "")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._leave = threading.Event()
        self._reports = Reports()
        self._read_at = float("-inf")
        self._nodes, self._uses = 1, tuple[Use, ...]()
        self._lost: set[str] = set()
        """Jobs that did not complete: their workers may be dead, and their reports still there."""

    @property
    def is_there(self) -> bool:
        """Whether this release of Ray can be asked."""
        return _client_class() is not None

    def now(self) -> Activity | None:
        """What is known now; `None` where that is nothing."""
        if self._thread is None and self.is_there:
            self._thread = threading.Thread(target=self._keep_reading, daemon=True, name="sweeper-activity")
            self._thread.start()
        with self._lock:
            now = time.monotonic()
            if now - self._read_at > OLD_S:
                return None
            return Activity(self._reports.now(now), self._nodes, self._uses)

    def lost(self, job_id: str) -> None:
        """A job did not complete: nothing that is still reported of it is so."""
        with self._lock:
            self._reports.lost(job_id)
            self._lost.add(job_id)

    def leave(self) -> None:
        """Read no more: this process leaves that Ray."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join(LEAVE_S)

    def _keep_reading(self) -> None:
        client: Any = _client_class()(address=self._address)
        while not self._leave.is_set() and self._is_connected():
            with suppress(Exception):  # of whatever kind Ray's are: what is not known now is not shown
                self._read(client, self._prefix)
            self._leave.wait(READ_EVERY_S)

    def _is_connected(self) -> bool:
        """Some releases of Ray end a process that asks one that it has left."""
        return ray.is_initialized() and runtime() is self._runtime

    def _read(self, client: Any, prefix: bytes) -> None:
        keys: list[bytes] = client.internal_kv_keys(prefix, NAMESPACE, timeout=ANSWER_S)
        told = client.internal_kv_multi_get(keys, NAMESPACE, timeout=ANSWER_S) if keys else {}
        reports = {key.removeprefix(prefix).decode(): text for key, text in told.items()}
        for job_id in self._lost & reports.keys():
            client.internal_kv_del(prefix + job_id.encode(), False, NAMESPACE, timeout=ANSWER_S)
        doing = {job_id: Doing.of_json(text) for job_id, text in reports.items() if job_id not in self._lost}
        nodes, uses = in_use(client.get_all_resource_usage(timeout=ANSWER_S).resource_usage_data.batch)
        with self._lock:
            now = self._read_at = time.monotonic()
            self._reports.read(doing, now)
            self._nodes, self._uses = nodes, uses


def in_use(nodes: Any) -> tuple[int, tuple[Use, ...]]:
    """How many nodes there are, and of several how much of what they have is taken, as Ray's control process says."""
    totals = {name: sum(node.resources_total.get(name, 0.0) for node in nodes) for name in SHOWN}
    free = {name: sum(node.resources_available.get(name, 0.0) for node in nodes) for name in SHOWN}
    uses = (Use(name, there - free[name], there) for name, there in totals.items() if there)
    return len(nodes), tuple(uses) if len(nodes) > 1 else ()


def _client_class() -> Any:
    """Ray's client of its control process; `None` in a release that has none of that name."""
    return getattr(import_module("ray._raylet"), "GcsClient", None)
