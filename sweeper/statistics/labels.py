"""The intervals of metrics that are computed from labels and predictions: means over the classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics import confusion
from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.shares import share_bounds

if TYPE_CHECKING:
    from sweeper.statistics.confusion import Classes, Floats, LabelMetric

LEAST_SUPPORT = 5
"""A class with fewer labels, or for precision fewer predictions, leaves the mean over the classes without bounds."""
MOST_CLASSES = 2_000
"""The counts are K x K, so memory is bounded where K is: 32 MB for each of a few matrices."""


def label_interval(
    metric: LabelMetric,
    labels: Classes,
    predictions: Classes,
    level: Level = STANDARD,
    clusters: Clusters = INDEPENDENT,
) -> Interval:
    """The interval of a mean over the classes, from N labels and N predictions as indices of classes.

    Notes
    -----
    Two intervals are made, and on each side the wider one is taken:

    1. That of a share with the same value and the same standard error (the effective sample size of Korn and Graubard,
       see `sweeper.statistics.shares.exact`). The standard error is that of the delta method (for F1: Takahashi,
       Yamamoto, Kuchiba and Koyama, "Confidence interval for micro-averaged F1 and macro-averaged F1 scores", Applied
       Intelligence 52, 2022), at counts that `confusion.smoothed` gives with a weight of z^2: a class without an error
       is not taken for one that cannot fail.
    2. The class that contributes most of the variance with the bounds of its own share, the others together, combined
       by the method of Zou and Donner, "Construction of confidence limits about effect measures: a general approach",
       Statistics in Medicine 27, 2008. It is the wider one where one rare class decides.

    Macro F1 is biased in small samples; its interval is around the corrected value. Data in clusters count as fewer:
    all counts are divided by the design effect.
    """
    size = len(labels)
    rows, columns, classes = confusion.encoded(labels, predictions)
    if not 1 < classes <= MOST_CLASSES:
        return Interval.none(size, f"{classes} classes; from 2 to {MOST_CLASSES} are possible")
    counts = confusion.matrix(rows, columns, classes)
    influence = confusion.gradient(metric, counts)[rows, columns]
    counts /= clusters.effect(influence - influence.mean(), rows != columns, level)
    if (reason := clusters.too_few or _too_little(metric, counts)) is not None:
        return Interval.none(size, reason)
    stderr, low, high = _bounds(metric, counts, level)
    return Interval(size, stderr, low, high, clusters.named("macro_wilson"))


def _too_little(metric: LabelMetric, counts: Floats) -> str | None:
    axis, what = (0, "predictions") if metric == "precision" else (1, "labels")
    least = float(counts.sum(axis=axis)[confusion.counted(metric, counts)].min())
    if least >= LEAST_SUPPORT:
        return None
    return f"a class has {least:.3g} {what}; at least {LEAST_SUPPORT} are needed"


def _bounds(metric: LabelMetric, counts: Floats, level: Level) -> tuple[float, float, float]:
    """Standard error, lower and upper bound."""
    around = confusion.smoothed(metric, counts, level.z**2)
    expected, variance = confusion.mean_over_classes(metric, around), confusion.variance(metric, around)
    middle = min(confusion.mean_over_classes(metric, counts) + _correction(metric, counts), 1.0)
    low, high = share_bounds(middle, max(expected * (1 - expected) / variance, 1.0), level)
    down, up = _by_the_deciding_class(metric, counts, variance, level)
    return math.sqrt(variance), max(min(low, middle - down), 0.0), min(max(high, middle + up), 1.0)


def _correction(metric: LabelMetric, counts: Floats) -> float:
    """What is to be added to the value of macro F1, which is too low in small samples.

    A class has F = 2 d / s, with the number d of its right predictions and the number s of its labels and predictions.
    The second-order term of the delta method is -F (1 - F) / s, from var(s) and cov(d, s) of multinomial counts.
    """
    if metric != "f1":
        return 0.0
    values, used = confusion.by_class(metric, counts), confusion.counted(metric, counts)
    return float((values * (1 - values) / (2 * confusion.denominators(metric, counts)))[used].mean())


def _by_the_deciding_class(metric: LabelMetric, counts: Floats, variance: float, level: Level) -> tuple[float, float]:
    """How far the bounds are below and above the value, where one class decides."""
    used = confusion.counted(metric, counts)
    right, trials = counts.diagonal()[used], _trials(metric, counts)[used]
    shares, z2 = right / trials, level.z**2
    steepness = 2 / (1 + shares) ** 2 if metric == "f1" else 1.0
    safe = (right + z2 / 2) / (trials + z2)  # the middle of Wilson's interval
    variances = safe * (1 - safe) / trials * steepness**2
    place = int(variances.argmax())
    rest = z2 * variance * (1 - variances[place] / variances.sum())
    share = float(shares[place])
    bounds = [_transformed(metric, bound) for bound in share_bounds(share, float(trials[place]), level)]
    distances = [(bound - _transformed(metric, share)) / len(shares) for bound in bounds]
    return math.sqrt(rest + distances[0] ** 2), math.sqrt(rest + distances[1] ** 2)


def _trials(metric: LabelMetric, counts: Floats) -> Floats:
    """Of how many data the share of a class is. For F1 it is the share J of those that have it as label or prediction.

    F1 = 2 J / (1 + J), so the bounds of J give those of F1.
    """
    below = confusion.denominators(metric, counts)
    return np.maximum(2 * below - counts.diagonal() if metric == "f1" else below, 1e-9)


def _transformed(metric: LabelMetric, share: float) -> float:
    return 2 * share / (1 + share) if metric == "f1" else share
