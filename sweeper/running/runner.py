"""The window: a bounded number of submissions in flight, `ray.wait` on them, and what becomes of each.

The runner decides nothing about the grid. It submits what it is given, in its order, and accounts for every end:
workers write the rows of what they completed or failed, the driver those of what never came back.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from sweeper.common import clock
from sweeper.jobs.protocol import InferenceJob, Job, RunnerBackend
from sweeper.messages.failures import ErrorInfo
from sweeper.messages.outcome import STATUSES, Failure, Outcome, Status
from sweeper.planning.combinations import Planned
from sweeper.planning.limits import Defaults, Shape, combine, shape
from sweeper.running.active import ActiveAttempt
from sweeper.running.batches import Batches
from sweeper.running.driver_rows import DriverRows
from sweeper.running.help import Help
from sweeper.running.interrupts import Interrupts
from sweeper.running.journals import Journals
from sweeper.running.left_out import LeftOut
from sweeper.running.meanwhile import Meanwhile
from sweeper.running.now import Now, now
from sweeper.running.progress import Progress
from sweeper.running.queue import Queue, QueuedAttempt
from sweeper.running.request_builder import RequestBuilder
from sweeper.running.shared_inference import SharedInference

if TYPE_CHECKING:
    from sweeper.store import Store

TICK_S = 0.25
"""How long the driver stays in `ray.wait` before it looks at deadlines, interrupts and idle workers."""
TRACEBACKS_KEPT = 100
"""Failures past these keep their traceback in the store only, so that the driver's memory stays small."""


@dataclass(frozen=True)
class RunSettings:
    """What the user says of the whole run."""

    defaults: Defaults
    max_in_flight: int | None = None
    max_failures: int | None = None
    grace_s: float = 30.0


