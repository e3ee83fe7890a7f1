"""Metrics of many resamples at once: data in, weights in, one value for each resample.

Weights are R x N arrays of uint8: how often each of N data counts in each of R resamples. A value is what the metric
gives for data that are repeated so often, and NaN where a resample is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics import confusion
from sweeper.statistics.calibration import bin_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Classes, Floats, LabelMetric
    from sweeper.statistics.resampling import Weights

    Sums = npt.NDArray[np.int64]


def means(weights: Weights, values: Floats) -> Floats:
    """R weighted means of N values, such as losses, or truth values for a share."""
    return _divided(_products(weights, values[:, None])[:, 0], weights)


def calibration_errors(weights: Weights, confidence: Floats, right: npt.NDArray[np.bool_], bins: int = 15) -> Floats:
    """R expected calibration errors, from N confidences and which of the N data are right."""
    gaps = np.zeros((len(right), bins))
    gaps[np.arange(len(right)), bin_of(confidence, bins)] = right - confidence
    return _divided(np.abs(_products(weights, gaps)).sum(axis=1), weights)


def _products(weights: Weights, values: Floats) -> Floats:
    """R x M sums of N x M values with R x N weights. Single precision: sums of 100,000 values are right to 1e-5."""
    return (weights.astype(np.float32) @ values.astype(np.float32)).astype(np.float64)


def _divided(sums: Floats, weights: Weights) -> Floats:
    total = weights.sum(axis=1, dtype=np.int64)
    return np.divide(sums, total, out=np.full(len(sums), np.nan), where=total > 0)


class LabelCounts:
    """Counts of labels and predictions of many resamples, from N labels and N predictions.

    Data are brought into the order of their cells of the K x K counts once, so that each count is a sum of neighbours.
    """

    def __init__(self, labels: Classes, predictions: Classes) -> None:
        rows, columns, classes = confusion.encoded(labels, predictions)
        cells = rows * classes + columns
        self._order = np.argsort(cells, kind="stable")
        occupied, self._starts = np.unique(cells[self._order], return_index=True)
        self._rows, self._columns, self._classes = occupied // classes, occupied % classes, classes

    def values(self, metric: LabelMetric, weights: Weights) -> Floats:
        """R values of a mean over the classes."""
        cells = np.add.reduceat(np.take(weights, self._order, axis=1), self._starts, axis=1, dtype=np.int32)
        by_label, by_prediction = self._summed(cells, self._rows), self._summed(cells, self._columns)
        right = np.zeros_like(by_label)
        diagonal = self._rows == self._columns
        right[:, self._rows[diagonal]] = cells[:, diagonal]
        share = confusion.LABELS_SHARE[metric]
        below = share * by_label + (1 - share) * by_prediction
        counted = by_label > 0 if metric == "balanced_accuracy" else by_label + by_prediction > 0
        each = np.divide(right, below, out=np.zeros(below.shape), where=(below > 0) & counted)
        number = counted.sum(axis=1)
        return np.divide(each.sum(axis=1), number, out=np.full(len(weights), np.nan), where=number > 0)

    def _summed(self, cells: npt.NDArray[np.int32], classes: Classes) -> Sums:
        """R x K sums of the cells of each class."""
        order = np.argsort(classes, kind="stable")
        present, starts = np.unique(classes[order], return_index=True)
        result = np.zeros((len(cells), self._classes), np.int64)
        result[:, present] = np.add.reduceat(cells[:, order], starts, axis=1)
        return result
