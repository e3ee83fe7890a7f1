"""What a person sees while a sweep runs: one bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, TextIO

from sweeper.messages.outcome import Failure, Status
from sweeper.running.fitted import fitted, middle_cut
from sweeper.running.now import NOTHING, Now
from sweeper.running.pace import Pace, in_words
from sweeper.running.ticker import Ticker

TICK_S = 1.0
"""So often a bar is drawn anew, whether or not anything ended."""
PAUSE_S = 0.1
"""It is drawn no more often than this where quick runs end one after another."""


def nothing() -> Now:
    """What goes on where nothing does."""
    return NOTHING


class Progress(Protocol):
    """Told of everything that happens in a sweep, in the driver's main thread."""

    def start(self, total: int, skipped: int) -> None:
        """The plan is made: so many combinations run, so many are skipped."""
        ...

    def stage(self, text: str) -> None:
        """What the sweep waits for (`starting workers`), until something runs or ends, or the text is empty."""
        ...

    def expect(self, seconds: float | None) -> None:
        """By what earlier runs took, all will take so long; `None` where no earlier run is known."""
        ...

    def running(self, look: Callable[[], Now]) -> None:
        """From now on `look` says what goes on, at any time and to any thread, at once."""
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
    def expect(self, seconds: float | None) -> None: ...
    def running(self, look: Callable[[], Now]) -> None: ...
    def ended(self, status: str, failure: Failure | None = None) -> None: ...
    def note(self, text: str) -> None: ...
    def close(self) -> None: ...


class _Counting:
    """Counts what the two visible forms show."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.causes: Counter[str] = Counter()
        """How often something failed, by its cause."""
        self.look: Callable[[], Now] = nothing
        self.skipped = 0
        self.waiting_for = ""
        self.pace = Pace()

    def started(self, total: int, skipped: int) -> None:
        self.skipped = skipped
        self.pace.start(total)

    def expect(self, seconds: float | None) -> None:
        self.pace.expected_s = seconds

    def running(self, look: Callable[[], Now]) -> None:
        self.look = look

    def counted(self, status: str, failure: Failure | None) -> bool:
        """Count an end; whether its failure has a cause that was not shown yet."""
        self.waiting_for = ""
        self.counts[status] += 1
        self.pace.ended(time.monotonic())
        if failure is None:
            return False
        self.causes[failure.cause] += 1
        return not failure.cause or self.causes[failure.cause] == 1

    def now(self) -> Now:
        """What goes on. Workers have started once one of them says what it does."""
        now = self.look()
        if now.running:
            self.waiting_for = ""
        return now

    def tally(self) -> list[str]:
        """How many ended in which way, and how many were skipped, if any."""
        failed = sum(n for status, n in self.counts.items() if status not in (Status.COMPLETED, Status.CANCELLED))
        causes = f"{len(self.causes)} cause{'s' if len(self.causes) > 1 else ''}"
        alike = f" ({causes})" if len(self.causes) < self.causes.total() else ""
        ended = [f"ok {self.counts[Status.COMPLETED]}", f"failed {failed}{alike}"]
        return [*ended, f"skipped {self.skipped}"] if self.skipped else ended

    def left(self) -> str:
        """How long the rest is likely to take, in words; empty where that is not known."""
        seconds = self.pace.left_s(time.monotonic())
        return "" if seconds is None else f"about {in_words(seconds)} left"


class Bar(_Counting):
    """One tqdm bar, and below it, while something lasts, what goes on: a line, and one more for a cluster.

    The bar says done/total, time, what is left, and how many are ok, failed and skipped.
    """

    FORM = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
    """Without tqdm's own guess of the time left, by which the start of the workers counts as work."""
    LEAST = len("100%|####| / [00:00:00, ]")
    """Columns of the bar without its numbers and words."""

    def __init__(self, file: TextIO | None = None) -> None:
        super().__init__()
        self._file = file or sys.stderr
        self._bar: Any = None
        self._below: list[Any] = []
        self._total, self._drawn = 0, 0.0
        self._drawing = threading.RLock()
        self._ticker = Ticker(self.tick, TICK_S)

    def start(self, total: int, skipped: int) -> None:
        self._total = total
        self.started(total, skipped)
        self._bar = self._line(total=total, unit="run", bar_format=self.FORM)
        self.tick()
        self._ticker.start()

    def stage(self, text: str) -> None:
        self.waiting_for = text
        self.tick()

    def ended(self, status: str, failure: Failure | None = None) -> None:
        is_new = self.counted(status, failure)
        if failure is not None and is_new:
            self.note(failure.line())
        if time.monotonic() - self._drawn >= PAUSE_S:
            self._draw_bar()

    def note(self, text: str) -> None:
        if self._bar is None:
            self._file.write(f"{text}\n")
        else:
            self._bar.write(text, file=self._file)

    def close(self) -> None:
        if self._bar is not None:
            self._ticker.stop()
            self.waiting_for, self.look = "", nothing
            self.tick()
            for line in (*reversed(self._below), self._bar):
                line.close()
            self._bar = None
            self._below.clear()

    def _line(self, **options: Any) -> Any:
        from tqdm.auto import tqdm

        return tqdm(file=self._file, dynamic_ncols=True, **options)

    def _postfix(self) -> str:
        numbers = self.counts.total(), self._total
        room = columns(self._file) - self.LEAST - sum(len(str(number)) for number in numbers)
        ended, left = self.tally(), self.left()
        return fitted(
            [", ".join(filter(None, parts)) for parts in ((left, *ended), (left, *ended[:2]), ended[:2])], room
        )

    def tick(self) -> None:
        """Draw it anew."""
        with self._drawing:
            now = self.now()
            self._draw_bar()
            if self._bar is not None:
                self._draw_below([fitted_line(now, self.waiting_for, columns(self._file)), now.cluster])

    def _draw_bar(self) -> None:
        with self._drawing:
            self._drawn = time.monotonic()
            if self._bar is not None:
                self._bar.n = self.counts.total()
                self._bar.set_postfix_str(self._postfix())

    def _draw_below(self, texts: list[str]) -> None:
        """Draw these lines, as many as there were before or as have something to say."""
        while texts and not texts[-1] and len(texts) > len(self._below):
            texts.pop()
        while len(self._below) < len(texts):
            self._below.append(self._line(total=0, position=len(self._below) + 1, bar_format="{desc}", leave=False))
        for line, text in zip(self._below, texts, strict=True):
            line.set_description_str(text)


