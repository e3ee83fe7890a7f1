"""What became of each datum in an inference: what was right, what was predicted, and how sure the model was.

Comparisons of models, intervals and error analyses read these few columns; predictions are too large to be kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sweeper.capabilities.batches import MetadataBatch
from sweeper.checks.detections import entry, is_detection
from sweeper.checks.numbers import Batch, Numbers, numeric
from sweeper.checks.targets import SUM_TOLERANCE
from sweeper.statistics.kinds import brier_loss, log_loss

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions
    from sweeper.statistics.confusion import Classes, Floats

_LOSSES: Mapping[str, Callable[[Classes, Floats], Floats]] = {"log_loss": log_loss, "brier": brier_loss}
ABSENT = -1
"""In place of a class that a datum does not have."""
Columns: TypeAlias = Mapping[str, npt.NDArray[np.int32 | np.float32]]
"""N values of each column, by its name."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """One row for each datum, in the order of the dataset.

    Attributes
    ----------
    datum_id
        `metadata["id"]` of each datum, as text.
    columns
        Of a classifier, N class indices `label` and `prediction` (int32; that of the target, and that with the highest
        score; `ABSENT` where there is none). Of a detector, N numbers of boxes `boxes` and `boxes_found` (int32; of the
        target, and of the model). Of both `confidence` (float32): the score of the predicted class, or of the surest
        box; NaN where there is none. It is what the model gives, which need not be a probability. Of a classifier that
        gives probabilities also `log_loss` and `brier` (float32), as `sweeper.statistics.kinds` defines them; NaN of
        what are no probabilities.
    metadata
        N values of each key that was asked for; `None` where a datum lacks it.
    """

    datum_id: Sequence[str]
    columns: Columns
    metadata: Mapping[str, Sequence[object]]


def outcomes_of(predictions: Predictions, keys: Sequence[str] = ()) -> Outcomes | None:
    """The outcomes of an inference; `None` where what the model gives is neither of a classifier nor of a detector.

    Parameters
    ----------
    predictions
        Of one model on one dataset.
    keys
        Which values of the metadata of each datum are kept too.
    """
    pairs = zip(predictions.prediction_batches, predictions.target_batches, strict=True)
    batches = [_of_detections(*pair) or _of_classes(*pair) for pair in pairs]
    known = [batch for batch in batches if batch is not None]
    if not known or len(known) < len(batches) or any(batch.keys() != known[0].keys() for batch in known):
        return None
    columns = {name: np.concatenate([batch[name] for batch in known]) for name in known[0]}
    ids: list[str] = []
    metadata: dict[str, list[object]] = {key: [] for key in keys}
    for batch in map(peeked, predictions.metadata_batches):
        ids += [str(each.get("id")) for each in batch]
        for key, values in metadata.items():
            values += [each.get(key) for each in batch]
    return Outcomes(ids, columns, metadata)


def peeked(batch: Sequence[Any]) -> Sequence[Any]:
    """The metadata of a batch, to be read once: they stay pickled where they are."""
    return batch.peek() if isinstance(batch, MetadataBatch) else batch


def _of_classes(answers: Batch, targets: Batch) -> Columns | None:
    scores = numeric(answers)
    given, predicted = classes_of(numeric(targets)), classes_of(scores)
    if given is None or predicted is None:
        return None
    losses = _losses(given[0], scores)
    return {"label": given[0], "prediction": predicted[0], "confidence": predicted[1].astype(np.float32), **losses}


def _losses(labels: npt.NDArray[np.int32], scores: Numbers | None) -> Columns:
    """The losses of B data; NaN where the scores are no probabilities of classes of which the label is one."""
    losses = {name: np.full(len(labels), np.nan, np.float32) for name in _LOSSES}
    if scores is None or scores.ndim != 2:
        return losses
    values = scores.astype(np.float64)
    sums = values.sum(axis=1, keepdims=True)
    likely = (values.min(axis=1) >= 0) & (np.abs(sums[:, 0] - 1) <= SUM_TOLERANCE)
    known = likely & (labels >= 0) & (labels < values.shape[1])
    if known.any():
        classes, probabilities = labels[known].astype(np.int64), values[known] / sums[known]
        for name, loss in _LOSSES.items():
            losses[name][known] = loss(classes, probabilities)
    return losses


def classes_of(values: Numbers | None) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]] | None:
    """The class of each of N vectors over K classes and its entry, or N class indices as they are; else `None`.

    A class is `ABSENT` where the vector has a NaN, and an entry is NaN where there are no vectors.
    """
    if values is None or values.dtype.kind == "c":
        return None
    if values.ndim == 2 and values.shape[1] > 1:
        largest = values.argmax(axis=1)  # NaN counts as the largest
        entry = values[np.arange(len(values)), largest].astype(np.float64)
        return np.where(np.isnan(entry), ABSENT, largest).astype(np.int32), entry
    if values.ndim == 1 and values.dtype.kind in "iu":
        return values.astype(np.int32), np.full(len(values), np.nan)
    return None


def _of_detections(answers: Batch, targets: Batch) -> Columns | None:
    if not all(map(is_detection, answers)) or not all(map(is_detection, targets)):
        return None
    scores = [numeric(entry(answer, "scores")) for answer in answers]
    surest = [float(each.max()) if each is not None and each.size else np.nan for each in scores]
    return {
        "boxes": np.array(list(map(_number_of_boxes, targets)), np.int32),
        "boxes_found": np.array(list(map(_number_of_boxes, answers)), np.int32),
        "confidence": np.array(surest, np.float32),
    }


def _number_of_boxes(item: object) -> int:
    boxes = entry(item, "boxes")
    return len(boxes) if isinstance(boxes, Sized) else 0
