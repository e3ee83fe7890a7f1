"""The interval of the expected calibration error."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.losses import too_few_of_a_kind

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Floats

DRAWS = 2_000
"""Number of draws from a normal distribution of `bins` dimensions, for the lower bound."""


def bin_of(confidence: Floats, bins: int) -> npt.NDArray[np.intp]:
    """The index of the bin of each confidence: bins of equal width over (0, 1], closed on the right."""
    # side="left" puts a confidence on an edge into the lower bin.
    return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left")


def error_of(confidence: Floats, right: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """The expected calibration error of N confidences, of which those of `right` data are right."""
    # |B_m| / n * |acc - conf| is the absolute sum of (right - confidence) in the bin, divided by n.
    gaps = np.bincount(bin_of(confidence, bins), weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum()) / len(right)


def calibration_interval(
    confidence: Floats,
    right: npt.NDArray[np.bool_],
    bins: int = 15,
    level: Level = STANDARD,
    clusters: Clusters = INDEPENDENT,
) -> Interval:
    """The interval of the expected calibration error, from N confidences and which of the N data are right.

    It is an interval of the error with these bins, and wider than others on purpose: of a model that is calibrated
    perfectly, the computed error is never 0, so no interval of one standard error to each side is right.

    Notes
    -----
    ECE = sum over the bins of |g_m|, where g_m is the expectation of (right - confidence) on the bin and 0 elsewhere.
    Let G_m be its mean over the data. Then, whatever the g_m are:

    - ECE - computed <= sum of sign(g_m) (g_m - G_m), since |G| >= sign(g) G. This is a mean over the data of a quantity
      that has at most the variance E[(right - confidence)^2], whatever the signs are. So the upper bound needs no
      correction for bias.
    - computed - ECE <= sum of |G_m - g_m|, the length of the error of a mean vector, which is normal in large samples
      with the covariance of the data. Its quantile is taken from seeded draws, and holds where g_m is 0 too, where
      derivatives do not exist and the bootstrap of ECE itself fails.

    That the computed value is biased upwards, and how much: Roelofs, Cain, Shlens and Mozer, "Mitigating Bias in
    Calibration Error Estimation", AISTATS 2022.
    """
    size, gaps = len(right), right - confidence
    effect = clusters.effect(gaps - gaps.mean(), ~right, level)
    if (reason := clusters.too_few or too_few_of_a_kind(~right, effect)) is not None:
        return Interval.none(size, reason)
    by_bin = np.zeros((size, bins))
    places = bin_of(confidence, bins)
    by_bin[np.arange(size), places] = gaps
    sums = clusters.sums(by_bin)
    value = float(np.abs(by_bin.sum(axis=0)).sum()) / size
    quantile = level.z if clusters.of is None else level.t(clusters.count - 1)
    upper = math.sqrt(float((np.abs(sums).sum(axis=1) ** 2).sum())) / size
    expected = np.bincount(places, confidence * (1 - confidence), bins).astype(np.float64)
    length = _quantile_of_length(sums, expected, level.tail) / size * quantile / level.z
    low, high = max(value - length, 0.0), min(value + quantile * upper, 1.0)
    return Interval(size, upper, low, high, clusters.named("calibration_bounds"))


def _quantile_of_length(sums: Floats, expected: Floats, tail: float) -> float:
    """The quantile at 1 - `tail` of the sum of |X_m|. X is normal, with the covariance of the sum of C x M values.

    The variance of a bin with few data is estimated badly. It is taken to be at least the `expected` one, which it has
    if the model is calibrated.
    """
    centred = sums - sums.mean(axis=0)
    covariance = centred.T @ centred
    places = np.diag_indices(len(covariance))
    covariance[places] = np.maximum(covariance[places], expected)
    values, vectors = np.linalg.eigh(covariance)
    lengths = np.abs((_draws(len(values)) * np.sqrt(np.maximum(values, 0.0))) @ vectors.T).sum(axis=1)
    return float(np.quantile(lengths, 1 - tail))


@cache
def _draws(bins: int) -> Floats:
    """The same draws each time, so that equal data have equal bounds."""
    return np.random.default_rng(0).standard_normal((DRAWS, bins))
