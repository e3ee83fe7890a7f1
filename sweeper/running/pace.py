"""How long the rest of a sweep is likely to take. Told the time; pure."""

from __future__ import annotations

from dataclasses import dataclass

SURE = 0.1
"""From this share of the combinations on, what has ended tells more than what earlier sweeps took."""
TOGETHER_S = 1.0
"""What ends so soon after the first has likely shared its inference, so that its number tells no rate."""


@dataclass
class Pace:
    """Guesses the time left: at first by what earlier runs took, then by what has ended.

    The rate is counted from the first ends on, since what comes before is the start of the workers.
    """

    expected_s: float | None = None
    """How long all is likely to take by what earlier runs took."""
    _total: int = 0
    _done: int = 0
    _first: float | None = None
    _since: float = 0.0
    """When the last of the first ends was, from which on the rate is counted."""
    _at_first: int = 0
    """How many ended until then."""

    def start(self, total: int) -> None:
        """So many are to run from now on."""
        self._total = total

    def ended(self, now: float) -> None:
        """One has ended."""
        self._done += 1
        self._first = now if self._first is None else self._first
        if now - self._first <= TOGETHER_S:
            self._since, self._at_first = now, self._done

    def left_s(self, now: float) -> float | None:
        """Seconds until the rest has ended; `None` where nothing tells, and where nothing is left."""
        if self._done >= self._total:
            return None
        by_history = None if self.expected_s is None else self.expected_s * (1 - self._done / self._total)
        later = self._done - self._at_first
        if not later:
            return by_history
        by_rate = (now - self._since) / later * (self._total - self._done)
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
