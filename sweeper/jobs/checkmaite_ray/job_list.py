"""Which jobs a sweep has, kept in its store, so that the sweep that resumes it finds them."""

from __future__ import annotations

import time
from collections.abc import Mapping

from sweeper.common.small_json import Damaged
from sweeper.errors import StoreError
from sweeper.jobs.protocol import JobStatus
from sweeper.store import job_files
from sweeper.store.files import Files
from sweeper.store.job_files import KeptJob, SweepJobs

WRITE_EVERY_S = 1.0
REST = 20.0
"""At least so many times as long as the last write took, there is no other."""


class JobList:
    """Collects the jobs of one sweep and writes them now and then, all together.

    What a driver that dies has not written yet is not lost: the registry knows the jobs of the scope, and takes no
    second one for a combination whose job has not failed.
    """

    def __init__(self, files: Files, scope: str, session: str) -> None:
        self._files, self._scope, self._session = files, scope, session
        self._sweep_id = ""
        self._jobs: dict[str, KeptJob] = {}
        self._written = 0
        self._next = 0.0

    def begin(self, sweep_id: str) -> None:
        """Write down where the jobs of a sweep are known, before there is one.

        Raises
        ------
        OSError
            The store cannot be written.
        """
        if not self._sweep_id:
            self._sweep_id = sweep_id
            self._write()

    def add(self, job_id: str, job: KeptJob) -> None:
        """A job was submitted, or found again; called by any thread."""
        self._jobs[job_id] = job

    def write_now_and_then(self) -> None:
        """Write, if there is something new and the last time is long enough ago."""
        if self._sweep_id and len(self._jobs) > self._written and time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        """Write what is new. A store that takes nothing now is tried again later."""
        if not self._sweep_id or len(self._jobs) == self._written:
            return
        try:
            self._write()
        except Exception:  # noqa: BLE001 - each kind of store fails with errors of its own, and see above
            self._next = time.monotonic() + WRITE_EVERY_S

    def _write(self) -> None:
        began, jobs = time.monotonic(), dict(self._jobs)
        job_files.write(self._files, self._sweep_id, SweepJobs(self._scope, self._session, jobs))
        self._written = len(jobs)
        self._next = time.monotonic() + max(WRITE_EVERY_S, REST * (time.monotonic() - began))


def left_by(files: Files, sweep_id: str | None) -> SweepJobs | None:
    """The jobs of a sweep that is resumed; `None` where it had none.

    Raises
    ------
    StoreError
        Their file is damaged, so that what still runs would be submitted a second time.
    """
    left = job_files.read(files, sweep_id) if sweep_id is not None else None
    if isinstance(left, Damaged):
        raise StoreError(
            f"{files.uri}/{job_files.FOLDER}/{sweep_id}{job_files.ENDING} cannot be read: {left.reason}. So it is not "
            "known which jobs of that sweep still run. Once none does, move it aside with `sweeper check --repair` and "
            "resume the sweep again."
        )
    return left


def found_again(left: SweepJobs, session: str, statuses: Mapping[str, str]) -> str:
    """What to say of the jobs of a sweep that is resumed. Pure.

    Parameters
    ----------
    session
        Of the Ray that runs now.
    statuses
        By job id, what checkmaite's registry says of the jobs of the scope.
    """
    runs = sum(not JobStatus(status).is_terminal for status in statuses.values())
    gone = len(left.jobs.keys() - statuses.keys())
    said = [f"jobs that sweep left: {len(left.jobs.keys() | statuses.keys())}"]
    if runs:
        said.append(f"still running or waiting for a place: {runs}, which are awaited and not submitted again")
    if gone:
        why = "the cluster was started anew since" if session != left.session else "its registry has forgotten them"
        said.append(f"no longer known: {gone}, as {why}; what of those has not completed is lost, and runs again")
    return ". ".join(said)
