"""Two values of one kind on the same data: means over data are compared datum by datum, others on resamples."""

from __future__ import annotations

from typing import TypeAlias

from sweeper.errors import PartError
from sweeper.statistics import paired
from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.contributions import Contributions
from sweeper.statistics.resampled import Resampled, chance_if_resampled_is_not_better, resampled_difference

Comparable: TypeAlias = Contributions | Resampled
"""What is known of a value by datum, or by resample."""


def difference(
    first: Comparable, second: Comparable, level: Level = STANDARD, clusters: Clusters = INDEPENDENT
) -> Interval:
    """The interval of the value of `first` less that of `second`. Resamples know the clusters that they were drawn by.

    Raises
    ------
    PartError
        One is known by datum and the other by resample, or their data differ in number.
    """
    if isinstance(first, Resampled) and isinstance(second, Resampled):
        return resampled_difference(first, second, level)
    if isinstance(first, Resampled) or isinstance(second, Resampled):
        raise _unlike()
    return paired.difference(first, second, level, clusters)


def chance_if_not_better(first: Comparable, second: Comparable, clusters: Clusters = INDEPENDENT) -> float:
    """The p-value of "the value of `first` is not above that of `second`".

    Raises
    ------
    PartError
        As for `difference`.
    """
    if isinstance(first, Resampled) and isinstance(second, Resampled):
        return chance_if_resampled_is_not_better(first, second)
    if isinstance(first, Resampled) or isinstance(second, Resampled):
        raise _unlike()
    return paired.chance_if_not_better(first, second, clusters)


def _unlike() -> PartError:
    return PartError("Two values can be compared that are both known by datum, or both by resample.")
