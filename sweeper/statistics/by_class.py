"""Precision, recall and F1 of each class, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.labels import LEAST_SUPPORT
from sweeper.statistics.shares import counted_interval

if TYPE_CHECKING:
    from sweeper.statistics.confusion import Classes


class Estimate(NamedTuple):
    """A value and how sure it is."""

    value: float | None
    """`None` where it is not defined, as the precision of a class that was never predicted."""
    interval: Interval


class Confusion(NamedTuple):
    """How many data of one class were predicted to be of another one, or of the same."""

    label: int
    prediction: int
    n: int


@dataclass(frozen=True)
class ClassValues:
    """What became of the data of one class.

    Attributes
    ----------
    index
        Of the class.
    support, predicted, right
        Number of data that have it as their label, as their prediction, and as both.
    precision
        right / predicted: the share of the data predicted to be of this class that are.
    recall
        right / support: the share of the data of this class that were predicted to be.
    f1
        2 right / (support + predicted), the harmonic mean of both.
    """

    index: int
    support: int
    predicted: int
    right: int
    precision: Estimate
    recall: Estimate
    f1: Estimate

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The three by their names."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


def confusions(labels: Classes, predictions: Classes) -> tuple[Confusion, ...]:
    """The cells of the confusion matrix that are not 0, from N labels and N predictions, in the order of the classes.

    No matrix is made, so there may be any number of classes.
    """
    pairs, counts = np.unique(np.stack([labels, predictions]), axis=1, return_counts=True)
    return tuple(map(Confusion._make, zip(*pairs.tolist(), counts.tolist(), strict=True)))


def class_values(labels: Classes, predictions: Classes, level: Level = STANDARD) -> tuple[ClassValues, ...]:
    """The values of each class that occurs as label or prediction, in the order of the classes.

    Parameters
    ----------
    labels, predictions
        N class indices, 0 or more.
    level
        Of each interval by itself.

    Notes
    -----
    Given how many data have a class as their label (as their prediction), the number of right ones among them is
    binomial, so recall (precision) has the interval of a share. Of the data that have the class as label or as
    prediction, the share J that have it as both is one too, and F1 = 2 J / (1 + J) rises with it: the bounds of J give
    those of F1.
    """
    return tuple(_values(*counts, level) for counts in _counts(labels, predictions))


def _counts(labels: Classes, predictions: Classes) -> Iterator[tuple[int, int, int, int]]:
    """Class, support, number of predictions and number of right ones."""
    support, predicted, right = (
        dict(zip(*(each.tolist() for each in np.unique(some, return_counts=True)), strict=True))
        for some in (labels, predictions, labels[labels == predictions])
    )
    for index in sorted(support.keys() | predicted.keys()):
        yield index, support.get(index, 0), predicted.get(index, 0), right.get(index, 0)


def _values(index: int, support: int, predicted: int, right: int, level: Level) -> ClassValues:
    return ClassValues(
        index,
        support,
        predicted,
        right,
        precision=estimate(right, predicted, level, "predicted to be of this class"),
        recall=estimate(right, support, level, "of this class"),
        f1=_f1(right, support + predicted - right, level),
    )


def estimate(hits: int, n: int, level: Level, what: str) -> Estimate:
    """The share `hits` / `n`; without bounds where there are fewer than `LEAST_SUPPORT` data.

    Parameters
    ----------
    what
        The data that are counted, for the reason why there are no bounds: "0 data are ...".
    """
    value = hits / n if n else None
    if n < LEAST_SUPPORT:
        return Estimate(value, Interval.none(n, f"{n} data are {what}; at least {LEAST_SUPPORT} are needed"))
    return Estimate(value, counted_interval(hits, n, level))


def _f1(right: int, union: int, level: Level) -> Estimate:
    """F1 from the share J of the data with the class as label or prediction that have it as both."""
    share, interval = estimate(right, union, level, "of this class or predicted to be")
    value = None if share is None else _of_overlap(share)
    if share is None or interval.low is None or interval.high is None:
        return Estimate(value, interval)
    stderr = 2 / (1 + share) ** 2 * math.sqrt(share * (1 - share) / union)
    low, high = _of_overlap(interval.low), _of_overlap(interval.high)
    method = f"{interval.method} of the overlap"
    return Estimate(value, replace(interval, stderr=stderr, low=low, high=high, method=method))


def _of_overlap(share: float) -> float:
    return 2 * share / (1 + share)
