"""The interval of the mean of a loss by datum, such as the Brier score and the log loss of a classifier."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.shares import share_bounds

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Floats

LEAST_OF_A_KIND = 5
"""With fewer data that are wrong, or right, what one of them costs cannot be estimated, and there are no bounds."""


def loss_interval(
    losses: Floats, right: npt.NDArray[np.bool_], level: Level = STANDARD, clusters: Clusters = INDEPENDENT
) -> Interval:
    """The interval of a mean loss, from N losses and which of the N data are right.

    Notes
    -----
    Few wrong predictions make most of such a mean, so its distribution is skewed, and the usual interval by Student's t
    is too short above at small samples. A second one splits the mean into the share of wrong data, with the bounds of a
    share, and the mean losses of both kinds, and combines them by the method of Zou and Donner (see
    `sweeper.statistics.labels`). On each side the wider one is taken. Data in clusters count as fewer, by their design
    effect.
    """
    size, wrong = len(losses), ~right
    effect = clusters.effect(losses - losses.mean(), wrong, level)
    if (reason := clusters.too_few or too_few_of_a_kind(wrong, effect)) is not None:
        return Interval.none(size, reason)
    mean, number = float(losses.mean()), size / effect
    stderr = float(losses.std(ddof=1)) / math.sqrt(number)
    down, up = _by_kinds(losses, wrong, number, level)
    half = level.t(max(number - 1, 1.0)) * stderr
    return Interval(size, stderr, mean - max(half, down), mean + max(half, up), clusters.named("mean_of_kinds"))


def too_few_of_a_kind(wrong: npt.NDArray[np.bool_], effect: float) -> str | None:
    """Why there can be no bounds, if so: too few data are wrong, or right, counted as `effect` of them tell as one."""
    number = int(wrong.sum())
    for count, what in ((number, "wrong"), (len(wrong) - number, "right")):
        if count / effect < LEAST_OF_A_KIND:
            counts_as = f", which count as {count / effect:.3g}" if effect > 1 else ""
            return f"{count} data are {what}{counts_as}; at least {LEAST_OF_A_KIND} are needed"
    return None


def _by_kinds(losses: Floats, wrong: npt.NDArray[np.bool_], number: float, level: Level) -> tuple[float, float]:
    """How far the bounds are below and above the mean."""
    share, of_wrong, of_right = float(wrong.mean()), losses[wrong], losses[~wrong]
    low, high = share_bounds(share, number, level)
    difference = float(of_wrong.mean() - of_right.mean())
    if difference < 0:
        low, high = high, low
    t = level.t(max(min(share, 1 - share) * number - 1, 1.0))
    within = t**2 * share * float(of_wrong.var(ddof=1)) / number
    within += level.z**2 * (1 - share) * float(of_right.var(ddof=1)) / number
    return math.hypot(difference * (share - low), math.sqrt(within)), math.hypot(
        difference * (high - share), math.sqrt(within)
    )
