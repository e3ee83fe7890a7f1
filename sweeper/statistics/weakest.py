"""Parts of the data by how badly a model does on them, with an allowance for having looked at many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.by_class import Estimate, estimate
from sweeper.statistics.labels import LEAST_SUPPORT
from sweeper.statistics.shares import exact

if TYPE_CHECKING:
    import numpy.typing as npt


@dataclass(frozen=True)
class SliceAccuracy:
    """The share of right predictions on one slice of the data.

    Attributes
    ----------
    accuracy
        The interval is simultaneous: with the probability of the level all slices that have one are inside theirs.
    rest
        The share of right predictions on the other data; `None` where there are none.
    p_value
        Of "the model is not worse on this slice than on the rest"; `None` where that was not tested.
    adjusted_p_value
        The same after Holm's correction over all slices that were tested.
    place
        From 1 for the weakest slice: that with the smallest upper bound. Slices without bounds come last.
    """

    accuracy: Estimate
    rest: float | None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    place: int = 0


def slice_accuracies(
    counts: Sequence[tuple[int, int]], right: int, size: int, level: Level = STANDARD
) -> tuple[SliceAccuracy, ...]:
    """How a model does on each of several slices, which may overlap, in the order in which they are given.

    Parameters
    ----------
    counts
        Number of right predictions on each slice, and its number of data.
    right, size
        The same of all data.
    level
        Of all intervals together.

    Notes
    -----
    Who looks at many slices finds one that does badly by chance. So each interval leaves to chance what the level does,
    divided by the number of slices with at least `LEAST_SUPPORT` data (Bonferroni); about smaller ones nothing is
    claimed. At such levels Wilson's interval does not hold what it promises, so the exact one is taken. The test
    against the rest is Fisher's, one-sided, with the correction of Holm, "A simple sequentially rejective multiple test
    procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    looked_at = sum(n >= LEAST_SUPPORT for _, n in counts)
    each = Level(1 - (1 - level.confidence) / max(looked_at, 1))
    found = [_accuracy(hits, n, right, size, each, looked_at) for hits, n in counts]
    adjusted = iter(holm([one.p_value for one in found if one.p_value is not None]))
    found = [one if one.p_value is None else replace(one, adjusted_p_value=next(adjusted)) for one in found]
    order = sorted(range(len(found)), key=lambda number: _weakness(found[number].accuracy))
    places = {number: place for place, number in enumerate(order, start=1)}
    return tuple(replace(one, place=places[number]) for number, one in enumerate(found))


def _accuracy(hits: int, n: int, right: int, size: int, level: Level, looked_at: int) -> SliceAccuracy:
    others = size - n
    rest = (right - hits) / others if others else None
    if n < LEAST_SUPPORT:
        return SliceAccuracy(estimate(hits, n, level, "in this slice"), rest)
    share = hits / n
    low, high = exact(share, n, level.tail)
    method = f"clopper_pearson, simultaneous over {looked_at} slices"
    interval = Interval(n, math.sqrt(share * (1 - share) / n), low, high, method)
    p_value = chance_if_not_worse(hits, n, right, size) if others else None
    return SliceAccuracy(Estimate(share, interval), rest, p_value)


def _weakness(accuracy: Estimate) -> tuple[bool, float, float]:
    """What slices are sorted by, the weakest first."""
    interval: Interval = accuracy.interval
    unknown = interval.high is None
    return unknown, 0.0 if interval.high is None else interval.high, accuracy.value or 0.0


def chance_if_not_worse(hits: int, n: int, right: int, size: int) -> float:
    """The p-value of "right predictions are not rarer among these `n` data than among the others".

    It is exact: of `size` data, `right` of them right, `n` are drawn, and `hits` or fewer of them are right (Fisher,
    "The logic of inductive inference", Journal of the Royal Statistical Society 98, 1935).
    """
    from scipy.special import logsumexp

    drawn = np.arange(max(0, n - (size - right)), hits + 1)
    chances = _log_choose(right, drawn) + _log_choose(size - right, n - drawn) - _log_choose(size, np.array([n]))
    return min(1.0, float(np.exp(logsumexp(chances))))


def _log_choose(total: int, some: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The logarithms of how many ways there are to choose some of `total` data."""
    from scipy.special import gammaln

    return np.asarray(gammaln(total + 1) - gammaln(some + 1) - gammaln(total - some + 1), np.float64)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values after Holm's correction, in the order in which they are given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, number in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[number]))
        adjusted[number] = largest
    return adjusted
