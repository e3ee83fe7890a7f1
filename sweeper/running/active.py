"""One submission that is in flight, and what is to be said of it once it has ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sweeper.common import clock
from sweeper.common.log_file import LogFile
from sweeper.errors import VersionError
from sweeper.jobs.protocol import InferenceJob, Job, JobStatus
from sweeper.messages import bounds
from sweeper.messages.causes import same_error
from sweeper.messages.failures import ErrorInfo, NotBegunError
from sweeper.messages.outcome import Failure, Status
from sweeper.messages.requests import log_path
from sweeper.planning.combinations import Planned
from sweeper.planning.limits import Limits
from sweeper.running.queue import QueuedAttempt
from sweeper.store import AttemptRow

if TYPE_CHECKING:
    from sweeper.messages.requests import RunRequest


UNTOLD_S = 60.0
"""So long after its time a run whose process has ended is still expected to be told of as lost."""


@dataclass(eq=False)
class ActiveAttempt:
    """One submission that has not come to its end."""

    attempt: QueuedAttempt
    request: RunRequest
    limits: Limits
    job: Job[Any]
    predictions: InferenceJob | None
    """The inference pass that it waits for and reads."""
    submitted_at: datetime
    timed_out: bool = False

    @property
    def item(self) -> Planned:
        return self.attempt.item

    @property
    def started_at(self) -> datetime | None:
        """When it began, or while it waits for its inference, when that did."""
        if self.job.started_at is not None or self.predictions is None:
            return self.job.started_at
        return self.predictions.started_at

    @property
    def is_under_way(self) -> bool:
        """Whether it has started, or its inference has not ended; between the two it may wait for a place."""
        if self.job.started_at is not None or self.predictions is None:
            return self.job.started_at is not None
        return not self.predictions.status.is_terminal

    def is_overdue(self, now: datetime) -> bool:
        """Whether it has run for too long and must be killed.

        One whose process has died by itself is not: that is told late where the machine is busy, and then it is lost.
        """
        allowed, started = self.limits.timeout_s, self.started_at
        if allowed is None or self.timed_out or started is None or not self.is_under_way:
            return False
        over = (now - started).total_seconds() - allowed
        runs: Job[Any] = self.job if self.job.started_at is not None else self.predictions or self.job
        return over > (UNTOLD_S if runs.process_has_ended else 0)

    def take_back(self) -> None:
        """Ask for its end if it waits for a place; what runs goes on, and so does who waits for an inference that runs.

        Whoever waits for an inference ends with it: where that is taken back, or where it runs and fails.
        """
        if self.predictions is None or self.predictions.status.is_terminal:
            self.job.cancel()
        else:
            self.predictions.cancel()

    def kill(self, *, with_inference: bool = True) -> None:
        """Ask for its end, and kill its inference where that still runs: whoever waits for it goes too."""
        self.job.cancel(force=True)
        if self.predictions is not None and with_inference:
            self.predictions.cancel(force=True)

    @property
    def did_not_begin(self) -> bool:
        """Whether it was to share the task of others, and that ended before its turn came."""
        return isinstance(self.job.exception(), NotBegunError)

    def status(self, is_lost: Callable[[Job[Any]], bool]) -> Status:
        """How it ended; `is_lost` says of a failed job whether its code had no say."""
        ended = self.job.status
        if self.did_not_begin:
            return Status.CANCELLED
        if ended is JobStatus.COMPLETED:
            return Status.COMPLETED
        if self.timed_out:
            return Status.TIMEOUT
        if ended is JobStatus.CANCELLED:
            return Status.CANCELLED
        return Status.LOST if is_lost(self.job) else Status.FAILED

    def reason(self, status: Status, stopped_by: str | None) -> ErrorInfo:
        """What ended it, in words."""
        if status is Status.TIMEOUT:
            what = "ran" if self.job.started_at is not None else "its inference ran"
            return ErrorInfo("Timeout", f"{what} longer than timeout_s={self.limits.timeout_s:g} and was killed", "")
        if status is Status.CANCELLED:
            return ErrorInfo("Cancelled", f"cancelled: {stopped_by}", "")
        return self.job.error_info()

    def failure(self, status: Status, info: ErrorInfo) -> Failure:
        """What is shown of it."""
        combination = self.item.combination
        return Failure(
            self.item.fingerprint,
            combination.label(),
            status.value,
            info.kind,
            info.message,
            info.trace,
            self._log(info),
            self.job.raised_as(),
            combination.names,
            same_error(info.kind, info.message, combination.names),
        )

    def driver_row(self, status: Status, info: ErrorInfo) -> AttemptRow | None:
        """The attempt that no worker could write; workers write those that completed or failed in them."""
        attempt = self.request.attempt
        by_driver = status in (Status.TIMEOUT, Status.CANCELLED, Status.LOST)
        by_driver = by_driver or (status is Status.FAILED and (info.is_unwritten or self._failed_elsewhere()))
        if attempt is None or not by_driver:
            return None
        return AttemptRow.of(
            attempt,
            status=status.value,
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            finished_at=clock.after(self.submitted_at),
            error_type=info.kind,
            error_message=info.message,
            traceback=info.trace,
            log_uri=self._log(info),
        )

    def _failed_elsewhere(self) -> bool:
        """Whether it failed before its own code began: its inference did, or its worker refused it."""
        inference_failed = self.predictions is not None and self.predictions.failed
        return inference_failed or isinstance(self.job.exception(), VersionError)

    def _log(self, info: ErrorInfo) -> str | None:
        """Its log, or that of its inference; where no worker wrote one, one with the traceback."""
        path = log_path(self.request)
        found = self.job.log or (self.predictions.log if self.predictions is not None else None)
        if found is not None or path is None or not info.trace:
            return found
        if not os.path.exists(path):
            allowed = bounds.current()
            with suppress(OSError), closing(LogFile(path, allowed.log_bytes, allowed.secrets)) as log:
                log.write(info.trace)
        return path if os.path.exists(path) else None
