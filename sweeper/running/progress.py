"""What a person sees while a sweep runs: one bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any, Protocol, TextIO

from sweeper.messages.outcome import Failure, Status


class Progress(Protocol):
    """Told of everything that happens in a sweep, in the driver's main thread."""

    def start(self, total: int, skipped: int) -> None:
        """The plan is made: so many combinations run, so many are skipped."""
        ...

    def stage(self, text: str) -> None:
        """What the sweep waits for (`starting Ray`); an empty text ends it."""
        ...

    def running(self, count: int) -> None:
        """So many are submitted and not ended."""
        ...

    def ended(self, status: str, failure: Failure | None = None) -> None:
        """One combination came to its end."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, total: int, skipped: int) -> None: ...
    def stage(self, text: str) -> None: ...
    def running(self, count: int) -> None: ...
    def ended(self, status: str, failure: Failure | None = None) -> None: ...
    def note(self, text: str) -> None: ...
    def close(self) -> None: ...


class _Counting:
    """Counts what the two visible forms show."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.in_flight = 0
        self.skipped = 0
        self.waiting_for = ""

    def tally(self) -> str:
        failed = sum(n for status, n in self.counts.items() if status not in (Status.COMPLETED, Status.CANCELLED))
        text = f"ok {self.counts[Status.COMPLETED]}, failed {failed}, running {self.in_flight}, skipped {self.skipped}"
        return f"{self.waiting_for} | {text}" if self.waiting_for else text


class Bar(_Counting):
    """One tqdm bar: done/total, rate, ETA, and how many are ok, failed, running and skipped."""

    def __init__(self, file: TextIO | None = None) -> None:
        super().__init__()
        self._file = file or sys.stderr
        self._bar: Any = None

    def start(self, total: int, skipped: int) -> None:
        from tqdm.auto import tqdm

        self.skipped = skipped
        self._bar = tqdm(total=total, file=self._file, unit="run", dynamic_ncols=True, smoothing=0.1)
        self._refresh()

    def stage(self, text: str) -> None:
        self.waiting_for = text
        self._refresh()

    def running(self, count: int) -> None:
        self.in_flight = count
        if self._bar is not None:
            self._bar.set_postfix_str(self.tally(), refresh=False)

    def ended(self, status: str, failure: Failure | None = None) -> None:
        self.counts[status] += 1
        self.waiting_for = ""
        if failure is not None:
            self.note(failure.line())
        if self._bar is not None:
            self._bar.set_postfix_str(self.tally(), refresh=False)
            self._bar.update(1)

    def note(self, text: str) -> None:
        if self._bar is None:
            self._file.write(f"{text}\n")
        else:
            self._bar.write(text, file=self._file)

    def close(self) -> None:
        if self._bar is not None:
            self.waiting_for = ""
            self._refresh()
            self._bar.close()
            self._bar = None

    def _refresh(self) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(self.tally())


class Lines(_Counting):
    """For logs and pipes: a line at the start, every `interval_s` seconds, and at the end."""

    def __init__(self, file: TextIO | None = None, interval_s: float = 15.0) -> None:
        super().__init__()
        self._file = file or sys.stderr
        self._interval_s = interval_s
        self._total = 0
        self._last = self._began = time.monotonic()
        self._first: float | None = None

    def start(self, total: int, skipped: int) -> None:
        self._total, self.skipped, self._began = total, skipped, time.monotonic()
        self.note(f"{total} to run, {skipped} skipped")

    def stage(self, text: str) -> None:
        if text:
            self.note(text)

    def running(self, count: int) -> None:
        self.in_flight = count

    def ended(self, status: str, failure: Failure | None = None) -> None:
        self.counts[status] += 1
        self._first = self._first or time.monotonic()
        if failure is not None:
            self.note(failure.line())
        if time.monotonic() - self._last >= self._interval_s:
            self._report()

    def note(self, text: str) -> None:
        self._file.write(f"{text}\n")
        self._file.flush()

    def close(self) -> None:
        self._report()

    def _report(self) -> None:
        self._last = time.monotonic()
        done = self.counts.total()
        self.note(f"{done}/{self._total} done in {self._last - self._began:.0f} s{self._left(done)} ({self.tally()})")

    def _left(self, done: int) -> str:
        """The rate is counted from the first that ended, since what comes before is starting up."""
        if self._first is None or not 1 < done < self._total:
            return ""
        return f", about {(self._last - self._first) / (done - 1) * (self._total - done):.0f} s left"


def for_stream(file: TextIO | None = None) -> Progress:
    """A bar where a person watches (a terminal, a notebook), lines elsewhere."""
    stream = file or sys.stderr
    return Bar(stream) if stream.isatty() or "ipykernel" in sys.modules else Lines(stream)
