"""What COCO's metrics need of each detection and each object of a dataset: found once, and summed up many times.

The rules are those of the reference implementation, `pycocotools.cocoeval`, which documents them in its code alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweeper.common.boxes import areas, overlaps
from sweeper.statistics.matching import NONE, by_score, crowd_of, greedy

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.common.boxes import Boxes
    from sweeper.common.detections import DetectionTarget
    from sweeper.statistics.matching import Flags, Floats, Indices

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""The least overlaps over which precision and recall are averaged."""
MOST_DETECTIONS = 100
"""Of one image and class, only so many of the surest detections count."""
SMALL, LARGE = 32.0**2, 96.0**2
"""Up to and from these areas in square pixels an object is small, or large; both bounds belong to both sides."""
RANGES = {"all": (0.0, 1e10), "small": (0.0, SMALL), "medium": (SMALL, LARGE), "large": (LARGE, 1e10)}
"""The areas of objects, in square pixels, by the name of their range."""
_LOW, _HIGH = (np.array(bounds)[:, None] for bounds in zip(*RANGES.values(), strict=True))


@dataclass(frozen=True, eq=False)
class ClassMatches:
    """The detections and objects of one class in all images.

    Attributes
    ----------
    label
        The index of the class.
    image
        Of D detections, the surest first, the number of their image (int32).
    rank
        Their place among the detections of the class in their image, from 0 (int32).
    in_range
        A x D flags: whether the area of the detection is in one of A = 4 `RANGES`.
    right, ignored
        A x T x D flags, for the ranges and `THRESHOLDS`: whether the detection finds an object that counts, or one that
        does not (a crowd, or an object outside of the range). One that finds none is wrong if its area is in the range.
    object_image
        Of G objects the number of their image (int32).
    counted
        A x G flags: whether the object counts.
    """

    label: int
    image: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    in_range: Flags
    right: Flags
    ignored: Flags
    object_image: npt.NDArray[np.int32]
    counted: Flags


class _Part(NamedTuple):
    """The same of one image, and the scores."""

    image: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    in_range: Flags
    right: Flags
    ignored: Flags
    object_image: npt.NDArray[np.int32]
    counted: Flags
    scores: npt.NDArray[np.float32]


def surest(detections: DetectionTarget) -> Indices:
    """The places of the detections that count, of each class at most `MOST_DETECTIONS`, in the order given."""
    if len(detections.labels) <= MOST_DETECTIONS:
        return np.arange(len(detections.labels))
    kept = [
        mine[by_score(detections.scores[mine])[:MOST_DETECTIONS]]
        for mine in (np.flatnonzero(detections.labels == label) for label in np.unique(detections.labels))
    ]
    return np.sort(np.concatenate(kept))


def class_matches(detections: Sequence[DetectionTarget], truth: Sequence[DetectionTarget]) -> list[ClassMatches]:
    """Match the detections of N images with their objects, for each class that an object has, by its index."""
    parts: dict[int, list[_Part]] = {}
    known = {int(label) for each in truth for label in np.unique(each.labels)}
    for image, (found, objects) in enumerate(zip(detections, truth, strict=True)):
        for label in known.intersection(np.union1d(found.labels, objects.labels).tolist()):
            parts.setdefault(label, []).append(_part(image, label, found, objects))
    return [_together(label, parts[label]) for label in sorted(parts)]


def _part(image: int, label: int, found: DetectionTarget, truth: DetectionTarget) -> _Part:
    mine, theirs = np.flatnonzero(found.labels == label), np.flatnonzero(truth.labels == label)
    mine = mine[by_score(found.scores[mine])[:MOST_DETECTIONS]]
    boxes, objects, crowd = found.boxes[mine], truth.boxes[theirs], crowd_of(truth)[theirs]
    sizes = areas(objects) if truth.area is None else truth.area[theirs].astype(np.float64)
    apart = crowd | ~_within(sizes)
    right, ignored = _states(boxes, objects, apart, crowd)
    return _Part(
        np.full(len(mine), image, np.int32),
        np.arange(len(mine), dtype=np.int32),
        _within(areas(boxes)),
        right,
        ignored,
        np.full(len(theirs), image, np.int32),
        ~apart,
        found.scores[mine],
    )


def _within(sizes: Floats) -> Flags:
    """A x N: which of N areas are in which range."""
    return (sizes >= _LOW) & (sizes <= _HIGH)


def _states(boxes: Boxes, objects: Boxes, apart: Flags, crowd: Flags) -> tuple[Flags, Flags]:
    """Which of D detections find an object that counts, and one that does not: each A x T x D."""
    shape = (len(RANGES), len(THRESHOLDS), len(boxes))
    if not len(boxes) or not len(objects):
        return np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    thresholds, does_not_count = np.tile(THRESHOLDS, len(RANGES)), np.repeat(apart, len(THRESHOLDS), axis=0)
    found = greedy(overlaps(boxes, objects, crowd), thresholds, does_not_count, crowd)
    beside = np.take_along_axis(does_not_count, np.maximum(found, 0), axis=1)
    has_found = found != NONE
    return (has_found & ~beside).reshape(shape), (has_found & beside).reshape(shape)


def _together(label: int, parts: Sequence[_Part]) -> ClassMatches:
    image, rank, in_range, right, ignored, object_image, counted, scores = (
        np.concatenate(column, axis=-1) for column in zip(*parts, strict=True)
    )
    order = by_score(scores)
    return ClassMatches(
        label,
        image[order],
        rank[order],
        in_range[:, order],
        right[..., order],
        ignored[..., order],
        object_image,
        counted,
    )
