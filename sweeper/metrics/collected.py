"""What metrics over a whole dataset share: they collect the batches and score once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks import rules
from sweeper.checks.facts import verify_targets
from sweeper.checks.numbers import numpy_of
from sweeper.checks.targets import look_at, one_hot
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
    soft_targets
        Whether targets may be distributions over the classes, of which the largest entry is the label; without it, and
        where the rules of a run do not allow it either, they must be one-hot.
    """

    def __init__(self, *, key: str, id: str, higher_is_better: bool, soft_targets: bool = False) -> None:
        self.key, self.higher_is_better, self.soft_targets = key, higher_is_better, soft_targets
        self.metadata: MetricMetadata = {"id": id}
        self.reset()

    def reset(self) -> None:
        """Forget every batch."""
        self._predictions: list[Vectors] = []
        self._targets: list[Vectors] = []
        self._metadata: list[Sequence[Any]] = []

    def update(self, pred_batch: Sequence[Any], target_batch: Sequence[Any], metadata_batch: Sequence[Any], /) -> None:
        """Add a batch of B predictions and B targets, each a vector over classes; those of a model may be more.

        Raises
        ------
        PartError
            Where the two differ in number, or one is no vector.
        """
        if not len(target_batch):
            return
        try:
            predictions, targets = _vectors(pred_batch), _vectors(target_batch)
        except ValueError as error:
            raise PartError(
                f"Metric {self.metadata['id']} got predictions or targets that are no batch of vectors over the same "
                f"classes: {error}."
            ) from error
        if predictions.ndim != 2 or targets.ndim != 2 or len(predictions) != len(targets):
            raise self._unlike(predictions.shape, targets.shape)
        self._predictions.append(predictions)
        self._targets.append(targets)
        self._metadata.append(metadata_batch)

    def compute(self) -> dict[str, float]:
        """Score everything since the last `reset`.

        Raises
        ------
        PartError
            Where there was no prediction, or one that this metric cannot use, a target is not one-hot, or batches are
            not of the same classes.
        """
        if not self._targets:
            raise PartError(f"Metric {self.metadata['id']} has nothing to score: the dataset is empty.")
        if len({batch.shape[1] for batch in self._targets}) > 1 or not one_hot(np.concatenate(self._targets)).all():
            self._refuse_targets()
        if len({batch.shape[1] for batch in self._predictions}) > 1:
            raise PartError(
                f"Metric {self.metadata['id']} got batches of predictions over different numbers of classes."
            )
        labels = np.concatenate(self._targets).argmax(axis=1)
        predictions = np.concatenate(self._predictions)
        if labels.max() >= predictions.shape[1]:
            raise self._unlike(predictions.shape, self._targets[0].shape)
        return {self.key: float(self.score(labels, predictions))}

    def _refuse_targets(self) -> None:
        """Name the first that is not one-hot, unless it may be what it is."""
        found = look_at(self._targets, self._metadata)
        allowed = rules.allowed_by(rules.current(), self, ())
        verify_targets("", found.wrong, found.soft, allowed)

    def _unlike(self, predictions: tuple[int, ...], targets: tuple[int, ...]) -> PartError:
        return PartError(
            f"Metric {self.metadata['id']} got predictions of shape {predictions} and targets of shape {targets}; both "
            "must be batch x classes. Do model and dataset have the same classes?"
        )

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
