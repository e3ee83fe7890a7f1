"""The functions that Ray calls in a worker: one capability run, one inference, or imports ahead of both."""

from __future__ import annotations

import logging
import os
import pickle
import time
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

from ray.cloudpickle.cloudpickle import dumps

from sweeper.common.processes import here
from sweeper.isolation.process_state import dedicate_process, not_restored
from sweeper.messages import bounds, versions
from sweeper.messages.bounds import Bounds
from sweeper.messages.failures import PredictionsLostError, RunStoppedError, WorkerFailure
from sweeper.messages.receipts import InferenceReceipt
from sweeper.messages.requests import InferenceRequest
from sweeper.worker import activity, activity_reports, marks, replacement
from sweeper.worker.blocks import PredictionsLost
from sweeper.worker.driver_environment import use_import_paths
from sweeper.worker.execute import execute
from sweeper.worker.inference import help_inference as help_with
from sweeper.worker.inference import infer
from sweeper.worker.inferred import Inference
from sweeper.worker.interrupts import Interrupted, Run, end_at_interrupt, end_when_told, ignore_interrupts
from sweeper.worker.object_size import estimated_bytes

logger = logging.getLogger(__name__)


def run_capability(message: bytes | tuple[Any, ...], inference: Inference | None = None, board: Any = None) -> bytes:
    """Execute one request; the message is a request and its job info, mostly pickled.

    The receipt is returned pickled, because Ray passes bytes on as they are, and a sweep never opens it.
    """
    end_when_told()
    request, job_info = versions.opened(message)
    marks.mark(job_info.job_id)
    activity_reports.begin()
    if board is not None:
        board.started.remote(job_info.job_id, here())
    _prepare_process()
    with activity.working_on(job_info.job_id), _task_of_user_code(request.bounds, of_sweep=request.attempt is not None):
        return pickle.dumps(execute(request, job_info, inference), protocol=5)


def run_capabilities(messages: Sequence[bytes], budget_s: float) -> bytes:
    """Execute requests one after another, until one fails, changes this process for good, or the time is over.

    Returns, pickled: the receipts of those that completed, each pickled; what the next one raised, if it failed; and
    how many seconds each took that completed.
    What is wrong with a message other than the first is left to a task that begins with it.
    """
    receipts: list[bytes] = []
    failure: BaseException | None = None
    times = [time.perf_counter()]
    with ignore_interrupts():  # between two runs too: one would take the receipts with it
        for message in messages:
            try:
                receipts.append(run_capability(message))
            except (WorkerFailure, RunStoppedError) as error:
                failure = error
                break
            except Exception:
                if not receipts:
                    raise
                break
            times.append(time.perf_counter())
            if not_restored() or times[-1] - times[0] > budget_s:
                break
        return pickle.dumps((receipts, failure, [end - begin for begin, end in pairwise(times)]), protocol=5)


@contextmanager
def _task_of_user_code(allowed: Bounds, *, of_sweep: bool) -> Generator[None]:
    """Apply the bounds of a sweep, and let whatever user code raises travel in a form that arrives."""
    try:
        with bounds.applying(allowed), _interrupts(of_sweep=of_sweep) as run:
            try:
                yield
            except Interrupted:
                replacement.after_this_task()  # it may have left a module half imported
                raise RunStoppedError from None
            except PredictionsLost:
                run.end()
                raise PredictionsLostError from None
            except BaseException as error:  # noqa: BLE001 - see above
                run.end()
                raise WorkerFailure.of(error, dumps, stored=None if run.writes else False) from None
    finally:
        _replace_if_changed()


def _interrupts(*, of_sweep: bool) -> AbstractContextManager[Run]:
    return ignore_interrupts() if of_sweep else end_at_interrupt()


def _replace_if_changed() -> None:
    if not_restored():
        replacement.after_this_task()


@cache
def _prepare_process() -> None:
    """What a worker process does once."""
    from sweeper.store import keep_freed_memory

    keep_freed_memory()
    dedicate_process()


def run_inference(
    request: InferenceRequest, paths: tuple[str, ...], job_id: str = "", board: Any = None
) -> tuple[InferenceReceipt, Inference]:
    """Run one inference pass; returns a receipt, which the driver fetches, and the predictions, which it does not."""
    from sweeper.worker.stored_blocks import ObjectStore  # with the capabilities, which the driver need not import

    end_when_told()
    versions.refuse_other(request.sweeper_version)
    marks.mark(job_id)
    activity_reports.begin()
    if board is not None:
        board.started.remote(job_id, here())
    with activity.working_on(job_id), _task_of_user_code(request.bounds, of_sweep=request.of_sweep):
        inference = infer(request, paths, job_id, ObjectStore())
        return InferenceReceipt(estimated_bytes(inference), inference.note), inference


def help_inference(request: InferenceRequest, paths: tuple[str, ...], job_id: str, worker: str) -> bool:
    """Make some batches of the inference `job_id`, which another worker has begun; whether this came too early.

    What it prints is in a log of its own beside that of the inference. What fails here is made again, and fails again,
    in that worker.
    """
    from sweeper.worker.stored_blocks import ObjectStore

    end_when_told()
    versions.refuse_other(request.sweeper_version)
    marks.mark(worker)
    activity_reports.begin()
    with activity.working_on(worker, helps=job_id), _task_of_user_code(request.bounds, of_sweep=True):
        return help_with(request, paths, job_id, worker, ObjectStore())


def end_process_of(job_id: str) -> bool:
    """Kill the worker of this node that runs a job; whether there was one."""
    return marks.end_marked(job_id)


def sees_file(path: str) -> bool:
    """Whether a file of the driver is there in this worker too."""
    return os.path.isfile(path)


def import_modules(modules: tuple[str, ...], paths: tuple[str, ...]) -> None:
    """Import modules before the first run needs them."""
    use_import_paths(paths)
    for module in modules:
        try:
            import_module(module)
        except Exception:  # the run that needs the module raises the error again
            logger.debug("warm-up could not import %s", module, exc_info=True)
