"""Jobs as plain Ray tasks: one task per capability run, handles that live in this process."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import site
import socket
import sys
import sysconfig
import time
import warnings
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import ray
from ray.cloudpickle.cloudpickle import dumps
from ray.exceptions import (
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
    TaskCancelledError,
    WorkerCrashedError,
)

from sweeper._version import __version__
from sweeper.interrupts import Interrupted, told_apart
from sweeper.jobs import resources as resource_shapes
from sweeper.jobs import retire, submission, versions, worker
from sweeper.jobs.failure import WorkerFailure
from sweeper.jobs.job import BaseJob, Ended, listed
from sweeper.jobs.parcels import OncePerObject
from sweeper.jobs.protocol import CapabilityRunRef, JobStatus
from sweeper.jobs.starts import StartBoard
from sweeper.limits import slots, unschedulable
from sweeper.process_state import does_nothing_but_runs, left_behind
from sweeper.processors import usable_processors
from sweeper.request import InferenceRequest, LazySpec, RunRequest, Sealed, Shelf, Ticket, log_path
from sweeper.reuse import estimated_bytes

T = TypeVar("T")
logger = logging.getLogger(__name__)

INLINE_BYTES = 16 * 1024
"""A packed object up to this size travels in each request; a larger one lies in the object store."""
MIN_WINDOW = 16
WINDOW_PER_CPU = 8
LOOK_AT_BOARD_S = 0.2
KNOCK_S = 5.0
LOST = (WorkerCrashedError, NodeDiedError, OutOfMemoryError, ObjectLostError)
"""Ends in which the code of the run had no say."""


@dataclass(frozen=True)
class Parcel(Sealed):
    """A pickled object: the pickle and its buffers, or a reference to both in Ray's object store."""

    key: str
    content: Any

    @property
    def is_large(self) -> bool:
        """Whether it lies in the object store."""
        return isinstance(self.content, ray.ObjectRef)

    def open(self) -> Any:
        """A fresh copy; large arrays in it are read-only views of the object store, as always with Ray."""
        data, buffers = ray.get(self.content) if self.is_large else self.content
        return pickle.loads(data, buffers=buffers)


def _pack(item: Any) -> Parcel:
    buffers: list[pickle.PickleBuffer] = []
    data = dumps(item, protocol=5, buffer_callback=buffers.append)
    if len(data) + sum(buffer.raw().nbytes for buffer in buffers) > INLINE_BYTES:
        return Parcel(uuid4().hex, ray.put((data, buffers)))
    copies = [bytearray(buffer.raw()) for buffer in buffers]
    return Parcel(sha256(b"".join([data, *copies])).hexdigest(), (data, copies))


def _execute(message: Any, inference: worker.Inference | None = None, board: Any = None) -> bytes:
    """What Ray runs in a worker for one capability run; the message is a request and its ticket, mostly pickled.

    So is the receipt: Ray hands bytes on as they are, and a sweep never asks what is in them.
    """
    request, ticket = versions.opened(message)
    if board is not None:
        board.started.remote(ticket.job_id)
    _settle_in()
    try:
        with told_apart() if request.attempt is None else _undisturbed():
            return pickle.dumps(worker.execute(request, ticket, inference), protocol=5)
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


def _message(request: RunRequest, ticket: Ticket) -> Any:
    """Request and ticket, pickled here at a third of the cost where no reference in it needs Ray's own pickling."""
    parts = (request.capability, *request.datasets, *request.models, *request.metrics, request.config)
    large = any(isinstance(part, Parcel) and part.is_large for part in (*parts, *request.extra.values()))
    return (__version__, request, ticket) if large else versions.labelled(pickle.dumps((request, ticket), protocol=5))


