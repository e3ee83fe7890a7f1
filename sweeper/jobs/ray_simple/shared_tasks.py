"""Quick runs of a sweep share Ray tasks: a task costs Ray more than such a run takes.

A run that is submitted waits here for others of its capability until there are as many as a worker makes in about
`BUDGET_S`, or until Ray has little left to do. The worker makes them one after another, each with rows of its own. It
ends the task after that time, after a run that failed, and where a run has changed its process for good. Those whose
turn did not come end with a `NotBegunError`, and the sweep submits them anew.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ray.exceptions import RayError

from sweeper.errors import StoreError
from sweeper.jobs.job import Ended
from sweeper.jobs.ray_simple.handles import RaySimpleJob
from sweeper.messages.failures import NotBegunError
from sweeper.messages.outcome import Status
from sweeper.messages.receipts import CapabilityRunRef
from sweeper.messages.requests import StoreLocation

BUDGET_S = 0.02
"""After so long a worker begins no further run of a task."""
MOST = 16
"""Runs in one task."""
MOST_BYTES = 64 * 1024
"""Of the messages in one task. Ray takes larger arguments another way, which costs more than a task."""
ENOUGH = 2
"""While Ray has so many tasks for each place where one can run, further runs wait for others to share a task with."""


class SharedTaskJob(RaySimpleJob[CapabilityRunRef]):
    """Handle of one of the runs of a task. Without force it is taken back as long as it waits, or with all of them."""

    def __init__(self, task: SharedTask, job_id: str, *arguments: Any, log: str | None) -> None:
        super().__init__(None, job_id, *arguments, log=log, of_sweep=True)
        self._task = task

    @property
    def is_unwanted(self) -> bool:
        """Whether its end was asked for."""
        return self._cancelling

    def cancel(self, *, force: bool = False) -> bool:
        """See `Job.cancel`."""
        if self.ref is None:
            self._cancelling = True
            self._task.take_back(self)
            self.settle_alone(Ended.cancelled(stored=False))
        elif force or self._task.is_unwanted_without(self):
            return super().cancel(force=force)
        self._cancelling = self._cancelling or self._end is None
        return self._cancelling

    def settle(self, value: object = None, error: BaseException | None = None) -> None:
        """Set the ends of all runs of the task, from what Ray gave or raised for it."""
        if self._outcome is None:
            self._task.settle(value, error)

    def settle_alone(self, outcome: Ended) -> None:
        """Set the end of this run."""
        self._settle(outcome)

    def ended_by(self, error: BaseException) -> Ended:
        """What an error of the task, or of this run, means for this run."""
        return self._ended_by(error)

    def _look(self, timeout: float) -> None:
        if self.ref is None and (self._session.gone is not None or not self._session.is_connected()):
            self.settle(error=self._session.without_end())
            return
        self._task.send()
        super()._look(timeout)


@dataclass(eq=False)
class SharedTask:
    """Runs that a worker makes in this order, as one Ray task."""

    group: Group
    jobs: list[SharedTaskJob] = field(default_factory=list[SharedTaskJob])
    _messages: list[bytes] = field(default_factory=list[bytes])

    def add(self, job: SharedTaskJob, message: bytes) -> None:
        """Add a run to a task that is not sent. One that is full is sent then."""
        self.jobs.append(job)
        self._messages.append(message)
        if len(self.jobs) >= self.group.size or sum(map(len, self._messages)) > MOST_BYTES:
            self.send()

    def take_back(self, job: SharedTaskJob) -> None:
        """Remove a run, as long as the task is not sent."""
        place = self.jobs.index(job)
        del self.jobs[place], self._messages[place]

    def send(self) -> None:
        """Send the task, if it is not sent."""
        if self._messages:
            ref = self.group.send(self, self._messages)
            self._messages = []
            for job in self.jobs:
                job.ref = ref

    def is_unwanted_without(self, job: SharedTaskJob) -> bool:
        """Whether the end of all others was asked for."""
        return all(other.is_unwanted for other in self.jobs if other is not job)

    def settle(self, value: Any, error: BaseException | None) -> None:
        """Set the ends of all runs, from what Ray gave or raised for the task."""
        if error is not None:
            self._settle_all([*self._without_result(error)])
            self.group.has_ended(self, in_time=1)
            return
        receipts, failure, seconds = pickle.loads(value)
        ends = [Ended.completed(receipt) for receipt in receipts]
        if failure is not None:
            ends.append(self.jobs[len(ends)].ended_by(failure))
        self._settle_all(ends)
        self.group.has_ended(self, in_time=1 if failure is not None else int(BUDGET_S * len(ends) / seconds))

    def _settle_all(self, ends: Sequence[Ended | None]) -> None:
        """With one end for each of the first runs; `None` for one whose turn did not come, as for all that follow."""
        for place, job in enumerate(self.jobs):
            end = ends[place] if place < len(ends) else None
            unwanted = Ended.cancelled(stored=False) if job.is_unwanted else Ended.failed(NotBegunError(), stored=False)
            job.settle_alone(end or unwanted)

    def _without_result(self, error: BaseException) -> Iterator[Ended | None]:
        """The task was refused, it was taken back, or its worker died. The store knows how far it had come."""
        run_uids = _completed(self.jobs, self.group.store) if len(self.jobs) > 1 else {}
        has_broken = False
        for job in self.jobs:
            if (run_uid := run_uids.get(job.job_id)) is not None:
                yield Ended.completed(CapabilityRunRef(run_uid, "", None))
            elif has_broken and isinstance(error, RayError):  # any other error says that Ray is gone
                yield None
            else:
                has_broken = True
                yield job.ended_by(error)


def _completed(jobs: Sequence[SharedTaskJob], location: StoreLocation) -> dict[str, str]:
    """The `run_uid` of each attempt that has its rows in the store. Those that go by way of the driver are lost."""
    from sweeper.store.store import open_at

    store = open_at(location)
    if store.hands_over:
        return {}
    with suppress(StoreError, OSError):
        rows: list[dict[str, Any]] = store.attempts(("attempt_id", "status", "result_run_uid")).to_pylist()
        wanted = {job.job_id for job in jobs}
        done = (row for row in rows if row["attempt_id"] in wanted and row["status"] == Status.COMPLETED.value)
        return {row["attempt_id"]: row["result_run_uid"] for row in done}
    return {}


@dataclass
class Group:
    """Runs of one capability that ask for the same resources."""

    task: Any
    """The remote function."""
    places: int
    """How many such tasks can run at once."""
    store: StoreLocation
    size: int = 1
    """How many are to share the next task."""
    most: int = 1
    """How many may, so that all places are busy."""
    waits: SharedTask | None = None
    """What is not full, and not sent."""
    sent: set[SharedTask] = field(default_factory=set["SharedTask"])

    def with_room(self) -> SharedTask:
        """The task that the next run is to share."""
        self.waits = self.waits or SharedTask(self)
        return self.waits

    def send(self, task: SharedTask, messages: Sequence[bytes]) -> Any:
        """Send a task; returns the reference of its result."""
        if task is self.waits:
            self.waits = None
        self.sent.add(task)
        return self.task.remote(tuple(messages), BUDGET_S)

    def send_what_is_due(self, in_flight: int) -> None:
        """Send what waits, where Ray has little to do. No task is to hold more than its share of what is in flight."""
        self.most = in_flight // (ENOUGH * self.places)
        if self.waits is not None and len(self.sent) < ENOUGH * self.places:
            self.waits.send()

    def has_ended(self, task: SharedTask, in_time: int) -> None:
        """A task has ended; at its pace, a worker makes so many runs in time."""
        self.sent.discard(task)
        self.size = max(1, min(MOST, self.most, in_time, 2 * self.size))
