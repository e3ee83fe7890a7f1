"""Read what datasets and detectors return for an image as arrays of boxes, labels and scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from sweeper.checks.numbers import DETECTION, Numbers, datum_name, numeric
from sweeper.common.detections import DetectionTarget
from sweeper.errors import PartError

WANTED = "MAITE asks for boxes (N x 4), labels (N whole numbers) and scores (N, or N x classes) of one N"
"""The form of MAITE's protocol `ObjectDetectionTarget`."""
CORNERS = "MAITE asks for finite x0, y0, x1, y1 in pixels, with x0 <= x1 and y0 <= y1"


def is_detection(item: object) -> bool:
    """Whether an answer or a target has boxes, labels and scores, as attributes or as keys."""
    return all(entry(item, name) is not None for name in DETECTION)


def entry(item: object, name: str) -> object:
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
    boxes, labels, scores = (numeric(entry(item, name)) for name in DETECTION)
    if boxes is None or labels is None or scores is None:
        missing = ", ".join(name for name in DETECTION if numeric(entry(item, name)) is None)
        raise PartError(f"a {type(item).__name__} without numbers as {missing}; {WANTED}")
    return _fitting(boxes, labels, scores, _flags(entry(item, "iscrowd")), _flags(entry(item, "area")))


def _flags(value: object) -> Numbers | None:
    return None if value is None else numeric(value)


def _fitting(
    boxes: Numbers, labels: Numbers, scores: Numbers, iscrowd: Numbers | None, area: Numbers | None
) -> DetectionTarget:
    number = len(labels) if labels.ndim == 1 else -1
    boxes = boxes.reshape(0, 4) if not boxes.size and number == 0 else boxes
    fits = boxes.shape == (number, 4) and scores.ndim in (1, 2) and len(scores) == number
    further = all(each.shape == (number,) for each in (iscrowd, area) if each is not None)
    if not fits or not further or not (labels == np.floor(labels)).all():
        raise PartError(
            f"boxes of shape {boxes.shape}, labels of shape {labels.shape} ({labels.dtype}) and scores of shape "
            f"{scores.shape}; {WANTED}"
        )
    return DetectionTarget(
        boxes.astype(np.float32, copy=False),
        labels.astype(np.int64, copy=False),
        _of_labels(scores, labels).astype(np.float32, copy=False),
        None if iscrowd is None else iscrowd.astype(np.bool_, copy=False),
        None if area is None else area.astype(np.float32, copy=False),
    )


def _of_labels(scores: Numbers, labels: Numbers) -> Numbers:
    if scores.ndim == 1:
        return scores
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < scores.shape[1]:
        raise PartError(
            f"labels from {labels.min()} to {labels.max()} beside scores of {scores.shape[1]} classes; each label must "
            "be an index of these"
        )
    return scores[np.arange(len(labels)), labels.astype(np.int64, copy=False)]


def box_problem(item: object, names: Mapping[int, str] | None = None) -> str | None:
    """What is wrong with the boxes or labels of one image, and what is asked for; `None` if nothing is.

    Parameters
    ----------
    names
        Names of the classes by index, of the side that gives the boxes; labels must be among them, if there are any.
    """
    try:
        found = detection_of(item)
    except PartError as error:
        return str(error)
    wrong = ~(found.boxes[:, :2] <= found.boxes[:, 2:]).all(axis=1) | ~np.isfinite(found.boxes).all(axis=1)
    if wrong.any():
        return f"the box {found.boxes[wrong][0].tolist()}; {CORNERS}"
    unknown = [label for label in np.unique(found.labels).tolist() if label not in names] if names else []
    if names and unknown:
        return f"the label {unknown[0]}, which its own index2label does not have: it names {min(names)} to {max(names)}"
    return None


def score_problem(item: object) -> str | None:
    """Which score of one image is out of range, and what is asked for; `None` if none is. NaN is another problem."""
    scores = numeric(entry(item, "scores"))
    wrong = np.zeros(0) if scores is None else scores[(scores < 0) | (scores > 1)]
    return f"the score {float(wrong[0]):g}; MAITE asks for scores from 0 to 1" if wrong.size else None


def first_problem(
    batch: Iterable[object], metadata: object, first: int, problem: Callable[[object], str | None]
) -> str | None:
    """The first datum of a batch of detections with a problem: `datum 'a': the box ...`; `None` if there is none.

    Parameters
    ----------
    metadata, first
        Of the batch, and the position of its first datum in the dataset.
    problem
        Finds it in one image.
    """
    for place, item in enumerate(batch):
        found = problem(item) if is_detection(item) else None
        if found is not None:
            return f"datum {datum_name(metadata, place, first)}: {found}"
    return None
