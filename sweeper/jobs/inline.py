"""The same contract in the driver's own process: for a debugger and for fast tests.

A job runs when somebody waits for it, or looks at it a second time, in the thread that does so; breakpoints and printed
output are left alone. Whoever waits stays until the run is over, so timeouts above zero and `timeout_s` do not hold.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from sweeper.common import clock
from sweeper.common.processors import usable_processors
from sweeper.isolation.process_state import preserve_generators
from sweeper.jobs import submission
from sweeper.jobs.job import BaseJob, Ended, filter_jobs, unknown_job
from sweeper.jobs.locations import artifact_location, store_location
from sweeper.jobs.protocol import Job, JobStatus
from sweeper.messages.doing import Activity
from sweeper.messages.receipts import CapabilityRunRef
from sweeper.messages.requests import InferenceRequest, JobInfo, OutcomesRequest, PredictionCacheEntry, RunRequest
from sweeper.worker import activity
from sweeper.worker.execute import execute
from sweeper.worker.inference import infer
from sweeper.worker.inferred import Inference
from sweeper.worker.interrupts import Interrupted, Run, distinguish_interrupts

T = TypeVar("T")
_calls = threading.Lock()
"""Held while a call is taken, which several threads may want to make."""


class InlineJob(BaseJob[T]):
    """A call that has not been made yet, is being made, or its outcome."""

    def __init__(self, job_id: str, job_name: str, created_at: datetime, call: Callable[[], T]) -> None:
        super().__init__(job_id, job_name, created_at)
        self._call: Callable[[], T] | None = call
        self._started_at: datetime | None = None
        self._run: Run | None = None
        self._thread = 0
        """The thread that makes the call."""
        self._has_run = threading.Event()

    @property
    def started_at(self) -> datetime | None:
        """When it began to run."""
        return self._started_at

    @property
    def status(self) -> JobStatus:
        """PENDING at the first look; the second runs it, so that a loop over `status` comes to an end."""
        if self._end is None and self._seen:
            self._make_call()
        return self.observed()

    def cancel(self, *, force: bool = False) -> bool:
        """Take it back if it has not begun, and interrupt it if it runs.

        A run in another thread than the main one, and C code, cannot be interrupted: such a run goes on by itself.
        """
        if not self._settle_as_cancelled():
            return False
        if self._take_call() is not None:
            self._settle(Ended.cancelled(stored=False))
        elif self._run is not None:
            self._run.interrupt()
        return True

    def _poll(self) -> None:
        pass

    def _await(self, timeout: float | None) -> None:
        if timeout is None or timeout > 0:
            self._make_call()
            if self._end is None and self._thread != threading.get_ident():  # another thread is at it
                self._has_run.wait(timeout)

    def _take_call(self) -> Callable[[], T] | None:
        """What is to be called, once: whoever gets it makes the call, or sees to it that nobody does."""
        with _calls:
            call, self._call = self._call, None
        return call

    def _make_call(self) -> None:
        call = self._take_call()
        if call is None:
            return
        self._thread, self._started_at = threading.get_ident(), clock.now()
        try:
            self._settle(self._outcome_of(call))
        except Interrupted:
            self._settle(Ended.cancelled(stored=False))
            if self._run is None or not self._run.is_asked_to_end:
                raise
        finally:
            self._has_run.set()

    def _outcome_of(self, call: Callable[[], T]) -> Ended:
        with distinguish_interrupts() as run, preserve_generators():
            self._run = run
            try:
                if self._end is not None:  # it was cancelled just now
                    return Ended.cancelled(stored=False)
                return Ended.completed(call())
            except Interrupted:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever user code raises is the outcome of this job
                return Ended.failed(error, stored=None if run.writes else False)


class InlineInferenceJob(InlineJob[Inference]):
    """An inference pass in this process; what it predicts takes nothing of an object store."""

    nbytes = 0

    @property
    def note(self) -> str:
        """See `InferenceJob.note`."""
        return self._end.value.note if self._end is not None and self._end.value is not None else ""


class InlineJobBackend:
    """Runs jobs in this process, one at a time, when they are waited for.

    Parameters
    ----------
    analytics_store, artifact_store
        Where results and large reports go; as for `RaySimpleJobBackend`.
    """

    default_window = 1
    shares_predictions = True
    outlives_driver = False
    tells_starts = True
    gone = None
    notes: Sequence[str] = ()

    def __init__(self, analytics_store: object, *, artifact_store: object = None) -> None:
        self._store, self._artifacts = store_location(analytics_store), artifact_location(artifact_store)
        self._jobs: dict[str, InlineJob[CapabilityRunRef]] = {}

    def submit_capability(self, capability: object, **kwargs: object) -> InlineJob[CapabilityRunRef]:
        """See `sweeper.jobs.submit_capability`."""
        checked = submission.prepare(capability, self._store, self._artifacts, **kwargs)
        job = self.submit(
            checked.request, resources=checked.resources, name=checked.name, predictions=checked.predictions
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
    ) -> InlineJob[CapabilityRunRef]:
        """Take one request; it runs when it is waited for. Its output stays on this process's streams."""
        job_id = request.attempt.attempt_id if request.attempt else uuid4().hex
        job_info = JobInfo(job_id, clock.after(request.newest_seen), "inline")
        plain = replace(request, log_dir=None)

        def call() -> CapabilityRunRef:
            inference = None if predictions is None else _inferred(predictions)
            with activity.working_on(job_id):
                return execute(plain, job_info, inference)

        return InlineJob(job_id, name, job_info.submitted_at, call)

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
    ) -> InlineInferenceJob:
        """Take one inference pass; its first reader runs it. Its output stays on this process's streams."""
        request = InferenceRequest(model, dataset, capability, cache_entry, outcomes=outcomes, read_ahead=read_ahead)
        job_id = uuid4().hex

        def call() -> Inference:
            with activity.working_on(job_id):
                return infer(request)

        return InlineInferenceJob(job_id, "predict", datetime.now(UTC), call)

    def help(self, inference: object) -> None:
        """Never: one thing runs at a time."""

    def wait_any(self, jobs: Collection[Job[object]], timeout: float | None) -> list[Job[object]]:
        """Run the first that has not run, if none of these jobs has ended, and return those that have."""
        waiting = list(jobs)
        if waiting and not any(map(_has_ended, waiting)):
            with suppress(Interrupted):  # it ended what ran, and who waits here asks why by itself
                waiting[0].wait(timeout)
        return [job for job in waiting if _has_ended(job)]

    def is_lost(self, job: Job[object]) -> bool:
        """Never: what happens in this process happens to the driver too."""
        return False

    def lacked_predictions(self, job: Job[object]) -> bool:
        """Never: they are in this process."""
        return False

    def cluster_resources(self) -> Mapping[str, float]:
        """The processors of this machine; GPUs are not counted, and are there for the run if they are there at all."""
        return {"CPU": float(usable_processors()), "GPU": float("inf")}

    def activity(self) -> Activity:
        """What runs in this process."""
        now = activity.current()
        return Activity({} if now is None else {now.job_id: now.told()})

    def max_parallel(self, resources: Mapping[str, float]) -> int:
        """One at a time, whatever it asks for."""
        return 1

    def warm_up(self, modules: Sequence[str]) -> None:
        """Nothing to do: there is no other process."""

    def list_jobs(
        self,
        limit: int | None = None,
        status_filter: JobStatus | Sequence[JobStatus] | None = None,
        submitted_before_ts: float | None = None,
    ) -> list[InlineJob[CapabilityRunRef]]:
        """See `sweeper.jobs.list_jobs`. Listing runs nothing."""
        return filter_jobs(self._jobs.values(), limit, status_filter, submitted_before_ts, look=InlineJob.observed)

    def get_job(self, job_id: str) -> InlineJob[CapabilityRunRef]:
        """See `sweeper.jobs.get_job`."""
        if job_id not in self._jobs:
            raise unknown_job(job_id, len(self._jobs))
        return self._jobs[job_id]

    def shutdown(self, wait: bool = True) -> None:
        """Run what has not run; with `wait=False` do nothing."""
        for job in list(self._jobs.values()) if wait else ():
            job.wait()

    def close(self) -> None:
        """Nothing was opened."""


def _has_ended(job: Job[object]) -> bool:
    return isinstance(job, InlineJob) and job.ended


def _inferred(handle: object) -> Inference:
    """What an inference pass returned, for one reader; its own exception where it failed."""
    if not isinstance(handle, InlineInferenceJob):
        raise TypeError(f"predictions is a {type(handle).__name__}; it must be a handle of predict() of this backend.")
    handle.wait()
    if (error := handle.exception()) is not None:
        raise error
    return handle.result().own()
