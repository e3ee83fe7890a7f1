"""What metrics over a whole dataset share: they collect the batches and score once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.datasets.arrays import numpy_of
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import MetricMetadata

    Vectors = npt.NDArray[Any]


class CollectedMetric(ABC):
    """A MAITE image-classification metric that scores all predictions at once.

    Predictions and targets are batches of vectors over the classes, as arrays, nested lists or tensors.

    Parameters
    ----------
    key
        Name of the value that `compute` gives.
    id
        Id of the metric.
    higher_is_better
        The direction, for leaderboards.
    """

    def __init__(self, *, key: str, id: str, higher_is_better: bool) -> None:
        self.key, self.higher_is_better = key, higher_is_better
        self.metadata: MetricMetadata = {"id": id}
        self.reset()

    def reset(self) -> None:
        """Forget every batch."""
        self._predictions: list[Vectors] = []
        self._targets: list[Vectors] = []

    def update(self, pred_batch: Sequence[Any], target_batch: Sequence[Any], metadata_batch: Sequence[Any], /) -> None:
        """Add a batch of B predictions and B targets, each a vector over the K classes.

        Raises
        ------
        PartError
            Where the two differ in number or in length.
        """
        if not len(target_batch):
            return
        predictions, targets = _vectors(pred_batch), _vectors(target_batch)
        if predictions.shape != targets.shape or predictions.ndim != 2:
            raise PartError(
                f"Metric {self.metadata['id']} got predictions of shape {predictions.shape} and targets of shape "
                f"{targets.shape}; both must be batch x classes. Do model and dataset have the same classes?"
            )
        self._predictions.append(predictions)
        self._targets.append(targets)

    def compute(self) -> dict[str, float]:
        """Score everything since the last `reset`.

        Raises
        ------
        PartError
            Where there was no prediction, or one that this metric cannot use.
        """
        if not self._targets:
            raise PartError(f"Metric {self.metadata['id']} has nothing to score: the dataset is empty.")
        labels = np.concatenate(self._targets).argmax(axis=1)
        return {self.key: float(self.score(labels, np.concatenate(self._predictions)))}

    @abstractmethod
    def score(self, labels: npt.NDArray[np.int64], predictions: Vectors) -> float:
        """The value, from N class indices and N x K predictions."""

    def probabilities(self, predictions: Vectors) -> Vectors:
        """The predictions as float64 distributions over the classes: rows of [0, 1] that sum to 1.

        They may miss that sum by up to 0.001, as rounded ones do, and are scaled to it.

        Raises
        ------
        PartError
            Where they are not: logits, say.
        """
        values = predictions.astype(np.float64)
        sums = values.sum(axis=1, keepdims=True)
        if not (values.min() >= 0 and np.abs(sums - 1).max() <= 1e-3):
            raise PartError(
                f"Metric {self.metadata['id']} needs probabilities; got values from {values.min():.4g} to "
                f"{values.max():.4g} with row sums from {sums.min():.4g} to {sums.max():.4g}. "
                "Are these logits? Then let the model apply a softmax."
            )
        return values / sums


def _vectors(batch: Sequence[Any]) -> Vectors:
    """B x K array of a batch: an array, a tensor, or a sequence of either."""
    if hasattr(batch, "__array__"):
        return numpy_of(batch)
    return np.stack([numpy_of(vector) for vector in batch])
