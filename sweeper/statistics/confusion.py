"""Means over the classes as functions of a matrix of counts, with their derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]
    Classes: TypeAlias = npt.NDArray[np.integer]

LabelMetric = Literal["recall", "precision", "f1", "balanced_accuracy"]
"""Means over the classes that occur as label or prediction; `balanced_accuracy` is the recall of those with labels."""
LABELS_SHARE = {"recall": 1.0, "balanced_accuracy": 1.0, "f1": 0.5, "precision": 0.0}
"""The value of class k is d_k / u_k: d_k right predictions, and u_k = s r_k + (1 - s) c_k, with the number r_k of its
labels, the number c_k of its predictions, and this s."""


def encoded(labels: Classes, predictions: Classes) -> tuple[Classes, Classes, int]:
    """N labels and N predictions (indices of classes, 0 or more) as indices 0 to K - 1 of the K that occur, and K."""
    size = int(max(labels.max(), predictions.max())) + 1
    occurs = np.bincount(labels, minlength=size) + np.bincount(predictions, minlength=size) > 0
    place = np.cumsum(occurs) - 1
    return place[labels], place[predictions], int(place[-1]) + 1


def matrix(labels: Classes, predictions: Classes, classes: int) -> Floats:
    """K x K counts of data, by label (row) and prediction (column)."""
    cells = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.float64)


def counted(metric: LabelMetric, counts: Floats) -> npt.NDArray[np.bool_]:
    """Which of the K classes the mean is over."""
    rows = counts.sum(axis=1)
    return rows > 0 if metric == "balanced_accuracy" else rows + counts.sum(axis=0) > 0


def denominators(metric: LabelMetric, counts: Floats) -> Floats:
    """K values u_k: see `LABELS_SHARE`."""
    share = LABELS_SHARE[metric]
    return share * counts.sum(axis=1) + (1 - share) * counts.sum(axis=0)


def by_class(metric: LabelMetric, counts: Floats) -> Floats:
    """K values, one for each class; 0 where a class has no denominator, as with `zero_division=0` of scikit-learn."""
    below = denominators(metric, counts)
    return np.divide(counts.diagonal(), below, out=np.zeros(len(counts)), where=below > 0)


def mean_over_classes(metric: LabelMetric, counts: Floats) -> float:
    """The value of a metric. Equal to that of scikit-learn with `average="macro", zero_division=0`."""
    return float(by_class(metric, counts)[counted(metric, counts)].mean())


def gradient(metric: LabelMetric, counts: Floats) -> Floats:
    """K x K derivatives of the value with respect to the share of data in each cell."""
    share, total = LABELS_SHARE[metric], counts.sum()
    used = counted(metric, counts)
    below = denominators(metric, counts) / total
    each = np.divide(1.0, below, out=np.zeros(len(counts)), where=(below > 0) & used) / used.sum()
    loss = by_class(metric, counts) * each
    result = -(share * loss[:, None] + (1 - share) * loss[None, :])
    result[np.diag_indices(len(counts))] += each
    return result


def smoothed(metric: LabelMetric, counts: Floats, weight: float) -> Floats:
    """The counts after `weight` data were added to each class, right as often as all data together.

    The rate of all data is that of Agresti and Coull ("Approximate is better than exact for interval estimation of
    binomial proportions", The American Statistician 52, 1998): it has `weight` data added too, half of them right. A
    class keeps its number of labels (for precision, of predictions).
    """
    share, size = LABELS_SHARE[metric], len(counts)
    rate = (counts.trace() + weight / 2) / (counts.sum() + weight)
    prior = np.full((size, size), (1 - rate) / (size - 1))
    np.fill_diagonal(prior, rate)
    by_label, by_prediction = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    rows = (counts + weight * prior) * (by_label / (by_label + weight))
    columns = (counts + weight * prior) * (by_prediction / (by_prediction + weight))
    return share * rows + (1 - share) * columns


def variance(metric: LabelMetric, counts: Floats) -> float:
    """The variance of the value by the delta method, for independent data with these shares."""
    total = counts.sum()
    shares, slopes = counts / total, gradient(metric, counts)
    return float(((shares * slopes**2).sum() - (shares * slopes).sum() ** 2) / total)
