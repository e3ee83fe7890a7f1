"""Handles of Ray tasks."""

from __future__ import annotations

import pickle
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import ray
from ray.exceptions import (
    LocalRayletDiedError,
    RayError,
    RayTaskError,
    TaskCancelledError,
    WorkerCrashedError,
)

from sweeper.common.processes import has_ended
from sweeper.jobs.job import BaseJob, Ended
from sweeper.jobs.protocol import JobStatus
from sweeper.jobs.ray_simple.forced import ForcedEnds
from sweeper.jobs.ray_simple.session import Session
from sweeper.jobs.ray_simple.starts import Start
from sweeper.messages.failures import RunStoppedError
from sweeper.messages.receipts import InferenceReceipt
from sweeper.messages.requests import InferenceRequest
from sweeper.worker.inferred import Inference

T = TypeVar("T")
LOOK_S = 2.0
"""Who waits for a task looks so often whether Ray is still there."""
BY_CANCELLATION = (TaskCancelledError, WorkerCrashedError, RunStoppedError)
"""How a task ends that was cancelled: taken back, killed, interrupted."""


class RaySimpleJob(BaseJob[T]):
    """Handle of one Ray task, as `sweeper.jobs.Job` describes it.

    Parameters
    ----------
    ref
        The task's return value; its receipt where there are two.
    predictions
        The inference that it waits for; where that is cancelled, this is too.
    of_sweep
        Whether a sweep waits for it. Then a cancellation without force takes it back from a queue, what runs finishes,
        and the handle says what became of it. Else it is cancelled once that was asked for.
    """

    def __init__(
        self,
        ref: Any,
        job_id: str,
        job_name: str,
        created_at: datetime,
        session: Session,
        forced: ForcedEnds,
        *,
        log: str | None = None,
        reports_start: bool = False,
        predictions: RaySimpleJob[Any] | None = None,
        of_sweep: bool = False,
    ) -> None:
        super().__init__(job_id, job_name, created_at, log)
        self.ref = ref
        self._session, self._reports_start = session, reports_start
        self._forced, self._of_sweep = forced, of_sweep
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
        """See `Job.cancel`."""
        if self._outcome is None:
            self._poll()
        if self._outcome is not None or (self._end is not None and not force):
            return False
        self._cancelling = True
        if force:
            self._forced.make_sure(self.ref, self.job_id)
        ray.cancel(self.ref, force=force)
        if not (force or self._of_sweep):
            self._forced.after_grace(self.ref, self.job_id)
        return self._of_sweep or self._settle_as_cancelled() or force

    def settle(self, value: object = None, error: BaseException | None = None) -> None:
        """Set the end, once, from what Ray gave or raised for this task."""
        if self._outcome is None:
            self._settle(Ended.completed(value) if error is None else self._ended_by(error))
            if self._reports_start:
                self._start = self._session.starts.forget(self.job_id) or self._start
            self._predictions = None  # they are kept as long as there is a handle

    def _settle(self, outcome: Ended) -> None:
        super()._settle(outcome)
        if outcome.status is not JobStatus.COMPLETED:
            self._session.activities.lost(self.job_id)

    def _value(self, end: Ended) -> T:
        value: Any = super()._value(end)
        return pickle.loads(value) if isinstance(value, bytes) else value

    def _ended_by(self, error: BaseException) -> Ended:
        root = _root(error)
        if isinstance(root, LocalRayletDiedError):
            self._session.node_process_died()
        if self._is_cancelled and isinstance(root, BY_CANCELLATION):
            return Ended.cancelled(stored=False if self._wrote_nothing(error) else None)
        return Ended.failed(root)

    def _wrote_nothing(self, error: BaseException) -> bool:
        """Whether it is known of a cancelled task that it was interrupted in time, or taken back before it began.

        What a worker raised has a wrapper around it; without one, the error is Ray's own, of a task in a queue.
        """
        if isinstance(error, RayTaskError):
            return isinstance(_root(error), RunStoppedError)
        return isinstance(error, TaskCancelledError) and not self._forced.has_killed(self.job_id)

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
        forced: ForcedEnds,
        *,
        log: str | None,
        reports_start: bool,
        of_sweep: bool,
        help_with: tuple[InferenceRequest, Mapping[str, float]],
    ) -> None:
        super().__init__(
            receipt,
            job_id,
            "predict",
            datetime.now(UTC),
            session,
            forced,
            log=log,
            reports_start=reports_start,
            of_sweep=of_sweep,
        )
        self.payload = payload
        self.help_with = help_with
        """What was asked for, with which resources: what another worker needs to help."""

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


class RayHelpJob(RaySimpleJob[object]):
    """Handle of a worker that helps with an inference."""

    def __init__(
        self, ref: Any, job_id: str, session: Session, forced: ForcedEnds, board: Any, inference: RayInferenceJob
    ) -> None:
        super().__init__(ref, job_id, "help", datetime.now(UTC), session, forced, of_sweep=True)
        self._board, self._inference_id = board, inference.job_id

    @property
    def came_early(self) -> bool:
        """See `HelpJob.came_early`."""
        return self._end is not None and self._end.value is True

    def dismiss(self) -> None:
        """See `HelpJob.dismiss`. One that asks for batches ends by itself; one that hangs is killed after a while."""
        if not self._session.is_connected():
            return
        self._board.close.remote(self._inference_id)
        if not self.status.is_terminal:
            self.cancel()
            self._forced.after_grace(self.ref, self.job_id)

    def _settle(self, outcome: Ended) -> None:
        super()._settle(outcome)
        if outcome.status is not JobStatus.COMPLETED and self._session.is_connected():
            self._board.lost.remote(self._inference_id, self.job_id)


def _root(error: BaseException) -> BaseException:
    """What a worker raised, out of the wrappers that Ray puts around it and around the failure of a dependency."""
    while isinstance(error, RayTaskError) and isinstance(error.cause, BaseException) and error.cause is not error:
        error = error.cause
    return error
