"""From values to places on a line, and the round numbers that are written along it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

MARGIN = 0.05
"""What is free on both sides of the values, as a share of their range."""
LEAST = 1e-9
"""A range that is smaller, beside the values in it, is drawn wider: it would show how floats are rounded."""
TINY = 1e-290
"""What is smaller counts as zero: powers of ten below it are not exact."""
_ROUND = (1, 2, 2.5, 5, 10)
"""Steps between numbers along an axis, up to a power of ten."""
_PLAIN = (1e-4, 1e6)
"""Numbers of a size between these are written without an exponent."""


@dataclass(frozen=True)
class Scale:
    """Puts a value between `low` and `high` at a place between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False
    """Whether equal ratios are equally far apart; then `low`, `high` and every value are above 0."""

    def at(self, value: float) -> float:
        """The place of a value."""
        if self.is_log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
            return self.start + share * (self.end - self.start)
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def range_of(values: Iterable[float]) -> tuple[float, float]:
    """The lowest and the highest number of an axis that shows these values, which are finite; 0 to 1 for none."""
    known = list(values)
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    largest = max(abs(low), abs(high))
    if high - low <= max(LEAST * largest, TINY):
        middle, half = (low + high) / 2, largest * MARGIN if largest > TINY else 1.0
        return middle - half, middle + half
    free = (high - low) * MARGIN
    return low - free, high + free


def log_range_of(values: Iterable[float]) -> tuple[float, float]:
    """The lowest and the highest number of a logarithmic axis that shows these values, which are above 0."""
    low, high = range_of(math.log10(value) for value in values)
    return 10.0**low, 10.0**high


def powers_of_ten(low: float, high: float, most: int) -> list[float]:
    """Powers of ten from `low` to `high`, evenly apart, at most this many."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    return [10.0**power for power in range(first, last + 1, max(1, math.ceil((last - first + 1) / most)))]


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """Round numbers from `low` to `high`, evenly apart, as many as there may be: at most this many."""
    size = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next((size * one for one in _ROUND if _count(low, high, size * one) <= most), size * _ROUND[-1])
    first = math.ceil(low / step)
    return [place * step for place in range(first, first + _count(low, high, step))]


def _count(low: float, high: float, step: float) -> int:
    return math.floor(high / step) - math.ceil(low / step) + 1


def written(numbers: list[float]) -> list[str]:
    """Numbers along an axis as text, all with as many decimals as the step between them needs."""
    largest = max(map(abs, numbers), default=0.0)
    step = min((b - a for a, b in pairwise(numbers)), default=largest) or 1.0
    if largest >= _PLAIN[1] or step < _PLAIN[0]:
        digits = max(0, math.ceil(math.log10(max(largest / step, 1.0))))
        return [f"{number:.{digits}e}" for number in numbers]
    decimals = next((n for n in range(7) if math.isclose(round(step, n), step, rel_tol=1e-6)), 6)
    return [f"{number + 0.0:.{decimals}f}" for number in numbers]
