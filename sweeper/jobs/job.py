"""What the handles of all backends have in common: one outcome, set once, and how it is asked for."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sweeper.common.html_text import table
from sweeper.errors import JobCancelledError, JobFailedError, JobTimeoutError
from sweeper.jobs.protocol import JobStatus
from sweeper.messages.failures import ErrorInfo, WorkerFailure, raised_as
from sweeper.messages.outcome import brief

T = TypeVar("T")
J = TypeVar("J", bound="BaseJob[Any]")
NO_ERROR = ErrorInfo("", "", "")
_ends = threading.Lock()
"""Held while an end is set, which several threads may want to do."""


class Ended(NamedTuple):
    """How a job ended."""

    status: JobStatus
    value: Any = None
    error: BaseException | None = None
    info: ErrorInfo = NO_ERROR
    chain: tuple[str, ...] = ()
    stored: bool | None = None
    """Whether its run has written results; `None` where that is not known."""

    @classmethod
    def completed(cls, value: object) -> Ended:
        """The end of a job that returned a value."""
        return cls(JobStatus.COMPLETED, value, stored=True)

    @classmethod
    def cancelled(cls, stored: bool | None = None) -> Ended:
        """The end of a job that was cancelled."""
        return cls(JobStatus.CANCELLED, stored=stored)

    @classmethod
    def failed(cls, error: BaseException, stored: bool | None = None) -> Ended:
        """The end of a job whose run raised; an error that a worker packed is unpacked."""
        if isinstance(error, WorkerFailure):
            info, chain = error.info, error.chain
            return cls(JobStatus.FAILED, error=error.original(), info=info, chain=chain, stored=error.stored)
        return cls(JobStatus.FAILED, error=error, info=ErrorInfo.of(error), chain=raised_as(error), stored=stored)


class BaseJob(ABC, Generic[T]):
    """A handle; backends say how to look (`_poll`) and how to wait (`_await`)."""

    def __init__(self, job_id: str, job_name: str, created_at: datetime | None = None, log: str | None = None) -> None:
        self.job_id = job_id
        self.job_name = job_name
        self.created_at = created_at or datetime.now(UTC)
        self._log = log
        self._end: Ended | None = None
        self._outcome: Ended | None = None
        """What became of its run; of a job that was cancelled, that may be known only after its end."""
        self._seen = False

    def __repr__(self) -> str:
        state = self._end.status.value if self._end else "not ended"
        return f"<{type(self).__name__} {self.job_id} {self.job_name!r}: {state}>"

    def _repr_html_(self) -> str:
        end = self._end
        cells = [("name", self.job_name), ("state", end.status.value if end else "not ended")]
        cells += [("made", f"{self.created_at:%Y-%m-%d %H:%M:%S %Z}")]
        cells += [("why", brief(f"{end.info.kind}: {end.info.message}"))] if end and end.info else []
        cells += [("log", self.log)] if self.log else []
        return table(f"Job {self.job_id}", ("", ""), cells)

    @abstractmethod
    def _poll(self) -> None:
        """Call `_settle` if the run has ended; never waits."""

    @abstractmethod
    def _await(self, timeout: float | None) -> None:
        """Wait for the end of the run and call `_settle`, or return after `timeout` seconds."""

    def _settle(self, outcome: Ended) -> None:
        """Set what became of the run. It is the end of the job, unless that was cancelled before."""
        with _ends:
            self._outcome = self._outcome or outcome
            self._end = self._end or outcome

    def _settle_as_cancelled(self) -> bool:
        """Set the end of the job, whatever becomes of its run; whether it had none."""
        with _ends:
            first = self._end is None
            self._end = self._end or Ended.cancelled()
        return first

    @abstractmethod
    def cancel(self, *, force: bool = False) -> bool:
        """See `Job.cancel`."""

    @property
    def started_at(self) -> datetime | None:
        """See `Job.started_at`."""
        return None

    @property
    def process_has_ended(self) -> bool:
        """See `Job.process_has_ended`."""
        return False

    @property
    def log(self) -> str | None:
        """See `Job.log`."""
        return self._log if self._log and os.path.exists(self._log) else None

    @property
    def status(self) -> JobStatus:
        """See `Job.status`."""
        if self._end is None:
            self._poll()
        return self.observed()

    def observed(self) -> JobStatus:
        """The status by what is known already; the first look at an unfinished job finds it PENDING."""
        if self._end is not None:
            return self._end.status
        first, self._seen = not self._seen, True
        return JobStatus.PENDING if first else JobStatus.RUNNING

    @property
    def ended(self) -> bool:
        """Whether the job is known to have come to its end."""
        return self._end is not None

    @property
    def failed(self) -> bool:
        """Whether the job has ended without a result."""
        if self._end is None:
            self._poll()
        return self._end is not None and self._end.status is not JobStatus.COMPLETED

    @property
    def stored(self) -> bool | None:
        """See `Job.stored`."""
        if self._outcome is None:
            self._poll()
        return None if self._outcome is None else self._outcome.stored

    def wait(self, timeout: float | None = None) -> JobStatus:
        """See `Job.wait`."""
        if self._end is None:
            self._await(timeout)
            if timeout is None or timeout > 0:
                self._seen = True  # it was looked at when the wait began, and this is a later look
        return self.observed()

    def result(self, timeout: float | None = None) -> T:
        """See `Job.result`."""
        if self._end is None:
            self._await(timeout)
            self._seen = True
        if self._end is None:
            raise JobTimeoutError(self.job_id, timeout or 0.0)
        return self._value(self._end)

    def _value(self, end: Ended) -> T:
        if end.status is JobStatus.CANCELLED:
            raise JobCancelledError(self.job_id)
        if end.status is JobStatus.FAILED:
            raise JobFailedError(self.job_id, f"{end.info.kind}: {end.info.message}") from end.error
        return end.value

    def exception(self) -> BaseException | None:
        """See `Job.exception`."""
        if self._end is None:
            self._poll()
        return self._end.error if self._end and self._end.status is JobStatus.FAILED else None

    def error_info(self) -> ErrorInfo:
        """See `Job.error_info`."""
        if self._end is None:
            self._poll()
        return self._end.info if self._end else NO_ERROR

    def raised_as(self) -> tuple[str, ...]:
        """See `Job.raised_as`."""
        return self._end.chain if self._end else ()


def filter_jobs(
    jobs: Collection[J],
    limit: int | None,
    status_filter: JobStatus | Sequence[JobStatus] | None,
    submitted_before_ts: float | None,
    look: Callable[[J], JobStatus] = lambda job: job.status,
) -> list[J]:
    """Jobs newest first through the three filters of `list_jobs`.

    Raises
    ------
    TypeError
        A filter is of the wrong type; the message says what it may be.
    """
    wanted = _statuses(status_filter)
    _check_number("limit", limit, int)
    _check_number("submitted_before_ts", submitted_before_ts, (int, float))
    chosen = [
        job
        for job in reversed(list(jobs))
        if submitted_before_ts is None or job.created_at.timestamp() < submitted_before_ts
    ]
    chosen.sort(key=lambda job: job.created_at, reverse=True)
    if wanted is not None:
        chosen = [job for job in chosen if look(job) in wanted]
    return chosen if limit is None else chosen[: max(0, limit)]


def unknown_job(job_id: object, known: int) -> KeyError:
    """What `get_job` raises for an id that it does not know."""
    return KeyError(f"No job with ID {job_id!r} in this backend; it knows {known} jobs, see list_jobs().")


def _statuses(status_filter: object) -> set[JobStatus] | None:
    if status_filter is None:
        return None
    if isinstance(status_filter, JobStatus):
        return {status_filter}
    if isinstance(status_filter, Collection) and not isinstance(status_filter, str):
        statuses = list(status_filter)
        if all(isinstance(status, JobStatus) for status in statuses):
            return set(statuses)
    raise TypeError(
        f"status_filter must be a JobStatus or a sequence of JobStatus values, for example JobStatus.COMPLETED; "
        f"got {status_filter!r}."
    )


def _check_number(name: str, value: object, kinds: type | tuple[type, ...]) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
        allowed = "a whole number" if kinds is int else "a Unix timestamp in seconds"
        raise TypeError(f"{name} is {value!r}; it must be {allowed}, or None for no limit.")