def _infer(
    request: InferenceRequest, paths: tuple[str, ...], job_id: str = "", board: Any = None
) -> tuple[int, worker.Inference]:
    """What Ray runs in a worker for one inference pass: its size, a receipt for the driver, and the payload."""
    versions.refuse_other(request.sweeper_version)
    if board is not None:
        board.started.remote(job_id)
    try:
        with told_apart():
            made = worker.infer(request, paths)
            return estimated_bytes(made), made
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 - as above
        raise WorkerFailure.of(error, dumps) from None
    finally:
        _end_if_spoiled()


def _import_all(modules: tuple[str, ...], paths: tuple[str, ...]) -> None:
    worker.use_paths(paths)
    for module in modules:
        try:
            import_module(module)
        except Exception:  # only a head start: the run that needs the module will say what is wrong
            logger.debug("warm-up could not import %s", module, exc_info=True)


class Session:
    """The Ray runtime that a backend uses: the one that runs already, else one that is started here."""

    def __init__(
        self,
        address: str | None,
        runtime_env: Mapping[str, Any] | None,
        num_cpus: float | None,
        force_reinit: bool,
        log_to_driver: bool,
    ) -> None:
        if force_reinit and ray.is_initialized():
            ray.shutdown()
        self.started_here = not ray.is_initialized()
        if self.started_here:
            _start(address, runtime_env, num_cpus, log_to_driver)
        elif asked := [k for k, v in (("address", address), ("runtime_env", runtime_env), ("num_cpus", num_cpus)) if v]:
            warnings.warn(
                f"Ray is running already in this process, so {' and '.join(asked)} have no effect. "
                "force_reinit=True reconnects, and ends what runs.",
                RuntimeWarning,
                stacklevel=4,
            )
        self._node = ray.get_runtime_context().get_node_id()
        self.nodes: Sequence[Mapping[str, float]] = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self.cpus = int(sum(node.get("CPU", 0) for node in self.nodes)) or 1
        self.largest: Mapping[str, float] = {
            name: max(node.get(name, 0.0) for node in self.nodes) for name in set[str]().union(*self.nodes)
        }
        self.keeps_gpu_workers = self.largest.get("GPU", 0) <= 1
        self._board: Any = None
        self._expected: set[str] = set()
        self._starts: dict[str, datetime] = {}
        self._looked_at = 0.0

    def is_alive(self) -> bool:
        """Whether this process is still connected to the same runtime."""
        return ray.is_initialized() and ray.get_runtime_context().get_node_id() == self._node

    def gone(self) -> RuntimeError:
        """What became of a job that had not ended when its runtime was left."""
        return RuntimeError(
            "The Ray runtime of this job was shut down before the job was seen to end. "
            "If it completed, its results are in the analytics store; otherwise submit it again."
        )

    def board(self) -> Any:
        """The actor that starts are reported to; started with the first job that is to report."""
        if self._board is None:
            self._board = ray.remote(num_cpus=0)(StartBoard).remote()
        return self._board

    def started_at(self, job_id: str) -> datetime | None:
        """When a job reported its start, by this process's clock. Asks the board at most five times a second."""
        if (
            job_id not in self._starts
            and time.monotonic() - self._looked_at > LOOK_AT_BOARD_S
            and self._board is not None
        ):
            self._look_at_board()
        return self._starts.get(job_id)

    def expect_start(self, job_id: str) -> None:
        """A job is to report its start."""
        self._expected.add(job_id)

    def last_start(self, job_id: str) -> datetime | None:
        """What is known of the start of a job that has ended; from now on nothing is remembered of it."""
        self._expected.discard(job_id)
        return self._starts.pop(job_id, None)

    def _look_at_board(self) -> None:
        self._looked_at = time.monotonic()
        try:
            ages: dict[str, float] = ray.get(self._board.take.remote(), timeout=5)
        except RayError as error:  # no reports for now; a timeout then counts from the next that arrives
            logger.warning("The reports of started jobs cannot be read: %s", error)
            return
        now = datetime.now(UTC)
        self._starts.update((job_id, now - timedelta(seconds=ages[job_id])) for job_id in self._expected & ages.keys())

    def close(self) -> None:
        """Shut Ray down if it was started here."""
        if self.started_here and self.is_alive():
            ray.shutdown()


