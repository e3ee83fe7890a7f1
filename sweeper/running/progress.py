"""What a person sees while a sweep runs: one bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from sweeper.messages.outcome import Failure, Status
from sweeper.running.pace import Pace, in_words

TICK_S = 1.0
"""So often a bar is drawn anew, whether or not anything ended."""


def nothing() -> str:
    """What there is to say of the longest run where nothing runs."""
    return ""


class Progress(Protocol):
    """Told of everything that happens in a sweep, in the driver's main thread."""

    def start(self, total: int, skipped: int) -> None:
        """The plan is made: so many combinations run, so many are skipped."""
        ...

    def stage(self, text: str) -> None:
        """What the sweep waits for (`starting Ray`); an empty text ends it."""
        ...

    def expect(self, seconds: float | None) -> None:
        """By what earlier runs took, all will take so long; `None` where no earlier run is known."""
        ...

    def running(self, count: int, longest: Callable[[], str] = nothing) -> None:
        """So many run; `longest` says which of them has run for long, if one has. Called several times a second."""
        ...

    def ended(self, status: str, failure: Failure | None = None) -> None:
        """One combination came to its end."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line."""
        ...

    def tick(self) -> None:
        """Time has passed. Called several times a second while nothing else is told."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, total: int, skipped: int) -> None: ...
    def stage(self, text: str) -> None: ...
    def expect(self, seconds: float | None) -> None: ...
    def running(self, count: int, longest: Callable[[], str] = nothing) -> None: ...
    def ended(self, status: str, failure: Failure | None = None) -> None: ...
    def note(self, text: str) -> None: ...
    def tick(self) -> None: ...
    def close(self) -> None: ...


class _Counting:
    """Counts what the two visible forms show."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        """How often something failed, by its cause."""
        self.in_flight = 0
        self.longest: Callable[[], str] = nothing
        self.skipped = 0
        self.waiting_for = ""
        self.pace = Pace()

    def started(self, total: int, skipped: int) -> None:
        self.skipped = skipped
        self.pace.start(total)

    def expect(self, seconds: float | None) -> None:
        self.pace.expected_s = seconds

    def counted(self, status: str, failure: Failure | None) -> bool:
        """Count an end; whether its failure has a cause that was not shown yet."""
        self.counts[status] += 1
        self.pace.ended(time.monotonic())
        if failure is None:
            return False
        self.causes[failure.cause] += 1
        return not failure.cause or self.causes[failure.cause] == 1

    def tally(self) -> str:
        failed = sum(n for status, n in self.counts.items() if status not in (Status.COMPLETED, Status.CANCELLED))
        causes = f"{len(self.causes)} cause{'s' if len(self.causes) > 1 else ''}"
        alike = f" ({causes})" if len(self.causes) < self.causes.total() else ""
        text = f"ok {self.counts[Status.COMPLETED]}, failed {failed}{alike}, running {self.in_flight}"
        text = f"{text}, skipped {self.skipped}"
        return f"{self.waiting_for} | {text}" if self.waiting_for else text

    def left(self) -> str:
        """How long the rest is likely to take, in words; empty where that is not known."""
        seconds = self.pace.left_s(time.monotonic())
        return "" if seconds is None else f"about {in_words(seconds)} left"


class Bar(_Counting):
    """One tqdm bar: done/total, time, what is left, and how many are ok, failed, running and skipped."""

    FORM = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
    """Without tqdm's own guess of the time left, by which the start of the workers counts as work."""

    def __init__(self, file: TextIO | None = None) -> None:
        super().__init__()
        self._file = file or sys.stderr
        self._bar: Any = None
        self._drawn = 0.0

    def start(self, total: int, skipped: int) -> None:
        from tqdm.auto import tqdm

        self.started(total, skipped)
        self._bar = tqdm(total=total, file=self._file, unit="run", dynamic_ncols=True, bar_format=self.FORM)
        self._refresh()

    def stage(self, text: str) -> None:
        self.waiting_for = text
        self._refresh()

    def running(self, count: int, longest: Callable[[], str] = nothing) -> None:
        self.in_flight, self.longest = count, longest
        self.tick()

    def ended(self, status: str, failure: Failure | None = None) -> None:
        is_new = self.counted(status, failure)
        self.waiting_for = ""
        if failure is not None and is_new:
            self.note(failure.line())
        if self._bar is not None:
            self._bar.set_postfix_str(self._postfix(), refresh=False)
            self._bar.update(1)

    def note(self, text: str) -> None:
        if self._bar is None:
            self._file.write(f"{text}\n")
        else:
            self._bar.write(text, file=self._file)

    def tick(self) -> None:
        if time.monotonic() - self._drawn >= TICK_S:
            self._refresh()

    def close(self) -> None:
        if self._bar is not None:
            self.waiting_for, self.longest = "", nothing
            self._refresh()
            self._bar.close()
            self._bar = None

    def _postfix(self) -> str:
        return ", ".join(filter(None, (self.left(), self.tally(), self.longest())))

    def _refresh(self) -> None:
        self._drawn = time.monotonic()
        if self._bar is not None:
            self._bar.set_postfix_str(self._postfix())


class Lines(_Counting):
    """For logs and pipes: a line at the start, every `interval_s` seconds, and at the end."""

    def __init__(self, file: TextIO | None = None, interval_s: float = 15.0) -> None:
        super().__init__()
        self._file = file or sys.stderr
        self._interval_s = interval_s
        self._total = 0
        self._last = self._began = time.monotonic()

    def start(self, total: int, skipped: int) -> None:
        self._total, self._began = total, time.monotonic()
        self.started(total, skipped)
        self.note(f"{total} to run, {skipped} skipped")

    def stage(self, text: str) -> None:
        if text:
            self.note(text)

    def running(self, count: int, longest: Callable[[], str] = nothing) -> None:
        self.in_flight, self.longest = count, longest
        self.tick()

    def ended(self, status: str, failure: Failure | None = None) -> None:
        if self.counted(status, failure) and failure is not None:
            self.note(failure.line())
        self.tick()

    def note(self, text: str) -> None:
        self._file.write(f"{text}\n")
        self._file.flush()

    def tick(self) -> None:
        if time.monotonic() - self._last >= self._interval_s:
            self._report()

    def close(self) -> None:
        self.longest = nothing
        self._report()

    def _report(self) -> None:
        self._last = time.monotonic()
        said = ", ".join(filter(None, (f"in {self._last - self._began:.0f} s", self.left(), self.longest())))
        self.note(f"{self.counts.total()}/{self._total} done {said} ({self.tally()})")


def for_stream(file: TextIO | None = None) -> Progress:
    """A bar where a person watches (a terminal, a notebook), lines elsewhere."""
    stream = file or sys.stderr
    return Bar(stream) if stream.isatty() or "ipykernel" in sys.modules else Lines(stream)
