"""The backend: submits each capability run and each inference as a Ray task; quick runs of a sweep share some."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import ray
from ray.exceptions import RayError

from sweeper._version import __version__
from sweeper.common import clock
from sweeper.common.capacity import max_parallel, unschedulable_reason
from sweeper.jobs import resources as resource_shapes
from sweeper.jobs import submission
from sweeper.jobs.import_paths import import_paths
from sweeper.jobs.job import filter_jobs, unknown_job
from sweeper.jobs.locations import artifact_location, store_location
from sweeper.jobs.protocol import Job, JobStatus
from sweeper.jobs.ray_simple import cluster
from sweeper.jobs.ray_simple.checked_numbers import checked_grace, checked_retries
from sweeper.jobs.ray_simple.forced import ForcedEnds, left_alone
from sweeper.jobs.ray_simple.handles import RayHelpJob, RayInferenceJob, RaySimpleJob
from sweeper.jobs.ray_simple.lost_runs import LACKED_PREDICTIONS, LOST
from sweeper.jobs.ray_simple.packing import IdentityCache, message, pack
from sweeper.jobs.ray_simple.session import Session
from sweeper.jobs.ray_simple.shared_tasks import SharedTasks
from sweeper.messages.doing import Activity
from sweeper.messages.receipts import CapabilityRunRef
from sweeper.messages.requests import (
    InferenceRequest,
    JobInfo,
    ObjectSpec,
    OutcomesRequest,
    PredictionCacheEntry,
    RunRequest,
    log_path,
)

MIN_WINDOW = 16
WINDOW_PER_CPU = 8
TaskKey = tuple[object, ...]
"""A function, how often Ray retries it, and the resources that it asks for."""


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
    start_timeout_s
        How long it may take until Ray is there; `None` for 60 s where it is started, 20 s where there is an address.
    upload_limit
        Megabytes of the own modules of this process that may be sent to nodes of a cluster which are other machines.
    artifact_store
        Where reports go that are too large for a receipt: `{"uri": ..., "storage_options": {...}}`, a URI or a path;
        `None` for a folder of the analytics store.
    cancel_grace_s
        How long a cancelled run may go on in C code, which no interrupt ends; then its worker is killed.

    Notes
    -----
    A live object is packed when it is submitted; one of more than 16 KiB is packed once and stays as it was then: after
    changing it in place, call `forget(it)`. A worker keeps datasets and models that it unpacked or built, see
    `sweeper.worker.object_cache`.
    """

    shares_predictions = True
    outlives_driver = False

    def __init__(
        self,
        analytics_store: object,
        address: str | None = None,
        runtime_env: Mapping[str, object] | None = None,
        max_retries: int = 0,
        force_reinit: bool = False,
        *,
        num_cpus: float | None = None,
        log_to_driver: bool = False,
        start_timeout_s: float | None = None,
        upload_limit: float = 100.0,
        artifact_store: object = None,
        cancel_grace_s: float = 5.0,
    ) -> None:
        self._store, self._artifacts = store_location(analytics_store), artifact_location(artifact_store)
        self._max_retries, grace = checked_retries(max_retries), checked_grace(cancel_grace_s)
        self._jobs: dict[str, RaySimpleJob[CapabilityRunRef]] = {}
        self._packed_objects = IdentityCache(pack, worth_it=lambda packed: packed.is_large)
        self._tasks: dict[TaskKey, Any] = {}
        self._shared_tasks = SharedTasks(self._store)
        self._warming: list[ray.ObjectRef[None]] = []
        own = cluster.OwnModules(import_paths(), upload_limit)
        with left_alone():
            self._session = Session(address, runtime_env, num_cpus, force_reinit, log_to_driver, start_timeout_s, own)
        self._forced = ForcedEnds(self._session, grace)
        try:
            others = self._session.others
            cluster.refuse_blind_nodes(others, analytics_store=self._store, artifact_store=self._artifacts)
        except BaseException:
            self.close()
            raise

    def submit_capability(self, capability: object, **kwargs: object) -> RaySimpleJob[CapabilityRunRef]:
        """See `sweeper.jobs.submit_capability`."""
        checked = submission.prepare(capability, self._store, self._artifacts, **kwargs)
        self._warn_if_it_cannot_run(checked.resources)
        job = self._submit(
            checked.request, checked.resources, checked.name, checked.predictions, False, self._max_retries
        )
        self._jobs[job.job_id] = job
        return job

    def submit(
        self,
        request: RunRequest,
        *,
        resources: Mapping[str, float],
        name: str,
        predictions: object = None,
        report_start: bool = False,
    ) -> RaySimpleJob[CapabilityRunRef]:
        """Submit one request of a sweep, which alone remembers the handle; Ray retries nothing."""
        return self._submit(request, resources, name, predictions, report_start, max_retries=0)

    def predict(
        self,
        *,
        model: object,
        dataset: object,
        capability: object,
        resources: Mapping[str, float],
        cache_entry: PredictionCacheEntry | None = None,
        report_start: bool = False,
        of_sweep: bool = False,
        log: str | None = None,
        shards: bool = False,
        outcomes: OutcomesRequest | None = None,
        read_ahead: int | None = None,
    ) -> RayInferenceJob:
        """Submit one inference pass; its result stays in Ray's object store until the handle is let go."""
        request = InferenceRequest(
            self._packed_part(model),
            self._packed_part(dataset),
            self._packed_part(capability),
            cache_entry,
            __version__,
            of_sweep,
            log,
            outcomes=outcomes,
            shard_board=self._session.shards.name if shards else None,
            read_ahead=read_ahead,
            processors=int(resources.get("num_cpus", 1)),
        )
        task = self._task("run_inference", resources, max_retries=0, num_returns=2)
        job_id, board = uuid4().hex, self._session.starts.board() if report_start else None
        receipt, payload = task.remote(request, import_paths(), job_id, board)
        return RayInferenceJob(
            receipt,
            payload,
            job_id,
            self._session,
            self._forced,
            log=log,
            reports_start=report_start,
            of_sweep=of_sweep,
            help_with=(request, resources),
        )

    def help(self, inference: object) -> RayHelpJob | None:
        """See `RunnerBackend.help`."""
        if not isinstance(inference, RayInferenceJob) or inference.help_with[0].shard_board is None:
            return None
        request, resources = inference.help_with
        board, job_id = self._session.shards.board(), uuid4().hex
        task = self._task("help_inference", resources, max_retries=0)
        ref = task.remote(request, import_paths(), inference.job_id, job_id)
        return RayHelpJob(ref, job_id, self._session, self._forced, board, inference)

    def forget(self, part: object) -> None:
        """Pack this live object anew at its next submission, because it was changed in place."""
        self._packed_objects.forget(part)

    def wait_any(self, jobs: Collection[Job[object]], timeout: float | None) -> list[Job[object]]:
        """See `RunnerBackend.wait_any`: blocks in one `ray.wait`, and fetches all receipts that are there at once."""
        own = [job for job in jobs if isinstance(job, RaySimpleJob)]
        if self._session.gone is not None:
            return [job for job in own if job.wait(0).is_terminal]
        if (ended := [job for job in own if job.ended]) or not own:
            return [*ended]
        self._shared_tasks.send(len(own))
        pending = {job.ref: job for job in own if job.ref is not None}
        refs = list(pending)
        if not ray.wait(refs, num_returns=1, timeout=timeout)[0]:
            self._shared_tasks.send(len(own), is_quiet=True)
            return []
        self._settle([pending[ref] for ref in ray.wait(refs, num_returns=len(refs), timeout=0)[0]])
        return [job for job in own if job.ended]

    @property
    def gone(self) -> str | None:
        """See `RunnerBackend.gone`."""
        return self._session.gone

    def is_lost(self, job: Job[object]) -> bool:
        """See `RunnerBackend.is_lost`."""
        return isinstance(job.exception(), LOST)

    def lacked_predictions(self, job: Job[object]) -> bool:
        """See `RunnerBackend.lacked_predictions`."""
        return isinstance(job.exception(), LACKED_PREDICTIONS)

    def cluster_resources(self) -> Mapping[str, float]:
        """See `RunnerBackend.cluster_resources`."""
        return self._session.largest

    @property
    def notes(self) -> Sequence[str]:
        """See `RunnerBackend.notes`."""
        return self._session.notes

    @property
    def tells_starts(self) -> bool:
        """See `RunnerBackend.tells_starts`."""
        return self._session.activities.is_there

    def activity(self) -> Activity | None:
        """See `RunnerBackend.activity`."""
        return self._session.activities.now()

    def max_parallel(self, resources: Mapping[str, float]) -> int:
        """See `RunnerBackend.max_parallel`."""
        return max_parallel(resources, self._session.nodes)

    @property
    def default_window(self) -> int:
        """Enough for every processor to have its next task waiting."""
        return max(MIN_WINDOW, WINDOW_PER_CPU * self._session.cpus)

    def warm_up(self, modules: Sequence[str]) -> None:
        """See `RunnerBackend.warm_up`."""
        task = self._task("import_modules", {"num_cpus": 1}, max_retries=0)
        paths = import_paths()
        self._warming = [task.remote(tuple(modules), paths) for _ in range(self._session.cpus)]

    def list_jobs(
        self,
        limit: int | None = None,
        status_filter: JobStatus | Sequence[JobStatus] | None = None,
        submitted_before_ts: float | None = None,
    ) -> list[RaySimpleJob[CapabilityRunRef]]:
        """See `sweeper.jobs.list_jobs`."""
        return filter_jobs(self._jobs.values(), limit, status_filter, submitted_before_ts)

    def get_job(self, job_id: str) -> RaySimpleJob[CapabilityRunRef]:
        """See `sweeper.jobs.get_job`."""
        if job_id not in self._jobs:
            raise unknown_job(job_id, len(self._jobs))
        return self._jobs[job_id]

    def shutdown(self, wait: bool = True) -> None:
        """Wait for the remembered jobs and shut the process's Ray down, whoever started it; `wait=False` does neither.

        Handles keep their last state. Use `close` to end only a Ray that this backend started.
        """
        if not wait:
            return
        for job in self._jobs.values():
            job.wait()
        self._packed_objects.clear()
        with left_alone():
            if ray.is_initialized():
                ray.shutdown()
            self._session.close()

    def close(self) -> None:
        """Shut Ray down if this backend started it; waits for nothing."""
        self._warming.clear()
        self._packed_objects.clear()
        with left_alone():
            self._session.close()

    def _submit(
        self,
        request: RunRequest,
        resources: Mapping[str, float],
        name: str,
        predictions: object,
        report_start: bool,
        max_retries: int,
    ) -> RaySimpleJob[CapabilityRunRef]:
        job_id = request.attempt.attempt_id if request.attempt else uuid4().hex
        submitted_at = clock.after(request.newest_seen)
        job_info = JobInfo(job_id, submitted_at, "ray-simple", import_paths())
        inference = None if predictions is None else _handle(predictions)
        packed, log = self._packed(request), log_path(request)
        arguments = [message(packed, job_info)]
        if request.attempt is not None and inference is None and not report_start and isinstance(arguments[0], bytes):
            task, places = self._task("run_capabilities", resources, 0), lambda: self.max_parallel(resources)
            about = (job_id, name, submitted_at, self._session, self._forced)
            return self._shared_tasks.add(task, places, packed, arguments[0], *about, log=log)
        if inference is not None or report_start:
            board = self._session.starts.board() if report_start else None
            arguments += [None if inference is None else inference.payload, board]
        ref = self._task("run_capability", resources, max_retries).remote(*arguments)
        return RaySimpleJob(
            ref,
            job_id,
            name,
            submitted_at,
            self._session,
            self._forced,
            log=log,
            reports_start=report_start,
            predictions=inference,
            of_sweep=request.attempt is not None,
        )

    def _task(self, function: str, resources: Mapping[str, float], max_retries: int, num_returns: int = 1) -> Any:
        """The remote function of this name in `worker.ray_tasks` for a shape of resources, built once."""
        key = (function, max_retries, *sorted(resources.items()))
        task = self._tasks.get(key)
        if task is None:
            from sweeper.worker import ray_tasks, replacement  # with numpy, and not before Ray starts

            # Ray would end a GPU worker after each task, and its loaded models with it. Kept workers are right where
            # a node has one GPU; where it has several, a worker may be given another than its process began with.
            recycled = bool(resources.get("num_gpus")) and not self._session.keeps_gpu_workers
            base = ray.remote(max_calls=1 if recycled else replacement.MAX_CALLS, num_returns=num_returns)(
                getattr(ray_tasks, function)
            )
            task = self._tasks[key] = base.options(max_retries=max_retries, **resource_shapes.options(resources))
        return task

    def _packed(self, request: RunRequest) -> RunRequest:
        parts = (request.capability, *request.datasets, *request.models, *request.metrics)
        if all(isinstance(part, ObjectSpec) for part in parts):
            return request
        return replace(
            request,
            capability=self._packed_part(request.capability),
            datasets=tuple(map(self._packed_part, request.datasets)),
            models=tuple(map(self._packed_part, request.models)),
            metrics=tuple(map(self._packed_part, request.metrics)),
            config=request.config if request.config is None else pack(request.config),
            extra={name: pack(value) for name, value in request.extra.items()},
        )

    def _packed_part(self, part: object) -> object:
        return part if isinstance(part, ObjectSpec) else self._packed_objects.of(part)

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
        problem = unschedulable_reason(resources, self._session.largest)
        if problem is not None:
            warnings.warn(f"This job may wait for ever: {problem}.", RuntimeWarning, stacklevel=4)


def _handle(predictions: object) -> RayInferenceJob:
    if not isinstance(predictions, RayInferenceJob):
        raise TypeError(
            f"predictions is a {type(predictions).__name__}; it must be a handle of predict() of this backend."
        )
    return predictions
