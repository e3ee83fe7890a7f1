"""Precision, recall and F1 of a detector at one confidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.common.default_ids import describe, unless
from sweeper.common.detections import DetectionTarget
from sweeper.errors import PartError
from sweeper.metrics.detection_metric import DetectionMetric
from sweeper.statistics.matching import NONE, crowd_of, matches_of_image

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Floats
    from sweeper.statistics.resampling import Weights

    Counts: TypeAlias = npt.NDArray[np.int64]

NAMES = ("f1", "precision", "recall")


class DetectionF1(DetectionMetric):
    """F1, precision and recall of the detections that are sure enough, in an image set as a whole. Higher is better.

    Parameters
    ----------
    confidence
        The least score of a detection that counts, in [0, 1].
    overlap
        The least overlap (area of the intersection over area of the union) with which a detection finds an object, in
        (0, 1].
    id
        Id of the metric.

    Values
    ------
    f1
        2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall, of all classes together. Higher is better.
    precision
        Of the detections that are sure enough, the share that finds an object of its class. Higher is better.
    recall
        Of the objects, the share that a detection of their class finds. Higher is better.
    f1_macro, precision_macro, recall_macro
        The mean over the classes that occur. Higher is better.

    Notes
    -----
    Of each image and class, the surest detection first takes the object with which it overlaps most, of those that are
    not taken: TP detections that find one, FP that find none, and FN objects that are not found. Precision is
    TP / (TP + FP), recall TP / (TP + FN), F1 2 TP / (2 TP + FP + FN). `f1`, `precision` and `recall` sum counts over
    all classes; `f1_macro`, `precision_macro` and `recall_macro` are means over the classes that occur, as an object or
    as a detection that is sure enough. What finds a crowd counts neither as TP nor as FP, and crowds are no objects to
    be found. Where the denominator is 0, a value is NaN; in a mean over the classes it is 0, as for a class of which
    nothing was detected.

    Raises
    ------
    PartError
        `confidence` or `overlap` is out of its range.
    """

    def __init__(self, *, confidence: float = 0.5, overlap: float = 0.5, id: str | None = None) -> None:
        if not 0 <= confidence <= 1 or not 0 < overlap <= 1:
            raise PartError(
                f"DetectionF1 has confidence {confidence} and overlap {overlap}; both must be at most 1, the overlap "
                "above 0, the confidence at least 0."
            )
        self._confidence, self._overlap = confidence, overlap
        words = {"confidence": unless(confidence, 0.5), "overlap": unless(overlap, 0.5)}
        super().__init__(id or describe("detection_f1", **words))

    def reset(self) -> None:
        """Forget all images."""
        super().reset()
        self._rows: list[Counts] = []

    def add(self, detections: DetectionTarget, truth: DetectionTarget) -> None:
        """Count what is found in one image."""
        sure = np.flatnonzero(detections.scores >= np.float32(self._confidence))
        kept = DetectionTarget(detections.boxes[sure], detections.labels[sure], detections.scores[sure])
        matches = matches_of_image(kept, truth, self._overlap)
        right = (matches.found != NONE) & ~matches.ignored
        groups = (kept.labels[right], kept.labels[matches.found == NONE], truth.labels[~crowd_of(truth)])
        labels, places = np.unique(np.concatenate(groups), return_inverse=True)
        kinds = np.repeat(np.arange(3), [len(each) for each in groups])
        counts = np.bincount(places * 3 + kinds, minlength=3 * len(labels)).reshape(-1, 3)
        self._rows.append(np.column_stack([np.full(len(labels), self._images), labels, counts]))

    def values(self) -> dict[str, float]:
        """The values of all images."""
        found = self.resampler()(np.ones((1, self._images), np.uint8))
        return {key: float(values[0]) for key, values in found.items()}

    def undefined(self) -> Mapping[str, str]:
        """Of keys without a value the reason."""
        return {key: _reason(key) for key, value in self.values().items() if np.isnan(value)}

    def resampler(self) -> Callable[[Weights], Mapping[str, Floats]]:
        """See `DetectionMetric.resampler`."""
        image, labels, *counts = np.concatenate([*self._rows, np.zeros((0, 5), np.int64)]).T
        classes, of_class = np.unique(labels, return_inverse=True)
        rows = np.arange(len(labels))

        def resampled(weights: Weights) -> dict[str, Floats]:
            times = weights[:, image].astype(np.float64)
            sums = []
            for each in counts:
                by_class = np.zeros((len(rows), len(classes)))
                by_class[rows, of_class] = each
                sums.append(times @ by_class)
            return _values(*sums)

        return resampled


def _reason(key: str) -> str:
    return "nothing was detected" if key == "precision" else "there are no objects"


def _values(right: Floats, wrong: Floats, objects: Floats) -> dict[str, Floats]:
    """R values of each key, from R x K counts of right and wrong detections and of objects."""
    occurs = right + wrong + objects > 0
    number = occurs.sum(axis=1)
    whole = _ratios(right.sum(axis=1), wrong.sum(axis=1), objects.sum(axis=1))
    of_classes = [np.where(np.isnan(each), 0, each).sum(axis=1) for each in _ratios(right, wrong, objects)]
    mean = [_divided(each, number) for each in of_classes]
    return dict(zip((*NAMES, *(f"{name}_macro" for name in NAMES)), (*whole, *mean), strict=True))


def _ratios(right: Floats, wrong: Floats, objects: Floats) -> tuple[Floats, Floats, Floats]:
    """F1, precision and recall."""
    detections = right + wrong
    return _divided(2 * right, detections + objects), _divided(right, detections), _divided(right, objects)


def _divided(above: Floats, below: Floats | Counts) -> Floats:
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