def _start(
    address: str | None, runtime_env: Mapping[str, Any] | None, num_cpus: float | None, log_to_driver: bool
) -> None:
    """Start a local Ray, on the loopback interface, or connect to the one at `address` or `RAY_ADDRESS`."""
    settings: dict[str, Any] = {"address": address, "log_to_driver": log_to_driver, "logging_level": logging.ERROR}
    if runtime_env:
        settings["runtime_env"] = dict(runtime_env)
    if address == "local" or (address is None and not os.environ.get("RAY_ADDRESS")):
        own = usable_processors() if num_cpus is None else num_cpus
        settings |= {"num_cpus": own, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    elif num_cpus is not None:
        raise ValueError(
            f"num_cpus={num_cpus:g} is for a Ray that is started here, and the address "
            f"{address or os.environ['RAY_ADDRESS']!r} names one that runs; leave one of the two out."
        )
    _knock(address)
    try:
        ray.init(**settings)
    except RayError as error:
        raise RuntimeError(str(error)) from error


def import_ahead() -> None:
    """Import, while Ray starts, what it imports when the first task goes out: 0.1 s where pydantic is installed.

    The module is Ray's own and may go by another name one day; then Ray imports it when it needs it, as before.
    """
    with suppress(ImportError):
        import_module("ray._common.pydantic_compat")


def _knock(address: str | None) -> None:
    """See in seconds that nobody is at `host:port`; Ray itself tries for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK_S).close()
    except OSError as error:
        raise ConnectionError(f"nobody answers at {address}: {error}.") from error


class RaySimpleJob(BaseJob[T]):
    """Handle of one Ray task, as `sweeper.jobs.Job` describes it.

    Parameters
    ----------
    ref
        The task's return value; its receipt where there are two.
    """

    def __init__(
        self,
        ref: Any,
        job_id: str,
        job_name: str,
        created_at: datetime,
        session: Session,
        *,
        log: str | None = None,
        reports_start: bool = False,
    ) -> None:
        super().__init__(job_id, job_name, created_at, log)
        self.ref = ref
        self._session, self._reports_start = session, reports_start
        self._cancelling = False
        self._started_at: datetime | None = None
        if reports_start:
            session.expect_start(job_id)

    @property
    def started_at(self) -> datetime | None:
        """See `Job.started_at`."""
        if self._started_at is None and self._reports_start and self._end is None:
            self._started_at = self._session.started_at(self.job_id)
        return self._started_at

    def cancel(self, *, force: bool = False) -> bool:
        """See `Job.cancel`. The status says CANCELLED once the task has ended that way, which may take a while."""
        if self._end is None:
            self._poll()
        if self._end is not None:
            return False
        self._cancelling = True
        ray.cancel(self.ref, force=force)
        return True

    def settle(self, value: Any = None, error: BaseException | None = None) -> None:
        """Set the end, once, from what Ray gave or raised for this task."""
        if self._end is None:
            self._end = Ended(JobStatus.COMPLETED, value) if error is None else self._ended_by(error)
            if self._reports_start:
                self._started_at = self._session.last_start(self.job_id) or self._started_at

    def _value(self, end: Ended) -> T:
        value: Any = super()._value(end)
        return pickle.loads(value) if isinstance(value, bytes) else value

    def _ended_by(self, error: BaseException) -> Ended:
        root = _root(error)
        if isinstance(root, TaskCancelledError) or (self._cancelling and isinstance(root, WorkerCrashedError)):
            return Ended(JobStatus.CANCELLED)
        return Ended.failed(root)

    def _poll(self) -> None:
        self._await(0)

    def _await(self, timeout: float | None) -> None:
        if not self._session.is_alive():
            self.settle(error=self._session.gone())
            return
        try:
            if ray.wait([self.ref], timeout=timeout)[0]:
                self.settle(ray.get(self.ref))
        except RayError as error:
            self.settle(error=error)


class RayInference(RaySimpleJob[worker.Inference]):
    """Handle of an inference pass; the driver fetches its receipt only, the predictions where `result` is asked."""

    def __init__(self, receipt: Any, payload: Any, job_id: str, session: Session, *, reports_start: bool) -> None:
        super().__init__(receipt, job_id, "predict", datetime.now(UTC), session, reports_start=reports_start)
        self.payload = payload

    @property
    def nbytes(self) -> int:
        """See `PredictionHandle.nbytes`."""
        if self._end is None:
            self._poll()
        return int(self._end.value or 0) if self._end else 0

    def result(self, timeout: float | None = None) -> worker.Inference:
        """See `Job.result`."""
        super().result(timeout)
        return ray.get(self.payload)


class RaySimpleJobBackend:
    """Submits each capability run as one Ray task and remembers the handles, in this object only.

    Every submission is a new task: nothing is deduplicated, and nothing survives this process but what the workers
    wrote to the analytics store.

    Parameters
    ----------
    analytics_store
        Where workers write results: `{"backend": "parquet", "uri": ..., "storage_options": {...}}`, a URI or a path.
    address
        As for `ray.init`: `None` uses the Ray of `RAY_ADDRESS` or starts a local one, `"local"` starts one, `"auto"` or
        an address connects. Without effect, with a warning, where this process is connected already.
    runtime_env
        As for `ray.init`; likewise.
    max_retries
        How often Ray may run a task again whose worker or node died. Exceptions of the run are never retried.
    force_reinit
        Leave the runtime that this process is connected to, and what runs in it, and connect anew.
    num_cpus
        Processors of a Ray that is started here; `None` for those that this process may use.
    log_to_driver
        Whether what workers print is shown in this process.

    Notes
    -----
    A live object is packed when it is submitted; one of more than 16 KiB is packed once and stays as it was then: after
    changing it in place, call `forget(it)`. A worker keeps datasets and models that it unpacked or built, see
    `sweeper.reuse`.
    """

    def __init__(
        self,
        analytics_store: Any,
        address: str | None = None,
        runtime_env: Mapping[str, Any] | None = None,
        max_retries: int = 0,
        force_reinit: bool = False,
        *,
        num_cpus: float | None = None,
        log_to_driver: bool = False,
    ) -> None:
        self._store = submission.store_location(analytics_store)
        self._max_retries = _checked_retries(max_retries)
        self._session = Session(address, runtime_env, num_cpus, force_reinit, log_to_driver)
        self._jobs: dict[str, RaySimpleJob[CapabilityRunRef]] = {}
        self._parcels = OncePerObject(_pack, worth_it=lambda parcel: parcel.is_large)
        self._tasks: dict[Any, Any] = {}
        self._warming: list[Any] = []

    def submit_capability(self, capability: Any, **kwargs: Any) -> RaySimpleJob[CapabilityRunRef]:
        """See `sweeper.jobs.submit_capability`."""
        asked = submission.prepare(capability, self._store, **kwargs)
        self._warn_if_it_cannot_run(asked.resources)
        job = self._submit(asked.request, asked.resources, asked.name, asked.predictions, False, self._max_retries)
        self._jobs[job.job_id] = job
        return job

    def submit(
        self,
        request: RunRequest,
        *,
        resources: Mapping[str, float],
        name: str,
        predictions: RayInference | None = None,
        report_start: bool = False,
    ) -> RaySimpleJob[CapabilityRunRef]:
        """Submit one request of a sweep, which alone remembers the handle; Ray retries nothing."""
        return self._submit(request, resources, name, predictions, report_start, max_retries=0)

    def predict(
        self,
        *,
        model: Any,
        dataset: Any,
        capability: Any,
        resources: Mapping[str, float],
        shelf: Shelf | None = None,
        report_start: bool = False,
    ) -> RayInference:
        """Submit one inference pass; its result stays in Ray's object store until the handle is let go."""
        request = InferenceRequest(
            self._sealed(model), self._sealed(dataset), self._sealed(capability), shelf, __version__
        )
        task = self._task(_infer, resources, max_retries=0, num_returns=2)
        job_id, board = uuid4().hex, self._session.board() if report_start else None
        receipt, payload = task.remote(request, _extra_paths(tuple(sys.path)), job_id, board)
        return RayInference(receipt, payload, job_id, self._session, reports_start=report_start)

    def forget(self, part: Any) -> None:
        """Pack this live object anew at its next submission, because it was changed in place."""
        self._parcels.forget(part)

    def wait_any(self, jobs: Collection[Any], timeout: float | None) -> list[Any]:
        """See `RunnerBackend.wait_any`: blocks in one `ray.wait`, and fetches all receipts that are there at once."""
        pending = {job.ref: job for job in jobs if not job.ended}
        if len(pending) < len(jobs) or not pending:
            return [job for job in jobs if job.ended]
        refs = list(pending)
        if not ray.wait(refs, num_returns=1, timeout=timeout)[0]:
            return []
        ended = [pending[ref] for ref in ray.wait(refs, num_returns=len(refs), timeout=0)[0]]
        self._settle(ended)
        return ended

    def is_lost(self, job: RaySimpleJob[Any]) -> bool:
        """See `RunnerBackend.is_lost`."""
        return isinstance(job.exception(), LOST)

    def lacked_predictions(self, job: RaySimpleJob[Any]) -> bool:
        """See `RunnerBackend.lacked_predictions`."""
        return isinstance(job.exception(), ObjectLostError)

    def cluster_resources(self) -> Mapping[str, float]:
        """See `RunnerBackend.cluster_resources`."""
        return self._session.largest

    def slots(self, resources: Mapping[str, float]) -> int:
        """See `RunnerBackend.slots`."""
        return slots(resources, self._session.nodes)

    @property
    def default_window(self) -> int:
        """Enough for every processor to have its next task waiting."""
        return max(MIN_WINDOW, WINDOW_PER_CPU * self._session.cpus)

    def warm_up(self, modules: Sequence[str]) -> None:
        """See `RunnerBackend.warm_up`."""
        task = self._task(_import_all, {"num_cpus": 1}, max_retries=0)
        paths = _extra_paths(tuple(sys.path))
        self._warming = [task.remote(tuple(modules), paths) for _ in range(self._session.cpus)]

    def list_jobs(
        self,
        limit: int | None = None,
        status_filter: JobStatus | Sequence[JobStatus] | None = None,
        submitted_before_ts: float | None = None,
    ) -> list[RaySimpleJob[CapabilityRunRef]]:
        """See `sweeper.jobs.list_jobs`."""
        return listed(self._jobs.values(), limit, status_filter, submitted_before_ts)

    def get_job(self, job_id: str) -> RaySimpleJob[CapabilityRunRef]:
        """See `sweeper.jobs.get_job`."""
        if job_id not in self._jobs:
            raise KeyError(f"No job {job_id!r} in this backend; it knows {len(self._jobs)} jobs, see list_jobs().")
        return self._jobs[job_id]

    def shutdown(self, wait: bool = True) -> None:
        """Wait for the remembered jobs and shut the process's Ray down, whoever started it; `wait=False` does neither.

        Handles keep their last state. Use `close` to end only a Ray that this backend started.
        """
        if not wait:
            return
        for job in self._jobs.values():
            job.wait()
        self._parcels.clear()
        if ray.is_initialized():
            ray.shutdown()

    def close(self) -> None:
        """Shut Ray down if this backend started it; waits for nothing."""
        self._warming.clear()
        self._parcels.clear()
        self._session.close()

    def _submit(
        self,
        request: RunRequest,
        resources: Mapping[str, float],
        name: str,
        predictions: RayInference | None,
        report_start: bool,
        max_retries: int,
    ) -> RaySimpleJob[CapabilityRunRef]:
        job_id = request.attempt.attempt_id if request.attempt else uuid4().hex
        ticket = Ticket(job_id, datetime.now(UTC), "ray-simple", _extra_paths(tuple(sys.path)))
        arguments = [_message(self._packed(request), ticket)]
        if predictions is not None or report_start:
            board = self._session.board() if report_start else None
            arguments += [None if predictions is None else predictions.payload, board]
        ref = self._task(_execute, resources, max_retries).remote(*arguments)
        log = log_path(request)
        return RaySimpleJob(ref, job_id, name, ticket.submitted_at, self._session, log=log, reports_start=report_start)

    def _task(self, function: Any, resources: Mapping[str, float], max_retries: int, num_returns: int = 1) -> Any:
        """The remote function for a shape of resources, built once."""
        key = (function, max_retries, *sorted(resources.items()))
        task = self._tasks.get(key)
        if task is None:
            # Ray would end a GPU worker after each task, and its loaded models with it. Kept workers are right where
            # a node has one GPU; where it has several, a worker may be given another than its process began with.
            recycled = bool(resources.get("num_gpus")) and not self._session.keeps_gpu_workers
            base = ray.remote(max_calls=1 if recycled else retire.MAX_CALLS, num_returns=num_returns)(function)
            task = self._tasks[key] = base.options(max_retries=max_retries, **resource_shapes.options(resources))
        return task

    def _packed(self, request: RunRequest) -> RunRequest:
        parts = (request.capability, *request.datasets, *request.models, *request.metrics)
        if all(isinstance(part, LazySpec) for part in parts):
            return request
        return replace(
            request,
            capability=self._sealed(request.capability),
            datasets=tuple(map(self._sealed, request.datasets)),
            models=tuple(map(self._sealed, request.models)),
            metrics=tuple(map(self._sealed, request.metrics)),
            config=request.config if request.config is None else _pack(request.config),
            extra={name: _pack(value) for name, value in request.extra.items()},
        )

    def _sealed(self, part: Any) -> Any:
        return part if isinstance(part, LazySpec) else self._parcels.of(part)

    @staticmethod
    def _settle(jobs: list[RaySimpleJob[Any]]) -> None:
        """Fetch the receipts of ended tasks together, and one by one where one of them is an error."""
        try:
            for job, value in zip(jobs, ray.get([job.ref for job in jobs]), strict=True):
                job.settle(value)
        except RayError:
            for job in jobs:
                job.wait()

    def _warn_if_it_cannot_run(self, resources: Mapping[str, float]) -> None:
        problem = unschedulable(resources, self._session.largest)
        if problem is not None:
            warnings.warn(f"This job may wait for ever: {problem}.", RuntimeWarning, stacklevel=4)


def _checked_retries(max_retries: Any) -> int:
    if isinstance(max_retries, bool) or not isinstance(max_retries, int) or max_retries < -1:
        raise ValueError(f"max_retries is {max_retries!r}; it must be a whole number from 0, or -1 for no limit.")
    return max_retries


def _extra_paths(search_path: tuple[str, ...]) -> tuple[str, ...]:
    """Where this process imports from, Python's own folders apart; its working folder need not be that of a worker."""
    return _own_paths(search_path, os.getcwd())


@cache
def _own_paths(search_path: tuple[str, ...], here: str) -> tuple[str, ...]:
    libraries = {*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), *site.getsitepackages()}
    own, script = [os.path.realpath(path) for path in libraries], os.path.dirname(os.path.realpath(sys.argv[0] or "."))
    found = dict.fromkeys(Path(os.path.realpath(path or here)) for path in search_path)
    given = [path for path in found if not any(path.is_relative_to(library) for library in own)]
    return tuple(str(path) for path in given if str(path) != script)


def _root(error: BaseException) -> BaseException:
    """What a worker raised, out of the wrappers that Ray puts around it and around the failure of a dependency."""
    while isinstance(error, RayTaskError) and isinstance(error.cause, BaseException) and error.cause is not error:
        error = error.cause
    return error