class Runner:
    """Runs planned combinations on a job backend; one object, one sweep."""

    def __init__(
        self,
        backend: RunnerBackend,
        store: Store,
        builder: RequestBuilder,
        settings: RunSettings,
        progress: Progress,
        interrupts: Interrupts,
        meanwhile: Meanwhile | None = None,
    ) -> None:
        self._backend, self._store, self._builder = backend, store, builder
        self._rows = DriverRows(store, progress)
        self._settings, self._progress, self._interrupts = settings, progress, interrupts
        self._inference = SharedInference(backend, builder)
        self._help = Help(backend, self._inference, settings.max_in_flight)
        self._meanwhile = meanwhile or Meanwhile()
        self._active: dict[Job[Any], ActiveAttempt] = {}
        self._with_deadline: dict[Job[Any], ActiveAttempt] = {}
        """Those of them that may run for a limited time; usually none, and all are looked at after every wait."""
        self._shapes: Counter[Shape] = Counter()
        self._room = cache(lambda asks: backend.max_parallel(dict(asks)))
        self._counts: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._stopped_by: str | None = None
        self._said_gone = False
        self._grace_ends = float("inf")
        self._journals = Journals(store, progress)
        self._batches = Batches(store, progress, lambda: self._count(Status.COMPLETED))

    def run(self, items: Sequence[Planned], at_once: int = 1) -> Outcome:
        """Run everything, or until a limit or the user ends it. Returns once nothing is in flight.

        `at_once` is how many there is room for at a time.
        """
        self._left_out = LeftOut(items, self._progress.note)
        self._meanwhile.look_now_and_then()
        self._inference.expect(items)
        self._progress.running(self._now)
        window = self._settings.max_in_flight or self._window(at_once)
        queue = Queue(items, self._inference.has_room, self._drops, met=self._meanwhile.__contains__)
        self._fill(queue, window)
        try:
            while self._active:
                ended = self._backend.wait_any(self._active, timeout=TICK_S)
                self._see_what_stops_it()
                for job in ended:
                    self._settle(self._active.pop(job), queue)
                self._look_around()
                self._fill(queue, window)
                self._help.look_now_and_then(self._active.values(), sends=self._stopped_by is None)
        finally:
            unwritten = self._batches.finish()
            self._help.end()
        return self._outcome(len(items), unwritten)

    # What goes out

    def _window(self, at_once: int) -> int:
        """Enough in flight that an inference can run in every place, however many wait for each."""
        usual = self._backend.default_window
        return usual if at_once == 1 else max(usual, at_once * self._inference.most_readers)

    def _fill(self, queue: Queue, window: int) -> None:
        while self._stopped_by is None and len(self._active) < window and (attempt := queue.take()) is not None:
            self._submit(attempt)

    def _drops(self, item: Planned) -> bool:
        if not self._left_out.drop(item) and not self._meanwhile.drop(item):
            return False
        self._inference.give_back(item)
        return True

    def _now(self) -> Now:
        """What goes on now; asked by the thread that shows it."""
        return now(list(self._active.values()), self._backend.activity())

    def _with_room(self) -> int:
        """For how many of those in flight there is room; the others are sure to wait still."""
        return sum(min(count, self._room(asks)) for asks, count in self._shapes.items())

    def _submit(self, attempt: QueuedAttempt) -> None:
        self._meanwhile.submitted(attempt.item)
        limits = combine(attempt.item.combination, self._settings.defaults)
        request = self._builder.build(attempt.item, attempt.number)
        predictions = self._inference.take(attempt, limits)
        job = self._backend.submit(
            request,
            resources=limits.resources,
            name=attempt.item.combination.label(),
            predictions=predictions,
            report_start=limits.timeout_s is not None,
        )
        self._shapes[shape(limits.resources)] += 1
        active = ActiveAttempt(attempt, request, limits, job, predictions, clock.after(request.newest_seen))
        self._active[job] = active
        if limits.timeout_s is not None:
            self._with_deadline[job] = active

    # What comes back

    def _settle(self, active: ActiveAttempt, queue: Queue) -> None:
        self._with_deadline.pop(active.job, None)
        queue.ended(active.item)
        self._shapes[shape(active.limits.resources)] -= 1
        status = active.status(self._backend.is_lost)
        if active.did_not_begin and self._stopped_by is None:
            queue.again(active.item, active.attempt.number)
        elif status is Status.COMPLETED:
            self._left_out.completed(active.item)
            self._give_back(active)
            if not self._batches.take(active):
                self._count(status)
        elif status is not Status.CANCELLED or self._stopped_by is not None or not self._drops(active.item):
            self._settle_without_result(active, status, queue)

    def _settle_without_result(self, active: ActiveAttempt, status: Status, queue: Queue) -> None:
        info = active.reason(status, self._stopped_by)
        if (row := active.driver_row(status, info)) is not None:
            self._rows.write(row)
        if status in (Status.FAILED, Status.LOST) and self._may_retry(active, status):
            self._try_again(active, queue)
            return
        failure = None if status is Status.CANCELLED else self._note_failure(active, status, info)
        if failure is not None:
            self._learn(active, failure, queue)
        self._give_back(active)
        self._count(status, None if self._backend.gone else failure)

    def _give_back(self, active: ActiveAttempt) -> None:
        if note := self._inference.give_back(active.item):
            self._progress.note(f"note: {note}")

    def _count(self, status: Status, failure: Failure | None = None) -> None:
        """Count an end. A run whose rows the driver writes has come to it when they are written."""
        self._counts[status] += 1
        self._progress.ended(status.value, failure)

    def _learn(self, active: ActiveAttempt, failure: Failure, queue: Queue) -> None:
        """Leave out what is not worth a try any more, and take back what of it waits for its start."""

        def rest() -> Iterator[Planned]:
            yield from (other.item for other in self._active.values())
            yield from queue.waiting()

        if self._left_out.failed(active.item, failure, active.limits.max_same_error, rest):
            for other in self._active.values():
                if other.item in self._left_out and other.attempt.number == 1:
                    other.job.cancel()

    def _try_again(self, active: ActiveAttempt, queue: Queue) -> None:
        number = active.attempt.number
        lacked_predictions = self._backend.lacked_predictions(active.job)
        retries = max(number, active.limits.retries)
        why = ", whose predictions were lost" if lacked_predictions else ""
        self._progress.note(f"retry {number} of {retries}: {active.item.combination.label()}{why}")
        if lacked_predictions:
            self._inference.make_anew(active.item)
        queue.again(active.item, number + 1)

    def _may_retry(self, active: ActiveAttempt, status: Status) -> bool:
        """Once more where its predictions were gone, since nothing was wrong with the run itself."""
        retries = active.limits.retries + self._backend.lacked_predictions(active.job)
        return (
            self._stopped_by is None
            and active.attempt.number <= retries
            and (status is Status.LOST or active.limits.retry_exceptions)
        )

    def _note_failure(self, active: ActiveAttempt, status: Status, info: ErrorInfo) -> Failure:
        failure = active.failure(status, info)
        self._failures.append(failure if len(self._failures) < TRACEBACKS_KEPT else replace(failure, traceback=""))
        return failure

    # What ends it early

    def _look_around(self) -> None:
        self._end_overdue()
        self._rows.try_again()
        self._batches.write_now_and_then()
        self._journals.flush_now_and_then()
        if self._meanwhile.look_now_and_then():
            self._take_back_done()
        limit = self._settings.max_failures
        if limit is not None and sum(self._counts[s] for s in (Status.FAILED, Status.TIMEOUT, Status.LOST)) >= limit:
            self._stop("max_failures")
        if self._stopped_by and (self._interrupts.count > 1 or time.monotonic() > self._grace_ends):
            self._end_what_runs(self._stopped_by)

    def _end_what_runs(self, stopped_by: str) -> None:
        """Kill it, or where it can go on without the driver and nobody insists, leave it to who resumes the sweep."""
        if self._leaves(stopped_by) and self._interrupts.count == 1:
            if self._active:
                self._progress.note(f"left on the cluster, where they go on: {len(self._active)}; resume= awaits them")
            self._active.clear()
        for active in self._active.values():
            active.kill()

    def _take_back_done(self) -> None:
        """Take back what waits for its start here while another sweep has completed it. The oldest run already."""
        for active in islice(list(self._active.values()), self._with_room(), None):
            if active.attempt.number == 1 and self._meanwhile.is_elsewhere(active.item):
                active.job.cancel()

    def _end_overdue(self) -> None:
        """Kill what has run for too long, and an inference once nobody who has time left waits for it."""
        now = datetime.now(UTC)
        overdue = [active for active in self._with_deadline.values() if active.is_overdue(now)]
        for active in overdue:
            active.timed_out = True
        for active in overdue:
            active.kill(with_inference=not self._is_awaited(active.predictions))

    def _is_awaited(self, predictions: InferenceJob | None) -> bool:
        return any(active.predictions is predictions and not active.timed_out for active in self._active.values())

    def _see_what_stops_it(self) -> None:
        """What must be known before what ended is accounted for: whether Ray has gone, or the user wants an end."""
        if self._backend.gone is not None:
            self._stop_without(self._backend.gone)
        elif self._interrupts.count:
            self._stop("interrupt")

    def _stop_without(self, gone: str) -> None:
        """The runtime has gone: what is in flight is lost, what follows is not attempted, and that is said once."""
        self._stopped_by = self._stopped_by or "ray_lost"
        if not self._said_gone:
            self._progress.note(f"Ray is gone: {gone}. What was in flight is lost, the rest is not attempted")
        self._said_gone = True

    def _stop(self, reason: str) -> None:
        """Submit no more, take back what waits in a queue, and let what runs finish within the grace period."""
        if self._stopped_by is None:
            self._stopped_by = reason
            self._grace_ends = time.monotonic() + self._settings.grace_s
            self._progress.note(
                f"stopping ({reason}): what runs has {self._settings.grace_s:g} s to finish, inferences and their "
                f"readers included{self._afterwards(reason)}; what waits is taken back; Ctrl-C again ends at once"
            )
            for active in self._active.values():
                active.take_back()

    def _leaves(self, reason: str) -> bool:
        """Whether what still runs after the grace is left where it runs, which is not what a limit asks for."""
        return self._backend.outlives_driver and reason == "interrupt"

    def _afterwards(self, reason: str) -> str:
        return ", and goes on without this process then" if self._leaves(reason) else ""

    def _outcome(self, planned: int, unwritten: int) -> Outcome:
        counts = {status: self._counts[status] for status in STATUSES}
        elsewhere = self._meanwhile.count
        counts[Status.NOT_ATTEMPTED.value] = planned - elsewhere - sum(counts.values())
        told = {**self._rows.finish(), **({Status.COMPLETED.value: unwritten} if unwritten else {})}
        return Outcome(counts, tuple(self._failures), self._stopped_by, told, self._left_out.choices, elsewhere)
