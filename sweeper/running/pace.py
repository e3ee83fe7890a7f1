"""How long the rest of a sweep is likely to take, and which run has been going on for long. Told the time; pure."""

from __future__ import annotations

from dataclasses import dataclass

SURE = 0.1
"""From this share of the combinations on, what has ended tells more than what earlier sweeps took."""
LONG_S = 10.0
"""A run that is older is named."""


@dataclass
class Pace:
    """Guesses the time left: at first by what earlier runs took, then by what has ended.

    The rate is counted from the first end on, since what comes before is the start of the workers.
    """

    expected_s: float | None = None
    """How long all is likely to take by what earlier runs took."""
    _total: int = 0
    _done: int = 0
    _began: float = 0.0
    _first: float | None = None

    def start(self, total: int, now: float) -> None:
        """So many are to run from now on."""
        self._total, self._began = total, now

    def ended(self, now: float) -> None:
        """One has ended."""
        self._done += 1
        self._first = now if self._first is None else self._first

    def left_s(self, now: float) -> float | None:
        """Seconds until the rest has ended; `None` where nothing tells, and where nothing is left."""
        if self._done >= self._total:
            return None
        by_history = None if self.expected_s is None else self.expected_s * (1 - self._done / self._total)
        if self._first is None or self._done < 2 or now <= self._first:
            return by_history
        by_rate = (now - self._first) / (self._done - 1) * (self._total - self._done)
        if by_history is None:
            return by_rate if self._done >= min(SURE * self._total, 10) else None
        trust = min(self._done / self._total / SURE, 1.0)
        return trust * by_rate + (1 - trust) * by_history


def in_words(seconds: float) -> str:
    """A duration as people say it: `40 s`, `3 min`, `2 h 10 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def longest(name: str, seconds: float) -> str:
    """What is said of the run that has been going on for longest; empty while that is not long."""
    return f"{in_words(seconds)} in {name}" if seconds >= LONG_S else ""
