"""What changed against a baseline: each shown value beside the one of an earlier sweep, a date or another store. Pure.

The differences are those of the command `compare`. What is said of one is what its interval says: `better` or `worse`
only where zero is outside of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sweeper.comparison.differences import (
    BETTER,
    HIGHER,
    LOWER,
    NO_NUMBER,
    ONLY_FIRST,
    ONLY_SECOND,
    SAME,
    UNDECIDED,
    UNKNOWN,
    WORSE,
    Difference,
)
from sweeper.report.leaderboard import measure

if TYPE_CHECKING:
    from sweeper.comparison.measured import Measured
    from sweeper.report.leaderboard import Leaderboard, Line

NEW, NO_INTERVAL = "new", "no interval"
_WORDS = {ONLY_SECOND: NEW, ONLY_FIRST: "gone", UNKNOWN: NO_INTERVAL}
_COUNTED = (WORSE, BETTER, HIGHER, LOWER, UNDECIDED, SAME, NO_INTERVAL, NEW, "gone", NO_NUMBER)


@dataclass(frozen=True)
class Against:
    """What is shown beside a baseline."""

    label: str
    """The baseline in words: `sweep 20260315T101500-4f1a2b (nightly)`."""
    confidence: float
    """Of the intervals of the differences."""
    differences: tuple[Difference, ...]

    def with_verdict(self, *verdicts: str) -> list[Difference]:
        """Those of which this is said, the clearest first: the farther zero is from the interval, by its width."""
        return sorted((one for one in self.differences if one.verdict in verdicts), key=_clearness, reverse=True)

    @property
    def counts(self) -> dict[str, int]:
        """How many values are worse, better and so on, in this order; without what none is."""
        found = Counter(word(one) for one in self.differences)
        return {name: found[name] for name in _COUNTED if found[name]}

    @cached_property
    def reasons(self) -> dict[str, int]:
        """Why a difference has no interval, and of how many values."""
        return dict(Counter(one.reason for one in self.differences if one.reason))

    def of(self, board: Leaderboard, line: Line, column: int) -> Difference | None:
        """The difference of what stands in a leaderboard at a line and column."""
        return next((self._by_place[place] for place in _places(board, line, column) if place in self._by_place), None)

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, ...], Difference]:
        return {_place(one.either): one for one in self.differences}


def word(one: Difference) -> str:
    """What may be said of a value beside that of the baseline."""
    return _WORDS.get(one.verdict, one.verdict)


def measure_of(value: Measured) -> str:
    """What a leaderboard calls it; where no model takes part the key."""
    named = measure({"key": value.key, "metric": value.metric, "model": value.model})
    return named if value.model else " ".join(filter(None, (value.metric, value.key)))


def _place(value: Measured) -> tuple[str, ...]:
    key = "" if value.model else value.key
    named = measure({"key": value.key, "metric": value.metric, "model": value.model})
    return value.capability, named, value.model, value.dataset, key


def _places(board: Leaderboard, line: Line, column: int) -> Iterator[tuple[str, ...]]:
    """Where the value of a cell may be, as `_place` says it."""
    top = board.columns[column]
    if board.side == "model" and board.top == "dataset":
        yield board.capability, board.measure, line.name, top, ""
    elif board.side == "model":  # a family: the keys of one metric on one dataset
        for named in (f"{board.metric} {top}", top):
            yield board.capability, named, line.name, board.dataset, ""
    else:
        dataset, key = (line.name, top) if board.side == "dataset" else (top, line.name)
        yield board.capability, board.measure, "", dataset, key


def _clearness(one: Difference) -> float:
    if one.interval is None or one.interval.low is None or one.interval.high is None:
        return 0.0
    width = one.interval.high - one.interval.low
    return min(abs(one.interval.low), abs(one.interval.high)) / width if width else float("inf")


def signed(change: float | None) -> str:
    """A difference to three digits, with its sign."""
    return "" if change is None else f"{change:+.3g}"


def bounds(one: Difference) -> str:
    """The interval of a difference: `-0.041 to -0.012`."""
    found = one.interval
    return "" if found is None or found.low is None or found.high is None else f"{found.low:+.3g} to {found.high:+.3g}"


def number(value: Measured | None) -> str:
    """A value to four digits; nothing where there is none."""
    return "" if value is None or value.value is None else f"{value.value:.4g}"


def in_words(counts: Mapping[str, int]) -> str:
    """`2 worse, 1 better, 30 undecided`."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def listed(found: Iterable[Difference], most: int) -> tuple[Sequence[Difference], int]:
    """The first of some, and how many more there are."""
    every = list(found)
    return every[:most], max(0, len(every) - most)
