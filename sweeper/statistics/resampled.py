"""A value beside what it is on resamples of its data, where it is no mean over data: its interval and differences.

All models on one dataset are measured on the same resamples (`sweeper.statistics.resampling.Resamples`). So the
difference of two models is known on each of them, and what is particular to the data drops out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.paired import combined
from sweeper.statistics.resampling import FEWEST_DATA, FEWEST_RESAMPLES, bootstrap_interval

if TYPE_CHECKING:
    from sweeper.statistics.confusion import Floats


@dataclass(frozen=True, eq=False)
class Resampled:
    """One value of one model on one dataset.

    Attributes
    ----------
    value
        On the data themselves.
    values
        On R resamples; NaN where one has none.
    size
        Number of data, or of clusters, that each resample draws.
    between, runs
        Of a mean over runs, the variance of that mean for other runs, and their number; 0 and 1 else.
    """

    value: float
    values: Floats
    size: int
    between: float = 0.0
    runs: int = 1

    def interval(self, level: Level) -> Interval:
        """The interval of the value for other data."""
        return bootstrap_interval(self.value, self.values, self.size, level)


def weighted_value(parts: Sequence[tuple[float, Resampled]]) -> Resampled:
    """A sum of values of one model on the same data under several conditions, each with a weight."""
    value = sum(weight * part.value for weight, part in parts)
    return Resampled(value, np.sum([weight * part.values for weight, part in parts], axis=0), parts[0][1].size)


def mean_value(runs: Sequence[Resampled]) -> Resampled:
    """The mean of a value over R runs on the same data, such as trainings with several seeds."""
    if len(runs) == 1:
        return runs[0]
    values = [run.value for run in runs]
    between = float(np.var(values, ddof=1)) / len(runs)
    mean = np.mean([run.values for run in runs], axis=0)
    return Resampled(float(np.mean(values)), mean, runs[0].size, between, len(runs))


def resampled_difference(first: Resampled, second: Resampled, level: Level) -> Interval:
    """The interval of the value of `first` less that of `second`.

    That of the bootstrap; of means over runs, what the runs differ by is added to the variance, and Student's t taken.
    """
    gaps = first.values - second.values
    if first.runs == second.runs == 1:
        return bootstrap_interval(first.value - second.value, gaps, first.size, level)
    known = bootstrap_interval(float(np.nanmean(gaps)), gaps, first.size, level)
    if known.stderr is None:
        return known
    stderr, freedom = _with_runs(known.stderr**2, first, second)
    gap, half = first.value - second.value, level.t(freedom) * stderr
    return Interval(known.n, stderr, gap - half, gap + half, "bootstrap_t")


def chance_if_resampled_is_not_better(first: Resampled, second: Resampled) -> float:
    """The p-value of "the value of `first` is not above that of `second`"; 1 where it cannot be tested.

    The larger of two: that of Student's t with the standard error of the bootstrap, and the share of the resamples on
    which the first is not above the second. The first knows the tail beyond what R resamples show, the second a
    distribution that is not normal.
    """
    from scipy.special import stdtr

    gaps = first.values - second.values
    gaps = gaps[np.isfinite(gaps)]
    stderr = float(gaps.std(ddof=1)) if len(gaps) > 1 else 0.0
    if first.size < FEWEST_DATA or len(gaps) < max(FEWEST_RESAMPLES, 0.95 * len(first.values)) or stderr == 0:
        return 1.0
    stderr, freedom = _with_runs(stderr**2, first, second)
    by_t = float(stdtr(freedom, -(first.value - second.value) / stderr))
    return by_t if first.runs + second.runs > 2 else max(by_t, float((gaps <= 0).sum() + 1) / (len(gaps) + 1))


def _with_runs(within: float, first: Resampled, second: Resampled) -> tuple[float, float]:
    """The standard error of a difference for other data and other runs, and its degrees of freedom."""
    between = [(one.between, one.runs - 1.0) for one in (first, second) if one.runs > 1]
    return combined([(within, first.size - 1.0), *between])
