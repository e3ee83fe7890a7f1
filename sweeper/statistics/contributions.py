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
        Which of the N data are right; over several conditions or runs, in which share of them.
    is_share
        Whether the contributions are `right`.
    between, runs
        Of a mean over R runs, R and the variance of that mean for other runs, from how they differ; 0 and 1 else.
    """

    by_datum: Floats
    right: npt.NDArray[np.bool_ | np.float64]
    is_share: bool = False
    between: float = 0.0
    runs: int = 1

    @property
    def value(self) -> float:
        """The value that the metric has."""
        return float(self.by_datum.mean())


def weighted(parts: Sequence[tuple[float, Contributions]]) -> Contributions:
    """Of a sum of values of one model on the same data under several conditions, each with a weight."""
    if len(parts) == 1 and parts[0][0] == 1:
        return parts[0][1]
    by_datum = np.sum([weight * part.by_datum for weight, part in parts], axis=0)
    return Contributions(by_datum, np.sum([weight * part.right for weight, part in parts], axis=0))


def averaged(runs: Sequence[Contributions]) -> Contributions:
    """Of the mean of a value over R runs on the same data, such as trainings with several seeds."""
    if len(runs) == 1:
        return runs[0]
    by_datum, right = (np.mean([getattr(run, name) for run in runs], axis=0) for name in ("by_datum", "right"))
    between = float(np.var([run.value for run in runs], ddof=1)) / len(runs)
    return Contributions(by_datum, right, between=between, runs=len(runs))


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
