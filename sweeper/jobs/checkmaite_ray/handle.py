"""The driver's handle on one job of checkmaite. It never waits: a thread of the backend looks, and it remembers."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from sweeper.jobs.checkmaite_ray.carrier import failure_in
from sweeper.jobs.checkmaite_ray.client import Remote
from sweeper.jobs.job import BaseJob, Ended
from sweeper.jobs.protocol import JobStatus
from sweeper.messages.receipts import CapabilityRunRef

LOOK_S = 30.0
"""How long a registry that says that a job has completed may take to say with what."""
STEP_S = 0.05
QUEUED = (JobStatus.PENDING, JobStatus.SCHEDULING)
ABANDONED_S = 30.0
"""A submission of a driver that died in the midst of it is given up after so long, where nothing has come of it."""


class LostJobError(RuntimeError):
    """A job ended without its code having a say."""


class CheckmaiteJob(BaseJob[CapabilityRunRef]):
    """Handle of one run. `submitted` and `look` are called by threads of the backend, everything else by its user."""

    def __init__(
        self, job_id: str, job_name: str, created_at: datetime, *, log: str | None = None, reports_start: bool = False
    ) -> None:
        super().__init__(job_id, job_name, created_at, log)
        self.remote: Remote | None = None
        """checkmaite's own handle, once it is submitted."""
        self._reports_start = reports_start
        self._found_at: float | None = None
        """When a job of an earlier driver was found in its place; `None` for one of this driver's own."""
        self.lost_before: tuple[str, str] | None = None
        """The id of such a job, and why it was lost after it was found; `None` for one that never began."""
        self._abandoned = False
        self._start: datetime | None = None
        self._cancelling = self._by_force = False

    @property
    def started_at(self) -> datetime | None:
        """When its worker began, by the clock of the registry's machine, but not after it was seen to run."""
        return self._start

    def cancel(self, *, force: bool = False) -> bool:
        """Ask for the end of the job at the next look: without force only while it waits for its place."""
        if self._end is not None:
            return False
        self._cancelling, self._by_force = True, self._by_force or force
        return True

    def lose(self, why: str) -> None:
        """End it as lost."""
        self._settle(Ended.failed(LostJobError(why)))

    def submitted(self, remote: Remote, *, found: bool = False) -> None:
        """checkmaite has taken it, or has `found` that it knows it since before."""
        self.remote, self._abandoned = remote, False
        self._found_at = time.monotonic() if found else None

    def taken_back(self) -> bool:
        """End it if it is to be cancelled, before it is submitted; whether it was."""
        if self._cancelling:
            self._settle(Ended.cancelled(stored=False))
        return self._cancelling

    def look(self) -> bool:
        """Ask checkmaite how it is, and pass on a cancellation.

        Returns
        -------
        bool
            Whether it must be submitted anew: one of an earlier driver was lost, which counts as no attempt of this.
        """
        if (remote := self.remote) is None or self._end is not None:
            return False
        status = JobStatus(remote.status.value)
        if status.is_terminal:
            return self._takes_end(self._ended(remote, status))
        if status is JobStatus.RUNNING and self._reports_start and self._start is None:
            self._start = _started(remote)
        abandoned = self._is_abandoned(status)
        self._abandoned = self._abandoned or abandoned
        if abandoned or (self._cancelling and (self._by_force or status in QUEUED)):
            remote.cancel()
        return False

    def _takes_end(self, end: Ended | None) -> bool:
        if end is None:
            return False
        again = self._found_at is not None and isinstance(end.error, LostJobError)
        if again:
            self.lost_before = None if self._abandoned or self.remote is None else (self.remote.job_id, str(end.error))
            self.remote = self._found_at = None
        else:
            self._settle(end)
        return again

    def _is_abandoned(self, status: JobStatus) -> bool:
        waited = time.monotonic() - self._found_at if self._found_at is not None else 0.0
        return status is JobStatus.PENDING and waited > ABANDONED_S

    def _ended(self, remote: Remote, status: JobStatus) -> Ended | None:
        """Its end; `None` where checkmaite cannot be asked right now."""
        if status is JobStatus.COMPLETED:
            reference = remote.result(LOOK_S)
            return Ended.completed(CapabilityRunRef(reference.run_uid, reference.capability_id, None))
        if status is JobStatus.CANCELLED:
            if self._cancelling:
                return Ended.cancelled()
            return Ended.failed(LostJobError("somebody else cancelled it through checkmaite"))
        if (error := remote.exception()) is None:
            return None
        return Ended.failed(failure_in(str(error)) or LostJobError(_last_line(str(error))))

    def _poll(self) -> None:
        """Nothing: looks are made by a thread, because one may take as long as checkmaite's time limits."""

    def _await(self, timeout: float | None) -> None:
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        while self._end is None and time.monotonic() < until:
            time.sleep(STEP_S)


def _started(remote: Remote) -> datetime:
    now = datetime.now(UTC)
    reported = remote.scheduling_info.get("worker_started_at")
    return min(reported, now) if reported is not None else now


def _last_line(text: str) -> str:
    """The last line of what Ray says of a failed task, which names the error."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "checkmaite does not say why it failed"
