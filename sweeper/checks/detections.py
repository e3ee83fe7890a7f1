"""Read what datasets and detectors return for an image as arrays of boxes, labels and scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sweeper.checks.numbers import DETECTION, Numbers, numeric
from sweeper.common.detections import DetectionTarget
from sweeper.errors import PartError

WANTED = "boxes (N x 4), labels (N whole numbers) and scores (N, or N x classes) of one N"
"""The form of MAITE's protocol `ObjectDetectionTarget`."""


def is_detection(item: object) -> bool:
    """Whether an answer or a target has boxes, labels and scores, as attributes or as keys."""
    return all(field(item, name) is not None for name in DETECTION)


def field(item: object, name: str) -> object:
    """An attribute, or the value of a key of a mapping; `None` if it has neither."""
    return item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)


def detection_of(item: object) -> DetectionTarget:
    """The boxes of one image, of any library, as numpy arrays.

    Of N x C scores, each box has that of its label. Boxes of no rows may have any shape.

    Raises
    ------
    PartError
        It has no boxes, labels and scores, or they do not fit each other.
    """
    if type(item) is DetectionTarget:
        return item
    boxes, labels, scores = (numeric(field(item, name)) for name in DETECTION)
    if boxes is None or labels is None or scores is None:
        missing = ", ".join(name for name in DETECTION if numeric(field(item, name)) is None)
        raise PartError(f"a {type(item).__name__} without numbers as {missing}; MAITE asks for {WANTED}")
    return _fitting(boxes, labels, scores, _flags(field(item, "iscrowd")), _flags(field(item, "area")))


def _flags(value: object) -> Numbers | None:
    return None if value is None else numeric(value)


def _fitting(
    boxes: Numbers, labels: Numbers, scores: Numbers, iscrowd: Numbers | None, area: Numbers | None
) -> DetectionTarget:
    number = len(labels) if labels.ndim == 1 else -1
    boxes = boxes.reshape(0, 4) if not boxes.size and number == 0 else boxes
    fits = boxes.shape == (number, 4) and scores.ndim in (1, 2) and len(scores) == number
    further = [len(each) == number if each.ndim == 1 else False for each in (iscrowd, area) if each is not None]
    if not fits or not all(further) or (labels.size and labels.dtype.kind not in "iu"):
        raise PartError(
            f"boxes of shape {boxes.shape}, labels of shape {labels.shape} ({labels.dtype}) and scores of shape "
            f"{scores.shape}; MAITE asks for {WANTED}"
        )
    return DetectionTarget(
        boxes.astype(np.float32),
        labels.astype(np.int64),
        _of_labels(scores, labels).astype(np.float32),
        None if iscrowd is None else iscrowd.astype(np.bool_),
        None if area is None else area.astype(np.float32),
    )


def _of_labels(scores: Numbers, labels: Numbers) -> Numbers:
    if scores.ndim == 1:
        return scores
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < scores.shape[1]:
        raise PartError(
            f"labels from {labels.min()} to {labels.max()} beside scores of {scores.shape[1]} classes; each label must "
            "be an index of these"
        )
    return scores[np.arange(len(labels)), labels.astype(np.int64)]
