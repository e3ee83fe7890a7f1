"""The window: a bounded number of submissions in flight, `ray.wait` on them, and what becomes of each.

The runner decides nothing about the grid. It submits what it is given, in its order, and accounts for every end:
workers write the rows of what they completed or failed, the driver those of what never came back.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sweeper.common.log_file import LogFile
from sweeper.errors import VersionError
from sweeper.jobs.protocol import InferenceJob, Job, JobStatus, RunnerBackend
from sweeper.messages.failures import ErrorInfo
from sweeper.messages.outcome import STATUSES, Failure, Outcome, Status
from sweeper.messages.requests import log_path
from sweeper.planning.decisions import Planned
from sweeper.planning.limits import Defaults, Limits, Shape, combine, shape
from sweeper.running.interrupts import Interrupts
from sweeper.running.progress import Progress
from sweeper.running.queue import Queue, QueuedAttempt
from sweeper.running.request_builder import RequestBuilder
from sweeper.running.shared_inference import SharedInference
from sweeper.store import AttemptRow

if TYPE_CHECKING:
    from sweeper.messages.requests import RunRequest
    from sweeper.store import Store

TICK_S = 0.5
"""How long the driver stays in `ray.wait` before it looks at deadlines and interrupts."""
FLUSH_EVERY_S = 1.0
"""How long rows of quick runs wait in a journal before readers other than sweeper see them."""
FLUSH_REST = 20.0
"""At least so many times as long as the last flush took, no journal is flushed."""
TRACEBACKS_KEPT = 100
"""Failures past these keep their traceback in the store only, so that the driver's memory stays small."""


@dataclass(frozen=True)
class RunSettings:
    """What the user says of the whole run."""

    defaults: Defaults
    max_in_flight: int | None = None
    max_failures: int | None = None
    grace_s: float = 30.0


