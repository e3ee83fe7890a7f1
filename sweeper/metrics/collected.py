"""Base of the metrics: they collect what they need of each batch and are computed once, at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.checks import rules
from sweeper.checks.findings import verify_targets
from sweeper.checks.numbers import numpy_of
from sweeper.checks.targets import SUM_TOLERANCE, TargetSummary, one_hot
from sweeper.errors import PartError
from sweeper.metrics.rows import Rows
from sweeper.statistics.kinds import ByDatum

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, DatumMetadata, MetricMetadata

    from sweeper.statistics.kinds import Kind

    Vectors = npt.NDArray[np.number]


class CollectedMetric(ABC):
    """A MAITE image-classification metric that is computed at the end, from what it needs of all predictions.

    Predictions and targets are batches of vectors over the classes, as arrays, nested lists or tensors.

    Parameters
    ----------
    key
        Name of the value that `compute` gives.
    id
        Id of the metric.
    higher_is_better
        Whether a higher value is better, for leaderboards.
    soft_targets
        Whether a target may be a distribution over the classes. Its largest entry is then the label. The rules of a run
        (`_sweep_.soft_targets`) may allow this too. Otherwise targets must be one-hot.
    """

    def __init__(self, *, key: str, id: str, higher_is_better: bool, soft_targets: bool = False) -> None:
        self.key, self.higher_is_better, self.soft_targets = key, higher_is_better, soft_targets
        self.metadata: MetricMetadata = {"id": id}
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self._labels: list[npt.NDArray[np.int64]] = []
        self._needed = Rows()
        self._by_datum: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []
        self._classes: set[int] = set()
        """Numbers of classes of the predictions."""
        self._target_length = 0
        self._odd_targets = TargetSummary()
        """Of the batches that have targets which are not one-hot, or of another length than the first."""
        self._problem: PartError | None = None
        """The first reason why there is no value, beside such targets."""

    def update(
        self,
        pred_batch: Sequence[ArrayLike],
        target_batch: Sequence[ArrayLike],
        metadata_batch: Sequence[DatumMetadata],
        /,
    ) -> None:
        """Add a batch of B predictions (B x K) and B targets (B x K', where K' may be less than K).

        Raises
        ------
        PartError
            Predictions and targets differ in number, or one of them is not a vector.
        """
        if not len(target_batch):
            return
        try:
            predictions, targets = _vectors(pred_batch), _vectors(target_batch)
        except ValueError as error:
            raise PartError(
                f"Metric {self.metadata['id']} got predictions or targets that are not a batch of vectors over the "
                f"same classes: {error}."
            ) from error
        if predictions.ndim != 2 or targets.ndim != 2 or len(predictions) != len(targets):
            raise self._shape_error(predictions.shape, targets.shape)
        self._add_targets(targets, metadata_batch)
        self._classes.add(predictions.shape[1])
        try:
            self._add_predictions(predictions, targets.shape)
        except PartError as error:  # what is wrong with targets is told first, once all have been seen
            self._problem = self._problem or error

    def _add_targets(self, targets: Vectors, metadata: Sequence[DatumMetadata]) -> None:
        if not self._labels:
            self._target_length, self._odd_targets = targets.shape[1], TargetSummary(length=targets.shape[1])
        if targets.shape[1] != self._target_length or not one_hot(targets).all():
            self._odd_targets.add(targets, metadata, sum(map(len, self._labels)))
        self._labels.append(targets.argmax(axis=1))

    def _add_predictions(self, predictions: Vectors, targets_shape: tuple[int, ...]) -> None:
        labels = self._labels[-1]
        if len(self._classes) > 1:
            raise PartError(
                f"Metric {self.metadata['id']} got batches of predictions over different numbers of classes."
            )
        if labels.max() >= predictions.shape[1]:
            raise self._shape_error(predictions.shape, targets_shape)
        probabilities = self.probabilities(predictions) if self.needs_probabilities else None
        self._needed.add(self.needed(labels, predictions if probabilities is None else probabilities))
        if (kind := self.kind()) is not None:
            scores = np.zeros(0) if probabilities is None else kind.scores(labels, probabilities)
            self._by_datum.append((predictions.argmax(axis=1), scores))

    def compute(self) -> dict[str, float]:
        """Compute the value from all batches since the last `reset`.

        Raises
        ------
        PartError
            There was no prediction, this metric cannot use a prediction, a target is not one-hot, or batches have
            different numbers of classes.
        """
        if not self._labels:
            raise PartError(f"Metric {self.metadata['id']} has nothing to score: the dataset is empty.")
        if (odd := self._odd_targets).seen:
            verify_targets("", odd.wrong, odd.soft, rules.allowed_by(rules.current(), self, ()))
        if self._problem is not None:
            raise self._problem
        return {self.key: float(self.score(np.concatenate(self._labels), self._needed.whole()))}

    @property
    def needs_probabilities(self) -> bool:
        """Whether `needed` gets predictions that were checked to be probabilities."""
        return False

    def _shape_error(self, predictions: tuple[int, ...], targets: tuple[int, ...]) -> PartError:
        return PartError(
            f"Metric {self.metadata['id']} got predictions of shape {predictions} and targets of shape {targets}; both "
            "must be batch x classes. Do model and dataset have the same classes?"
        )

    def needed(self, labels: npt.NDArray[np.int64], predictions: Vectors) -> Vectors:
        """What `score` needs of a batch of B class indices and B x K predictions: B rows. By default all of them.

        Batches are forgotten but for that. So a metric that needs little scores any number of data in little memory.
        Where the metric `needs_probabilities`, the predictions are what `probabilities` gives.

        Raises
        ------
        PartError
            This metric cannot use the predictions.
        """
        del labels
        return predictions

    @abstractmethod
    def score(self, labels: npt.NDArray[np.int64], predictions: Vectors) -> float:
        """The value of the metric, from N class indices and what `needed` gave of N predictions (N x K by default).

        Where they are many megabytes, the predictions are read from a temporary file as they are used.
        """

    def kind(self) -> Kind | None:
        """What kind of value it is, for its interval; `None` if that is not known."""
        return None

    def by_datum(self) -> tuple[Kind, ByDatum] | None:
        """The kind, and what an interval needs of each datum since the last `reset`; `None` if there is no kind."""
        kind = self.kind()
        if kind is None or not self._by_datum:
            return None
        predicted, scores = map(np.concatenate, zip(*self._by_datum, strict=True))
        return kind, ByDatum(np.concatenate(self._labels), predicted, scores)

    def probabilities(self, predictions: Vectors) -> npt.NDArray[np.float64]:
        """The N x K predictions as float64 probabilities: each row is in [0, 1] and sums to 1.

        The sum of a row may differ from 1 by up to 0.001, as that of rounded values does; it is scaled to 1.

        Raises
        ------
        PartError
            The predictions are not probabilities but, for example, logits.
        """
        values = predictions.astype(np.float64)
        sums = values.sum(axis=1, keepdims=True)
        if not (values.min() >= 0 and np.abs(sums - 1).max() <= SUM_TOLERANCE):
            raise PartError(
                f"Metric {self.metadata['id']} needs probabilities; got values from {values.min():.4g} to "
                f"{values.max():.4g} with row sums from {sums.min():.4g} to {sums.max():.4g}. "
                "Are these logits? Then let the model apply a softmax."
            )
        return values / sums


def _vectors(batch: Sequence[ArrayLike]) -> Vectors:
    """A batch as a B x K array; it may be an array, a tensor, or a sequence of either."""
    if hasattr(batch, "__array__"):
        return numpy_of(batch)
    return np.stack([numpy_of(vector) for vector in batch])
