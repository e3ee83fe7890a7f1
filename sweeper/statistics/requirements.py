"""Whether a value is good enough: met, not met, or undecided, and how many more data would decide it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sweeper.errors import PartError
from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.shares import share_bounds

Outcome = Literal["met", "not met", "undecided"]
Bounds: TypeAlias = Callable[[Level], Interval]
"""The interval of a value at any level."""
MOST_DATA = 10**9
"""If more than so many data would be needed, none would be enough: the value is at the limit."""


@dataclass(frozen=True)
class Verdict:
    """What may be concluded.

    Attributes
    ----------
    outcome
        `met` and `not met` are wrong with a probability of at most 1 - confidence, where the bounds are right.
    further
        If undecided: the number of further data that would about decide it, if the value stays as it is; `None` where
        it is not known.
    reason
        If undecided: why, in words.
    bound
        The bound that stands between the value and the limit, or should; `None` where the value alone decides, or
        there are no bounds.
    """

    outcome: Outcome
    further: int | None = None
    reason: str = ""
    bound: float | None = None


@dataclass(frozen=True)
class Limit:
    """What a value must be.

    Attributes
    ----------
    minimum, maximum
        One of them: the value must be at least, or at most, this.
    confidence
        How sure a verdict shall be.
    judge
        `interval`: the bound decides. `value`: the value decides, however few the data are.

    Raises
    ------
    PartError
        Both limits are given, or neither.
    """

    minimum: float | None = None
    maximum: float | None = None
    confidence: float = 0.95
    judge: Literal["interval", "value"] = "interval"

    def __post_init__(self) -> None:
        if (self.minimum is None) == (self.maximum is None):
            raise PartError(f"a requirement has min or max, one of them; got min={self.minimum}, max={self.maximum}.")

    @property
    def value(self) -> float:
        """The limit itself."""
        return self.minimum if self.minimum is not None else self.maximum or 0.0

    def is_fulfilled(self, value: float) -> bool:
        """Whether a value is on the right side of the limit, or on it."""
        return value >= self.value if self.minimum is not None else value <= self.value


NOT_MEASURED = Verdict("undecided", reason="not measured")
OPEN = "the interval contains the limit"
AT_LIMIT = "the value is at the limit, so that no number of data would decide"


def verdict(limit: Limit, value: float | None, bounds: Bounds | None, datasets: int = 1) -> Verdict:
    """Judge one value.

    Parameters
    ----------
    limit
        What is asked for.
    value
        What was measured; `None` or NaN if there is no valid value.
    bounds
        Its interval at any level; `None` if it has none.
    datasets
        How many datasets the requirement is for. See `together`.
    """
    if value is None or math.isnan(value):
        return NOT_MEASURED
    fulfilled = limit.is_fulfilled(value)
    if limit.judge == "value":
        return Verdict("met" if fulfilled else "not met")
    rest = (1 - limit.confidence) / (1 if fulfilled else datasets)
    interval = bounds(Level(1 - rest, "one")) if bounds is not None else None
    if interval is None or interval.low is None or interval.high is None:
        return Verdict("undecided", reason="no bounds" if interval is None else interval.method.removeprefix("none: "))
    nearest = interval.low if (limit.minimum is not None) == fulfilled else interval.high
    if limit.is_fulfilled(nearest) == fulfilled:
        return Verdict("met" if fulfilled else "not met", bound=nearest)
    further = further_data(value, limit.value, interval, Level(1 - rest, "one"))
    return Verdict("undecided", further, OPEN if further or not interval.stderr else AT_LIMIT, nearest)


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on one model over several datasets, each of which must meet the requirement.

    It is met where it is met on each: that needs no correction, since it is wrong only if it is wrong on a dataset that
    does not meet it (Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982). It
    is not met where it is not met on one: that could happen by chance on any of them, so `verdict` divides what is left
    to chance by the number of datasets (Bonferroni).
    """
    outcomes = {each.outcome for each in verdicts}
    if "not met" in outcomes:
        return Verdict("not met")
    if outcomes == {"met"}:
        return Verdict("met")
    open_ones = [each for each in verdicts if each.outcome == "undecided"]
    numbers = [each.further for each in open_ones]
    known = [number for number in numbers if number is not None]
    reasons = dict.fromkeys(each.reason for each in open_ones)
    return Verdict("undecided", max(known) if len(known) == len(numbers) and known else None, "; ".join(reasons))


def further_data(value: float, limit: float, interval: Interval, level: Level) -> int | None:
    """How many data more would about decide, if the value stays as it is; `None` if no number would.

    A bound of a value in [0, 1] with this standard error moves as that of a share of as many data as such a share needs
    for it; of other values, the distance of the bound is taken to fall with the root of the number of data.
    """
    distance = abs(value - limit)
    is_share = (0 < value < 1 and "wilson" in interval.method) or "pearson" in interval.method
    if distance == 0 or not (interval.stderr or is_share):
        return None
    if not is_share:
        bound = interval.low if limit < value else interval.high
        return _further(interval.n * ((abs(value - (bound or 0.0)) / distance) ** 2 - 1))
    alone = value * (1 - value) / interval.stderr**2 if interval.stderr else interval.n

    def decides(times: float) -> bool:
        low, high = share_bounds(value, alone * times, level)
        return low >= limit if limit < value else high <= limit

    return _further(interval.n * (_first(decides, MOST_DATA / interval.n) - 1))


def _first(decides: Callable[[float], bool], most: float) -> float:
    """The least number above 1 that decides, to half a percent; infinite if none below `most` does."""
    low, high = 1.0, 2.0
    while not decides(high):
        low, high = high, 2 * high
        if low >= most:
            return math.inf
    while high / low > 1.005:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def _further(number: float) -> int | None:
    return max(1, math.ceil(number)) if number < MOST_DATA else None
