"""What a classifier said of each datum: the few bytes of each prediction that an analysis of its errors needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from sweeper.capabilities.outcomes import classes_of, peeked
from sweeper.checks.numbers import Batch, numeric
from sweeper.checks.targets import SUM_TOLERANCE
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.capabilities.predictions import Predictions

    Classes: TypeAlias = npt.NDArray[np.int32]
    Floats: TypeAlias = npt.NDArray[np.float64]

Confidences = Literal["probabilities", "scores", "one", "none"]
"""What a model says of how sure it is: probabilities; scores that are none, such as logits; 1 of every datum, as hard
answers do that are written as vectors; or nothing, as class indices do."""


@dataclass(frozen=True, eq=False)
class Judgements:
    """The label and the prediction of each of N data, in the order of the dataset.

    Attributes
    ----------
    labels, predictions
        N class indices (int32): of the largest entry of the target, and of the largest score.
    confidence
        N scores of the predicted class (float64): of probabilities the share of their sum, as metrics take it; NaN
        where the model gives classes alone.
    confidences
        What these are.
    ends
        B numbers (int64): how many data there are up to the end of each batch.
    """

    labels: Classes
    predictions: Classes
    confidence: Floats
    confidences: Confidences
    ends: npt.NDArray[np.int64]

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Which of the data are classified rightly."""
        return self.labels == self.predictions

    def __len__(self) -> int:
        return len(self.labels)


class _Batch(NamedTuple):
    labels: Classes
    predictions: Classes
    entry: Floats
    """The largest score."""
    total: Floats
    """The sum of the scores."""
    lowest: float
    """The smallest score of the batch."""


def judgements_of(predictions: Predictions, model_id: str) -> Judgements:
    """Read predictions batch by batch; of each only what is returned is kept, 32 bytes for each datum.

    Raises
    ------
    PartError
        They are not those of a classifier, or a datum has no class.
    """
    pairs = zip(predictions.prediction_batches, predictions.target_batches, strict=True)
    batches = [_judged(answers, targets, model_id) for answers, targets in pairs]
    if not batches:
        raise PartError(f"There are no predictions of model {model_id!r} to analyse: the dataset is empty.")
    labels, predicted, entry, total = (np.concatenate(column) for column in list(zip(*batches, strict=True))[:4])
    _refuse_absent(labels, f"A target for model {model_id!r} has no class")
    _refuse_absent(predicted, f"A prediction of model {model_id!r} has no class")
    confidences = _kind(entry, total, min(batch.lowest for batch in batches))
    confidence = entry if confidences == "scores" else entry / total
    return Judgements(labels, predicted, confidence, confidences, np.cumsum([len(batch.labels) for batch in batches]))


def _judged(answers: Batch, targets: Batch, model_id: str) -> _Batch:
    scores = numeric(answers)
    given, predicted = classes_of(numeric(targets)), classes_of(scores)
    if given is None or predicted is None or scores is None:
        raise PartError(
            f"An error analysis needs a classifier: of each datum a score for each of two classes or more, or a class "
            f"index, beside a one-hot target. Model {model_id!r} gave {_shown(answers)} beside targets of "
            f"{_shown(targets)}. Of detections, use a capability for them."
        )
    total = scores.sum(axis=1, dtype=np.float64) if scores.ndim == 2 else np.ones(len(scores))
    return _Batch(given[0], predicted[0], predicted[1], total, float(scores.min()))


def _shown(batch: Batch) -> str:
    """What a batch has, for a message."""
    values = numeric(batch)
    if values is not None:
        return f"an array of shape {values.shape}"
    return f"items of type {type(batch[0]).__name__}" if len(batch) else "nothing"


def _refuse_absent(classes: Classes, what: str) -> None:
    if (absent := np.flatnonzero(classes < 0)).size:
        raise PartError(f"{what}: datum number {absent[0]}. Give scores that are numbers, and class indices from 0.")


def _kind(entry: Floats, total: Floats, lowest: float) -> Confidences:
    if np.isnan(entry).all():
        return "none"
    if not (lowest >= 0 and np.abs(total - 1).max() <= SUM_TOLERANCE):
        return "scores"
    return "one" if bool((entry == total).all()) else "probabilities"


def ids_of(predictions: Predictions, judgements: Judgements, numbers: Iterable[int]) -> dict[int, str]:
    """`metadata["id"]` of the data with these numbers; only the batches that have one of them are looked into."""
    by_batch: dict[int, list[int]] = {}
    for number in sorted(numbers):
        by_batch.setdefault(int(np.searchsorted(judgements.ends, number, side="right")), []).append(number)
    found: dict[int, str] = {}
    for batch, mine in by_batch.items():
        metadata, end = peeked(predictions.metadata_batches[batch]), int(judgements.ends[batch])
        found |= {number: str(metadata[len(metadata) + number - end].get("id")) for number in mine}
    return found
