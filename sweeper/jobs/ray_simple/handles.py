"""Handles of Ray tasks."""

from __future__ import annotations

import pickle
import time
from datetime import UTC, datetime
from typing import Any, TypeVar

import ray
from ray.exceptions import (
    RayError,
    RayTaskError,
    TaskCancelledError,
    WorkerCrashedError,
)

from sweeper.common.processes import has_ended
from sweeper.jobs.job import BaseJob, Ended
from sweeper.jobs.protocol import JobStatus
from sweeper.jobs.ray_simple.session import Session
from sweeper.jobs.ray_simple.starts import Start
from sweeper.messages.receipts import InferenceReceipt
from sweeper.worker.inferred import Inference

T = TypeVar("T")
LOOK_S = 2.0
"""Who waits for a task looks so often whether Ray is still there."""


class RaySimpleJob(BaseJob[T]):
    """Handle of one Ray task, as `sweeper.jobs.Job` describes it.

    Parameters
    ----------
    ref
        The task's return value; its receipt where there are two.
    predictions
        The inference that it waits for; where that is cancelled, this is too.
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
        predictions: RaySimpleJob[Any] | None = None,
    ) -> None:
        super().__init__(job_id, job_name, created_at, log)
        self.ref = ref
        self._session, self._reports_start = session, reports_start
        self._predictions = predictions
        self._cancelling = False
        self._start: Start | None = None
        if reports_start:
            session.starts.expect(job_id)

    @property
    def started_at(self) -> datetime | None:
        """See `Job.started_at`."""
        start = self._reported()
        return None if start is None else start.at

    @property
    def process_has_ended(self) -> bool:
        """See `Job.process_has_ended`."""
        start = self._reported()
        return start is not None and has_ended(start.place)

    def _reported(self) -> Start | None:
        if self._start is None and self._reports_start and self._end is None:
            self._start = self._session.starts.of(self.job_id)
        return self._start

    def cancel(self, *, force: bool = False) -> bool:
        """See `Job.cancel`. The status says CANCELLED once the task has ended that way, which may take a while."""
        if self._end is None:
            self._poll()
        if self._end is not None:
            return False
        self._cancelling = True
        ray.cancel(self.ref, force=force)
        return True

    def settle(self, value: object = None, error: BaseException | None = None) -> None:
        """Set the end, once, from what Ray gave or raised for this task."""
        if self._end is None:
            self._end = Ended(JobStatus.COMPLETED, value) if error is None else self._ended_by(error)
            if self._reports_start:
                self._start = self._session.starts.forget(self.job_id) or self._start
            self._predictions = None  # they are kept as long as there is a handle

    def _value(self, end: Ended) -> T:
        value: Any = super()._value(end)
        return pickle.loads(value) if isinstance(value, bytes) else value

    def _ended_by(self, error: BaseException) -> Ended:
        root = _root(error)
        if self._is_cancelled and isinstance(root, TaskCancelledError | WorkerCrashedError):
            return Ended(JobStatus.CANCELLED)
        return Ended.failed(root)

    @property
    def _is_cancelled(self) -> bool:
        """Whether its end, or that of what it waits for, was asked for here. Others can interrupt a worker too."""
        return self._cancelling or (self._predictions is not None and self._predictions.status is JobStatus.CANCELLED)

    def _poll(self) -> None:
        self._await(0)

    def _await(self, timeout: float | None) -> None:
        until = float("inf") if timeout is None else time.monotonic() + timeout
        self._look(min(until - time.monotonic(), LOOK_S))
        while self._end is None and (left := until - time.monotonic()) > 0:
            self._look(min(left, LOOK_S))

    def _look(self, timeout: float) -> None:
        """Wait for the end for a while; where Ray was left, or is gone, there will be none but what is known now."""
        if not self._session.is_connected():
            self.settle(error=self._session.without_end())
            return
        gone = self._session.gone is not None
        try:
            if ray.wait([self.ref], timeout=0 if gone else max(0, timeout))[0]:
                self.settle(ray.get(self.ref))
            elif gone:
                self.settle(error=self._session.without_end())
        except RayError as error:
            self.settle(error=error)


class RayInferenceJob(RaySimpleJob[Inference]):
    """Handle of an inference pass; the driver fetches its receipt only, the predictions where `result` is asked."""

    def __init__(
        self,
        receipt: ray.ObjectRef[object],
        payload: ray.ObjectRef[Inference],
        job_id: str,
        session: Session,
        *,
        log: str | None,
        reports_start: bool,
    ) -> None:
        super().__init__(receipt, job_id, "predict", datetime.now(UTC), session, log=log, reports_start=reports_start)
        self.payload = payload

    @property
    def nbytes(self) -> int:
        """See `InferenceJob.nbytes`."""
        if self._end is None:
            self._poll()
        return self._receipt.nbytes

    @property
    def note(self) -> str:
        """See `InferenceJob.note`."""
        return self._receipt.note

    @property
    def _receipt(self) -> InferenceReceipt:
        value = self._end.value if self._end is not None else None
        return value if isinstance(value, InferenceReceipt) else InferenceReceipt(0)

    def result(self, timeout: float | None = None) -> Inference:
        """See `Job.result`."""
        super().result(timeout)
        return ray.get(self.payload)


def _root(error: BaseException) -> BaseException:
    """What a worker raised, out of the wrappers that Ray puts around it and around the failure of a dependency."""
    while isinstance(error, RayTaskError) and isinstance(error.cause, BaseException) and error.cause is not error:
        error = error.cause
    return error
