"""The difference of two models that were measured on the same data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.errors import PartError
from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.clusters import FEW, INDEPENDENT, Clusters

if TYPE_CHECKING:
    from sweeper.statistics.contributions import Contributions

_Parts: TypeAlias = Sequence[tuple[float, float]]
"""Independent parts of a variance, each with its degrees of freedom."""
LEAST_DISAGREEMENT = 10
"""With fewer data on which only one of two models is right, there are bounds for the difference of shares alone."""


def difference(
    first: Contributions, second: Contributions, level: Level = STANDARD, clusters: Clusters = INDEPENDENT
) -> Interval:
    """The interval of the value of `first` less that of `second`.

    Notes
    -----
    What is particular to the data drops out: the interval is that of a mean of N differences (Miller, "Adding Error
    Bars to Evals", arXiv 2411.00640, 2024, section 4.2), by Student's t. Of two shares it is the score interval of
    Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
    Statistics in Medicine 17, 1998, which holds for few disagreements and for none. Data in clusters count as fewer, by
    the design effect of the differences. Of means over runs, what the runs differ by is added to the variance.

    Raises
    ------
    PartError
        The two were measured on different numbers of data.
    """
    gaps, size = differences(first, second), len(first.by_datum)
    disagree = first.right != second.right
    effect = clusters.effect(gaps - gaps.mean(), disagree, level)
    if clusters.too_few is not None:
        return Interval.none(size, clusters.too_few)
    if first.is_share and second.is_share:
        better = float((first.right > second.right).sum()) / effect
        worse = float((second.right > first.right).sum()) / effect
        low, high = tango(better, worse, size / effect, level.z)
        stderr = math.sqrt(float(gaps.var()) * effect / size)
        return Interval(size, stderr, low, high, clusters.named("tango"))
    return _by_t(gaps, int(disagree.sum()), effect, level, clusters, _between(first, second))


def differences(first: Contributions, second: Contributions) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """N differences of contributions."""
    if len(first.by_datum) != len(second.by_datum):
        raise PartError(
            f"Two models can be compared on the same data only; got {len(first.by_datum)} and {len(second.by_datum)}."
        )
    return np.asarray(first.by_datum - second.by_datum, np.float64)


def _by_t(
    gaps: np.ndarray[tuple[int], np.dtype[np.float64]],
    disagree: int,
    effect: float,
    level: Level,
    clusters: Clusters,
    between: _Parts,
) -> Interval:
    size, number = len(gaps), len(gaps) / effect
    if disagree / effect < LEAST_DISAGREEMENT:
        return Interval.none(size, f"the models disagree on {disagree} data; at least {LEAST_DISAGREEMENT} are needed")
    mean = float(gaps.mean())
    stderr, freedom = combined([(float(gaps.var(ddof=1)) / number, max(number - 1, 1.0)), *between])
    half = level.t(freedom) * stderr
    return Interval(size, stderr, mean - half, mean + half, clusters.named("paired_t"))


def _between(first: Contributions, second: Contributions) -> _Parts:
    """How a difference of means over runs varies with the runs; nothing of models that ran once."""
    return [(one.between, one.runs - 1.0) for one in (first, second) if one.runs > 1]


def combined(parts: _Parts) -> tuple[float, float]:
    """The standard error of a sum of independent parts, and its degrees of freedom.

    By Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics Bulletin 2, 1946.
    """
    total = sum(variance for variance, _ in parts)
    if total == 0:
        return 0.0, parts[0][1]
    return math.sqrt(total), total**2 / sum(variance**2 / freedom for variance, freedom in parts)


def tango(better: float, worse: float, size: float, z: float) -> tuple[float, float]:
    """The score interval of the difference of two paired shares.

    Parameters
    ----------
    better, worse
        Numbers of data on which only the first is right, and only the second. They need not be whole.
    size
        Number of all data.
    z
        Quantile of the normal distribution.
    """

    def is_below(limit: float) -> bool:
        return better - worse - size * limit > z * _null_deviation(better, worse, size, limit)

    def is_above(limit: float) -> bool:
        return better - worse - size * limit < -z * _null_deviation(better, worse, size, limit)

    observed = (better - worse) / size
    return -_last(lambda limit: not is_below(-limit), -observed), _last(lambda limit: not is_above(limit), observed)


def _last(holds: Callable[[float], bool], first: float) -> float:
    """The largest value from `first` to 1 up to which a condition holds, which it does at `first`."""
    last, beyond = first, 1.0
    for _ in range(50):
        middle = (last + beyond) / 2
        last, beyond = (middle, beyond) if holds(middle) else (last, middle)
    return last


def _null_deviation(better: float, worse: float, size: float, difference: float) -> float:
    """The standard deviation of `better` - `worse` if the true difference is this one (Tango 1998)."""
    linear = -better - worse + (2 * size - better + worse) * difference
    root = math.sqrt(max(linear**2 + 8 * size * worse * difference * (1 - difference), 0.0))
    only_second = (root - linear) / (4 * size)
    return math.sqrt(max(size * (2 * only_second + difference * (1 - difference)), 0.0))


def chance_if_not_better(first: Contributions, second: Contributions, clusters: Clusters = INDEPENDENT) -> float:
    """The p-value of "the value of `first` is not above that of `second`".

    Of two shares of independent data it is exact: of the data on which only one model is right, as many as were seen or
    more are right for the first, if both are equally likely (McNemar, "Note on the sampling error of the difference
    between correlated proportions or percentages", Psychometrika 12, 1947; with the binomial distribution). Else it is
    that of Student's t, and 1 where the models disagree on too few data, or in too few clusters.
    """
    gaps, disagree = differences(first, second), first.right != second.right
    if first.is_share and second.is_share and clusters.of is None:
        return _sign_test(int((first.right > second.right).sum()), int(disagree.sum()))
    seen = int(disagree.sum()) if clusters.of is None else len(np.unique(clusters.of[disagree]))
    deviation = float(gaps.std(ddof=1))
    least = LEAST_DISAGREEMENT if clusters.of is None else max(FEW, LEAST_DISAGREEMENT)
    if seen < least or deviation == 0 or clusters.too_few is not None:
        return 1.0
    return _t_test(gaps, clusters, _between(first, second))


def _sign_test(better: int, disagree: int) -> float:
    from scipy.special import bdtrc

    return float(bdtrc(better - 1, disagree, 0.5)) if better else 1.0


def _t_test(gaps: np.ndarray[tuple[int], np.dtype[np.float64]], clusters: Clusters, between: _Parts) -> float:
    from scipy.special import stdtr

    sums = clusters.sums(gaps - gaps.mean())
    count = len(sums)
    within = float((sums**2).sum()) * count / (count - 1) / len(gaps) ** 2
    stderr, freedom = combined([(within, count - 1.0), *between])
    return float(stdtr(freedom, -float(gaps.mean()) / stderr))