@dataclass(eq=False)
class _ActiveAttempt:
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

    def cancel(self, *, force: bool) -> None:
        """Ask for its end, and kill its inference where that still runs: whoever waits for it goes too."""
        self.job.cancel(force=force)
        if self.predictions is not None:
            self.predictions.cancel(force=True)


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
    ) -> None:
        self._backend, self._store, self._builder = backend, store, builder
        self._settings, self._progress, self._interrupts = settings, progress, interrupts
        self._inference = SharedInference(backend, builder)
        self._active: dict[Job[Any], _ActiveAttempt] = {}
        self._with_deadline: dict[Job[Any], _ActiveAttempt] = {}
        """Those of them that may run for a limited time; usually none, and all are looked at after every wait."""
        self._shapes: Counter[Shape] = Counter()
        self._room = cache(lambda asks: backend.max_parallel(dict(asks)))
        self._counts: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._stopped_by: str | None = None
        self._grace_ends = float("inf")
        self._flush_at = time.monotonic() + FLUSH_EVERY_S

    def run(self, items: Sequence[Planned], at_once: int = 1) -> Outcome:
        """Run everything, or until a limit or the user ends it. Returns once nothing is in flight.

        `at_once` is how many there is room for at a time.
        """
        self._inference.expect(items)
        window = self._settings.max_in_flight or self._window(at_once)
        queue = Queue(items, self._inference.has_room)
        self._fill(queue, window)
        while self._active:
            for job in self._backend.wait_any(self._active, timeout=TICK_S):
                self._settle(self._active.pop(job), queue)
            self._look_around()
            self._fill(queue, window)
        return self._outcome(len(items))

    # What goes out

    def _window(self, at_once: int) -> int:
        """Enough in flight that an inference can run in every place, however many wait for each."""
        usual = self._backend.default_window
        return usual if at_once == 1 else max(usual, at_once * self._inference.most_readers)

    def _fill(self, queue: Queue, window: int) -> None:
        while self._stopped_by is None and len(self._active) < window and (attempt := queue.take()) is not None:
            self._submit(attempt)
        self._progress.running(self._running())

    def _running(self) -> int:
        """How many run, as far as there is room for them: Ray does not say which of those in flight still wait."""
        return sum(min(count, self._room(asks)) for asks, count in self._shapes.items())

    def _submit(self, attempt: QueuedAttempt) -> None:
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
        active = _ActiveAttempt(attempt, request, limits, job, predictions, datetime.now(UTC))
        self._active[job] = active
        if limits.timeout_s is not None:
            self._with_deadline[job] = active

    # What comes back

    def _settle(self, active: _ActiveAttempt, queue: Queue) -> None:
        self._with_deadline.pop(active.job, None)
        queue.ended(active.item)
        self._shapes[shape(active.limits.resources)] -= 1
        status = self._status(active)
        if status in (Status.FAILED, Status.LOST) and self._may_retry(active, status):
            self._driver_row(active, status)
            self._try_again(active, queue)
            return
        self._counts[status] += 1
        failure = None if status is Status.COMPLETED else self._failure(active, status)
        self._driver_row(active, status)
        self._inference.give_back(active.item)
        self._progress.ended(status.value, failure)

    def _try_again(self, active: _ActiveAttempt, queue: Queue) -> None:
        number = active.attempt.number
        self._progress.note(f"retry {number} of {active.limits.retries}: {active.item.combination.label()}")
        if self._backend.lacked_predictions(active.job):
            self._inference.make_anew(active.item)
        queue.again(active.item, number + 1)

    def _status(self, active: _ActiveAttempt) -> Status:
        status = active.job.status
        if status is JobStatus.COMPLETED:
            return Status.COMPLETED
        if active.timed_out:
            return Status.TIMEOUT
        if status is JobStatus.CANCELLED:
            return Status.CANCELLED
        return Status.LOST if self._backend.is_lost(active.job) else Status.FAILED

    def _may_retry(self, active: _ActiveAttempt, status: Status) -> bool:
        return (
            self._stopped_by is None
            and active.attempt.number <= active.limits.retries
            and (status is Status.LOST or active.limits.retry_exceptions)
        )

    def _failure(self, active: _ActiveAttempt, status: Status) -> Failure:
        kind, message, trace = info = self._reason(active, status)
        item, log, chain = active.item, _log(active, info), active.job.raised_as()
        failure = Failure(item.fingerprint, item.combination.label(), status.value, kind, message, trace, log, chain)
        self._failures.append(failure if len(self._failures) < TRACEBACKS_KEPT else replace(failure, traceback=""))
        return failure

    def _reason(self, active: _ActiveAttempt, status: Status) -> ErrorInfo:
        """What ended a submission, in words."""
        if status is Status.TIMEOUT:
            what = "ran" if active.job.started_at is not None else "its inference ran"
            return ErrorInfo("Timeout", f"{what} longer than timeout_s={active.limits.timeout_s:g} and was killed", "")
        if status is Status.CANCELLED:
            return ErrorInfo("Cancelled", f"cancelled: {self._stopped_by}", "")
        return active.job.error_info()

    def _driver_row(self, active: _ActiveAttempt, status: Status) -> None:
        """Write the attempt that no worker could write; workers write those that completed or failed in them."""
        attempt = active.request.attempt
        if attempt is None or (
            status not in (Status.TIMEOUT, Status.CANCELLED, Status.LOST) and not _failed_elsewhere(active, status)
        ):
            return
        info = self._reason(active, status)
        row = AttemptRow.of(
            attempt,
            status=status.value,
            submitted_at=active.submitted_at,
            started_at=active.started_at,
            finished_at=datetime.now(UTC),
            error_type=info.kind,
            error_message=info.message,
            traceback=info.trace,
            log_uri=_log(active, info),
        )
        self._store.write_attempts([row])

    # What ends it early

    def _look_around(self) -> None:
        self._end_overdue()
        self._flush()
        limit = self._settings.max_failures
        if self._interrupts.count:
            self._stop("interrupt")
        elif limit is not None and sum(self._counts[s] for s in (Status.FAILED, Status.TIMEOUT, Status.LOST)) >= limit:
            self._stop("max_failures")
        if self._stopped_by and (self._interrupts.count > 1 or time.monotonic() > self._grace_ends):
            self._cancel(force=True)

    def _flush(self) -> None:
        """Now and then make Parquet of what waits in journals, and never for more than a small share of the time."""
        began = time.monotonic()
        if began >= self._flush_at:
            flush_journals(self._store, self._progress)
            took = time.monotonic() - began
            self._flush_at = began + max(FLUSH_EVERY_S, FLUSH_REST * took)

    def _end_overdue(self) -> None:
        now = datetime.now(UTC)
        for active in self._with_deadline.values():
            allowed = active.limits.timeout_s
            if allowed is None or active.timed_out or (started := active.started_at) is None:
                continue
            if (now - started).total_seconds() > allowed and active.is_under_way:
                active.timed_out = True
                active.cancel(force=True)

    def _stop(self, reason: str) -> None:
        """Submit no more, take back what waits in a queue, and let what runs finish within the grace period."""
        if self._stopped_by is None:
            self._stopped_by = reason
            self._grace_ends = time.monotonic() + self._settings.grace_s
            self._progress.note(
                f"stopping ({reason}): up to {self._settings.grace_s:g} s for {len(self._active)} in flight; "
                "Ctrl-C again ends at once"
            )
            self._cancel(force=False)

    def _cancel(self, *, force: bool) -> None:
        for active in self._active.values():
            active.cancel(force=force)

    def _outcome(self, planned: int) -> Outcome:
        counts = {status: self._counts[status] for status in STATUSES}
        counts[Status.NOT_ATTEMPTED.value] = planned - sum(counts.values())
        return Outcome(counts, tuple(self._failures), self._stopped_by)


def _log(active: _ActiveAttempt, info: ErrorInfo) -> str | None:
    """The log of a submission; where its worker wrote none, as it never ran there, one with the traceback."""
    path = log_path(active.request)
    if active.job.log is not None or path is None or not info.trace:
        return active.job.log
    if not os.path.exists(path):
        with suppress(OSError), closing(LogFile(path)) as log:
            log.write(info.trace)
    return path if os.path.exists(path) else None


def _failed_elsewhere(active: _ActiveAttempt, status: Status) -> bool:
    """Whether a combination failed before its own code began: its inference did, or its worker refused it."""
    if status is not Status.FAILED:
        return False
    inference_failed = active.predictions is not None and active.predictions.failed
    return inference_failed or isinstance(active.job.exception(), VersionError)


def flush_journals(store: Store, progress: Progress) -> None:
    """Make Parquet of what waits in journals; where that fails it waits on, and the sweep goes on."""
    try:
        store.flush_journals()
    except OSError as error:
        progress.note(f"some results still wait in a journal, until `sweeper compact` can be run: {error}")
