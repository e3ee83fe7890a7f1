"""The device that a model of torch works on, and how it is called there."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from sweeper.errors import PartError


def gpus_of_task() -> int:
    """How many GPUs Ray has given to the task that this process runs; 0 where it is no worker of Ray.

    What CUDA shows does not tell: on a node with GPUs, Ray shows all of them to a task that has asked for none. Ray is
    not imported, since a process that has not imported it is no worker.
    """
    ray = sys.modules.get("ray")
    if ray is None or not getattr(ray, "is_initialized", bool)():
        return 0
    return len(ray.get_runtime_context().get_accelerator_ids().get("GPU", ()))


def device_for(asked: str | None) -> Any:
    """The torch device for a model.

    Parameters
    ----------
    asked
        `cpu`, `cuda`, `cuda:1`, `mps` or another name that torch has; `None` for `cuda` where Ray has given a GPU to
        the task, else `cpu`.

    Raises
    ------
    PartError
        torch does not know the name, or has no such device here.
    """
    torch: Any = import_module("torch")

    name = asked or ("cuda" if gpus_of_task() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, ValueError) as error:
        seen = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
        raise PartError(
            f"device is {name!r}, and torch cannot use it here: {str(error).splitlines()[0]}. It has "
            f"{', '.join(['cpu', *seen])}. Let it be null, which takes a GPU where the task has one: "
            "_sweep_: {resources: {num_gpus: 1}}."
        ) from error
    return device


@contextmanager
def inference() -> Generator[None]:
    """Without gradients, and with cuDNN's deterministic algorithms, so that a batch has the same answers each time."""
    torch: Any = import_module("torch")

    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic
    cudnn.benchmark, cudnn.deterministic = False, True
    try:
        with torch.inference_mode():
            yield
    finally:
        cudnn.benchmark, cudnn.deterministic = before