def fitted_line(now: Now, waiting_for: str, room: int) -> str:
    """What goes on, in one line of at most so many columns."""
    counts, at = now.counts(), now.longest or waiting_for
    between = ": " if counts and at else ""
    return f"{counts}{between}{middle_cut(at, room - len(counts) - len(between))}"[:room]


def columns(file: TextIO) -> int:
    """How many columns can be written without a new line; many where that is not known, as in a notebook."""
    with suppress(OSError, ValueError, AttributeError):
        return (os.get_terminal_size(file.fileno()).columns or 80) - 1
    return 200


class Lines(_Counting):
    """For logs and pipes: a line at the start, every `interval_s` seconds, and at the end."""

    def __init__(self, file: TextIO | None = None, interval_s: float = 15.0) -> None:
        super().__init__()
        self._file = file or sys.stderr
        self._total = 0
        self._began = time.monotonic()
        self._ticker = Ticker(self.tick, interval_s)

    def start(self, total: int, skipped: int) -> None:
        self._total, self._began = total, time.monotonic()
        self.started(total, skipped)
        self.note(f"{total} to run, {skipped} skipped")
        self._ticker.start()

    def stage(self, text: str) -> None:
        self.waiting_for = text
        if text:
            self.note(text)

    def ended(self, status: str, failure: Failure | None = None) -> None:
        if self.counted(status, failure) and failure is not None:
            self.note(failure.line())

    def note(self, text: str) -> None:
        self._file.write(f"{text}\n")
        self._file.flush()

    def close(self) -> None:
        self._ticker.stop()
        self.waiting_for, self.look = "", nothing
        self.tick()

    def tick(self) -> None:
        """Write a line."""
        now = self.now()
        spent = f"in {time.monotonic() - self._began:.0f} s"
        said = ", ".join(filter(None, (spent, self.left(), now.longest or self.waiting_for, now.cluster)))
        counts = ", ".join(filter(None, (*self.tally(), now.counts())))
        self.note(f"{self.counts.total()}/{self._total} done {said} ({counts})")


def for_stream(file: TextIO | None = None) -> Progress:
    """A bar where a person watches (a terminal, a notebook), lines elsewhere."""
    stream = file or sys.stderr
    return Bar(stream) if stream.isatty() or _is_notebook() else Lines(stream)


def _is_notebook() -> bool:
    """Whether this process is the kernel of a notebook; other programs may import `ipykernel` too."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return kernel is not None and kernel.IPKernelApp.initialized()
