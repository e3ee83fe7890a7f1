"""What Ray runs in a worker: one capability run, one inference, or imports ahead of both."""

from __future__ import annotations

import logging
import pickle
import signal
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

from ray.cloudpickle.cloudpickle import dumps

from sweeper.isolation.process_state import does_nothing_but_runs, left_behind
from sweeper.messages import versions
from sweeper.messages.failures import WorkerFailure
from sweeper.messages.requests import InferenceRequest
from sweeper.worker import execute, retire
from sweeper.worker.interrupts import Interrupted, told_apart
from sweeper.worker.object_cache import estimated_bytes

logger = logging.getLogger(__name__)


def run_capability(message: Any, inference: execute.Inference | None = None, board: Any = None) -> bytes:
    """What Ray runs in a worker for one capability run; the message is a request and its job info, mostly pickled.

    So is the receipt: Ray hands bytes on as they are, and a sweep never asks what is in them.
    """
    request, job_info = versions.opened(message)
    if board is not None:
        board.started.remote(job_info.job_id)
    _settle_in()
    try:
        with told_apart() if request.attempt is None else _undisturbed():
            return pickle.dumps(execute.execute(request, job_info, inference), protocol=5)
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever user code raises travels in a form that arrives
        raise WorkerFailure.of(error, dumps) from None
    finally:
        _end_if_spoiled()


def _end_if_spoiled() -> None:
    if left_behind():
        retire.after_this_task()


@cache
def _settle_in() -> None:
    """What a worker process does once: it belongs to the runs, so it may be set up for them."""
    from sweeper.store import keep_freed_memory

    keep_freed_memory()
    does_nothing_but_runs()


@contextmanager
def _undisturbed() -> Generator[None]:
    """A sweep that is stopped takes back what is queued and lets what runs finish.

    Ray cannot tell the two apart: its cancellation drops a queued task and interrupts a running one. So a running
    attempt of a sweep turns the interrupt away, and only a forced cancellation ends it.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_inference(
    request: InferenceRequest, paths: tuple[str, ...], job_id: str = "", board: Any = None
) -> tuple[int, execute.Inference]:
    """What Ray runs in a worker for one inference pass: its size, a receipt for the driver, and the payload."""
    versions.refuse_other(request.sweeper_version)
    if board is not None:
        board.started.remote(job_id)
    try:
        with told_apart():
            made = execute.infer(request, paths)
            return estimated_bytes(made), made
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 - as above
        raise WorkerFailure.of(error, dumps) from None
    finally:
        _end_if_spoiled()


def import_modules(modules: tuple[str, ...], paths: tuple[str, ...]) -> None:
    execute.use_paths(paths)
    for module in modules:
        try:
            import_module(module)
        except Exception:  # only a head start: the run that needs the module will say what is wrong
            logger.debug("warm-up could not import %s", module, exc_info=True)
