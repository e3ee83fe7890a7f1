"""Quick runs of a sweep share Ray tasks: a task costs Ray more than such a run takes.

While all places where it could run are taken, a run that is submitted waits here for a moment. Runs of one capability
all of whose parts were quick before are sent as one task, as many as a worker makes in about `BUDGET_S`; any other run
has a task of its own. The worker makes the runs of a task one after another, each with rows of its own. It ends the
task after that time, after a run that failed, and where a run has changed its process for good. Those whose turn did
not come end with a `NotBegunError`, and the sweep submits them anew.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any

from sweeper.jobs.job import Ended
from sweeper.jobs.ray_simple.handles import RaySimpleJob
from sweeper.messages.failures import NotBegunError
from sweeper.messages.receipts import CapabilityRunRef
from sweeper.messages.requests import RunRequest, StoreLocation

BUDGET_S = 0.02
"""After so long a worker begins no further run of a task."""
QUICK_S = BUDGET_S / 2
"""What takes longer shares no task."""
SLOW_RUNS = 3
"""Where one run is quick and another takes longer, the machine may be busy; so many in a row are believed."""
MOST = 16
"""Runs in one task."""
ENOUGH = 2
"""While Ray has so many tasks for each place where one can run, other runs can wait."""


class SharedTaskJob(RaySimpleJob[CapabilityRunRef]):
    """Handle of a run that may share its task. Without force it is taken back while it waits, or with all others."""

    def __init__(self, group: Group, message: bytes, parts: frozenset[str], *about: Any, log: str | None) -> None:
        super().__init__(None, *about, log=log, of_sweep=True)
        self.message, self.parts = message, parts
        """The request, until it is sent, and the keys of its datasets, models and metrics."""
        self._group = group
        self._task: SharedTask | None = None

    @property
    def is_unwanted(self) -> bool:
        """Whether its end was asked for."""
        return self._cancelling

    def sent_in(self, task: SharedTask, ref: Any) -> None:
        """Its task is sent."""
        self._task, self.ref, self.message = task, ref, b""

    def cancel(self, *, force: bool = False) -> bool:
        """See `Job.cancel`."""
        if self._task is None and self._end is None:
            self._cancelling = True
            self._group.take_back(self)
            self.settle_alone(Ended.cancelled(stored=False))
            return True
        if self._task is None or force or self._task.is_unwanted_without(self):
            return super().cancel(force=force)
        self._cancelling = self._cancelling or self._end is None
        return self._cancelling

    def settle(self, value: object = None, error: BaseException | None = None) -> None:
        """Set the ends of all runs of its task, from what Ray gave or raised for that."""
        if self._outcome is None and self._task is not None:
            self._task.settle(value, error)

    def settle_alone(self, outcome: Ended) -> None:
        """Set the end of this run."""
        self._settle(outcome)

    @property
    def has_no_ray(self) -> bool:
        """Whether all of Ray is gone, or was left, and not only its task."""
        return self._session.gone is not None or not self._session.is_connected()

    def ended_by(self, error: BaseException) -> Ended:
        """What an error of its task, or of itself, means for this run."""
        return self._ended_by(error)

    def _look(self, timeout: float) -> None:
        if self._task is None:
            if self.has_no_ray:
                self._group.take_back(self)
                self.settle_alone(self._ended_by(self._session.without_end()))
                return
            self._group.send_now(self)
        super()._look(timeout)


class SharedTask:
    """Runs that a worker makes in this order, as one Ray task."""

    def __init__(self, group: Group, jobs: Sequence[SharedTaskJob]) -> None:
        self._group, self._jobs = group, jobs

    def is_unwanted_without(self, job: SharedTaskJob) -> bool:
        """Whether the end of all others was asked for."""
        return all(other.is_unwanted for other in self._jobs if other is not job)

    def settle(self, value: Any, error: BaseException | None) -> None:
        """Set the ends of all runs, from what Ray gave or raised for the task."""
        jobs, self._jobs = self._jobs, ()
        ends, seconds = _made(jobs, value) if error is None else (_broken(jobs, error, self._group.store), [])
        for job, end in zip_longest(jobs, ends):
            job.settle_alone(end or _not_begun(job))
        self._group.has_ended(self, jobs, seconds)


def _made(jobs: Sequence[SharedTaskJob], value: bytes) -> tuple[list[Ended | None], list[float]]:
    """The ends of the first runs, by what the worker answers, and how many seconds each took that completed."""
    receipts, failure, seconds = pickle.loads(value)
    ends: list[Ended | None] = [Ended.completed(receipt) for receipt in receipts]
    if failure is not None:
        ends.append(jobs[len(ends)].ended_by(failure))
    return ends, seconds


def _broken(jobs: Sequence[SharedTaskJob], error: BaseException, store: StoreLocation) -> list[Ended | None]:
    """The ends of runs whose task was refused or taken back, or whose worker died. How far it had come, the store says.

    The first one without rows is the one that ended it. Those that follow had not begun, unless all of Ray is gone.
    """
    run_uids = {} if jobs[0].ended_by(error).stored is False else _run_uids(jobs, store)
    others = [job for job in jobs if job.job_id not in run_uids]
    ends = {job.job_id: job.ended_by(error) for job in (others if jobs[0].has_no_ray else others[:1])}
    ends |= {job_id: Ended.completed(CapabilityRunRef(run_uid, "", None)) for job_id, run_uid in run_uids.items()}
    return [ends.get(job.job_id) for job in jobs]


def _run_uids(jobs: Sequence[SharedTaskJob], location: StoreLocation) -> dict[str, str]:
    """The `run_uid` of each that has its rows in the store. Rows that come with the answer of the task are lost."""
    from sweeper.store.store import open_at

    with suppress(Exception):  # each kind of store fails with errors of its own; what is not known runs again
        return open_at(location).run_uids([job.job_id for job in jobs])
    return {}


def _not_begun(job: SharedTaskJob) -> Ended:
    return Ended.cancelled(stored=False) if job.is_unwanted else Ended.failed(NotBegunError(), stored=False)


class SharedTasks:
    """All of a backend: runs that ask for the same resources share tasks with others of their capability."""

    def __init__(self, store: StoreLocation) -> None:
        self._store = store
        self._groups: dict[tuple[Any, str], Group] = {}

    def add(
        self, task: Any, places: Callable[[], int], request: RunRequest, message: bytes, *about: Any, log: str | None
    ) -> SharedTaskJob:
        """Submit a run; returns its handle.

        Parameters
        ----------
        task
            The remote function for its resources.
        places
            Says how many such tasks can run at once; asked once for each group, since all nodes are counted for it.
        request, message
            The run, all of whose parts are specs or packed objects, and what is sent of it.
        about, log
            For the handle.
        """
        key = task, _key(request.capability)
        if (group := self._groups.get(key)) is None:
            group = self._groups[key] = Group(task, places(), self._store)
        parts = frozenset(map(_key, (*request.datasets, *request.models, *request.metrics)))
        job = SharedTaskJob(group, message, parts, *about, log=log)
        group.add(job)
        return job

    def send(self, in_flight: int, *, is_quiet: bool = False) -> None:
        """Send what needs not wait any more. `in_flight` runs are submitted and have not ended.

        While it `is_quiet`, that is while nothing ends, nothing is learned by which runs could share a task.
        """
        for group in self._groups.values():
            group.send(in_flight, is_quiet=is_quiet)


def _key(part: Any) -> str:
    return part.key


@dataclass
class Group:
    """Runs of one capability that ask for the same resources."""

    task: Any
    """The remote function."""
    places: int
    """How many such tasks can run at once."""
    store: StoreLocation
    waiting: list[SharedTaskJob] = field(default_factory=list[SharedTaskJob])
    """What is not sent, in the order in which it was submitted."""
    _size: int = 1
    """How many quick ones share a task."""
    _slow: dict[str, int] = field(default_factory=dict[str, int])
    """By the keys of parts, how many of the last runs with each were slow, one after another."""
    _sent: set[SharedTask] = field(default_factory=set["SharedTask"])

    def add(self, job: SharedTaskJob) -> None:
        """Have a run wait for others, unless a place is idle."""
        self.waiting.append(job)
        if len(self._sent) < self.places:
            self.send_now(job)

    def send(self, in_flight: int, *, is_quiet: bool) -> None:
        """See `SharedTasks.send`. No task is to hold more than its share of what is in flight."""
        size = max(1, min(self._size, in_flight // (ENOUGH * self.places)))
        while jobs := self._next(size, has_room=is_quiet or len(self._sent) < ENOUGH * self.places):
            self._send(jobs)

    def _next(self, size: int, *, has_room: bool) -> Sequence[SharedTaskJob]:
        """The runs of the next task; none, while those that wait may learn by others that they can share one."""
        if not self.waiting:
            return []
        first, is_quick = self.waiting[0], self._is_quick(self.waiting[0])
        if is_quick is False or (size == 1 and (is_quick or has_room)):
            return [first]
        quick = [*islice(filter(self._is_quick, self.waiting), size)] if size > 1 else []
        if has_room:
            return quick if is_quick else [first]
        return quick if len(quick) == size else []

    def _is_quick(self, job: SharedTaskJob) -> bool | None:
        """Whether a run with such parts is quick, as far as that is known."""
        known = [self._slow.get(part) for part in job.parts]
        if any(slow is not None and slow >= SLOW_RUNS for slow in known):
            return False
        return None if None in known else True

    def send_now(self, job: SharedTaskJob) -> None:
        """Send one that waits, alone."""
        self._send([job])

    def take_back(self, job: SharedTaskJob) -> None:
        """One that waits is not to be sent."""
        self.waiting.remove(job)

    def _send(self, jobs: Sequence[SharedTaskJob]) -> None:
        task = SharedTask(self, jobs)
        ref = self.task.remote(tuple(job.message for job in jobs), BUDGET_S)
        self._sent.add(task)
        for job in jobs:
            self.waiting.remove(job)
            job.sent_in(task, ref)

    def has_ended(self, task: SharedTask, jobs: Sequence[SharedTaskJob], seconds: Sequence[float]) -> None:
        """A task has ended whose first runs completed in so many seconds each: learn from it."""
        self._sent.discard(task)
        broke_off = [QUICK_S] if sum(seconds) < BUDGET_S else []  # then one may have failed
        for job, took in zip(jobs, [*seconds, *broke_off], strict=False):
            for part in job.parts:
                self._slow[part] = 0 if took < QUICK_S else self._slow.get(part, SLOW_RUNS) + 1
        if seconds:
            in_time = int(BUDGET_S * len(seconds) / sum(seconds))
            self._size = max(1, min(MOST, in_time, 2 * self._size))
