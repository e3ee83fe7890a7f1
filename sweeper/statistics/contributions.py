"""What each datum adds to a value: then a difference of two models on the same data is a mean of differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics import confusion

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Classes, Floats, LabelMetric


@dataclass(frozen=True, eq=False)
class Contributions:
    """One value of one model on one dataset, by datum.

    Attributes
    ----------
    by_datum
        N contributions. Their mean is the value. Of a share they are 1 and 0, of a mean loss the losses. Of a mean over
        the classes they are the value and the influence of the datum on it (the derivative with respect to its weight:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 22).
    right
        Which of the N data are right; under several conditions a number for each datum, which is equal for models that
        are right under the same ones.
    is_share
        Whether the contributions are `right`.
    """

    by_datum: Floats
    right: npt.NDArray[np.bool_ | np.int64]
    is_share: bool = False

    @property
    def value(self) -> float:
        """The value that the metric has."""
        return float(self.by_datum.mean())


def weighted(parts: Sequence[tuple[float, Contributions]]) -> Contributions:
    """Of a sum of values of one model on the same data under several conditions, each with a weight."""
    if len(parts) == 1 and parts[0][0] == 1:
        return parts[0][1]
    by_datum = np.sum([weight * part.by_datum for weight, part in parts], axis=0)
    patterns = np.packbits(np.stack([part.right for _, part in parts], axis=1), axis=1).astype(np.int64)
    return Contributions(by_datum, patterns @ 256 ** np.arange(patterns.shape[1]))


def of_share(right: npt.NDArray[np.bool_]) -> Contributions:
    """Of the share of N data that are right."""
    return Contributions(right.astype(np.float64), right, is_share=True)


def of_losses(losses: Floats, right: npt.NDArray[np.bool_]) -> Contributions:
    """Of the mean of N losses."""
    return Contributions(losses, right)


def of_labels(metric: LabelMetric, labels: Classes, predictions: Classes) -> Contributions:
    """Of a mean over the classes, from N labels and N predictions."""
    rows, columns, classes = confusion.encoded(labels, predictions)
    counts = confusion.matrix(rows, columns, classes)
    influence = confusion.gradient(metric, counts)[rows, columns]
    value = confusion.mean_over_classes(metric, counts)
    return Contributions(value + influence - influence.mean(), rows == columns)
