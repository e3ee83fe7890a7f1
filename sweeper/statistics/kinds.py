"""What kind of value a metric computes: this decides how its interval is computed, and from what of each datum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from sweeper.statistics import confusion, contributions
from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.calibration import calibration_interval, error_of
from sweeper.statistics.clusters import Clusters
from sweeper.statistics.labels import label_interval
from sweeper.statistics.losses import loss_interval
from sweeper.statistics.shares import share_interval

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Classes, Floats, LabelMetric
    from sweeper.statistics.contributions import Contributions


@dataclass(frozen=True, eq=False)
class ByDatum:
    """What is kept of each of N data: label and predicted class, and of some kinds a loss or a confidence.

    `scores` is empty for the other kinds.
    """

    labels: Classes
    predictions: Classes
    scores: Floats

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Which of the data are classified rightly."""
        return self.labels == self.predictions


class Kind(Protocol):
    """One kind of value."""

    def scores(self, labels: Classes, probabilities: Floats) -> Floats:
        """What `ByDatum.scores` has, of B labels and B x K probabilities; asked for only where there are these."""
        ...

    def value(self, data: ByDatum) -> float:
        """The value itself."""
        ...

    def interval(self, data: ByDatum, level: Level, clusters: Clusters) -> Interval:
        """How sure it is."""
        ...

    def contributions(self, data: ByDatum) -> Contributions | None:
        """What each datum adds to it, for comparisons; `None` where it is no sum over data."""
        ...


@dataclass(frozen=True)
class Share:
    """The share of data that are right."""

    def scores(self, labels: Classes, probabilities: Floats) -> Floats:
        return np.zeros(0)

    def value(self, data: ByDatum) -> float:
        return float(data.right.mean())

    def interval(self, data: ByDatum, level: Level, clusters: Clusters) -> Interval:
        return share_interval(data.right, level, clusters)

    def contributions(self, data: ByDatum) -> Contributions:
        return contributions.of_share(data.right)


@dataclass(frozen=True)
class MeanOverClasses:
    """A mean over the classes."""

    metric: LabelMetric

    def scores(self, labels: Classes, probabilities: Floats) -> Floats:
        return np.zeros(0)

    def value(self, data: ByDatum) -> float:
        rows, columns, classes = confusion.encoded(data.labels, data.predictions)
        return confusion.mean_over_classes(self.metric, confusion.matrix(rows, columns, classes))

    def interval(self, data: ByDatum, level: Level, clusters: Clusters) -> Interval:
        return label_interval(self.metric, data.labels, data.predictions, level, clusters)

    def contributions(self, data: ByDatum) -> Contributions:
        return contributions.of_labels(self.metric, data.labels, data.predictions)


@dataclass(frozen=True)
class MeanLoss:
    """The mean of a loss by datum, which is a function of B labels and B x K probabilities."""

    loss: Callable[[Classes, Floats], Floats]

    def scores(self, labels: Classes, probabilities: Floats) -> Floats:
        return self.loss(labels, probabilities)

    def value(self, data: ByDatum) -> float:
        return float(data.scores.mean())

    def interval(self, data: ByDatum, level: Level, clusters: Clusters) -> Interval:
        return loss_interval(data.scores, data.right, level, clusters)

    def contributions(self, data: ByDatum) -> Contributions:
        return contributions.of_losses(data.scores, data.right)


@dataclass(frozen=True)
class CalibrationError:
    """The expected calibration error with so many bins."""

    bins: int

    def scores(self, labels: Classes, probabilities: Floats) -> Floats:
        return probabilities.max(axis=1)

    def value(self, data: ByDatum) -> float:
        return error_of(data.scores, data.right, self.bins)

    def interval(self, data: ByDatum, level: Level, clusters: Clusters) -> Interval:
        return calibration_interval(data.scores, data.right, self.bins, level, clusters)

    def contributions(self, data: ByDatum) -> None:
        return None


def brier_loss(labels: Classes, probabilities: Floats) -> Floats:
    """Squared distance between probabilities and truth, summed over the classes."""
    of_truth = probabilities[np.arange(len(labels)), labels]
    return (probabilities**2).sum(axis=1) - 2 * of_truth + 1


def log_loss(labels: Classes, probabilities: Floats) -> Floats:
    """Negative logarithm of the probability of the label, which is kept off 0 and 1 as scikit-learn does."""
    smallest = np.finfo(np.float64).eps
    return -np.log(np.clip(probabilities[np.arange(len(labels)), labels], smallest, 1 - smallest))
