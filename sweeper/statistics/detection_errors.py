"""What became of each object and of each detection of one image: found, or by which error not.

The kinds of errors are those of Bolya, Foley, Hays and Hoffman, "TIDE: A General Toolbox for Identifying Object
Detection Errors", ECCV 2020. Where several kinds fit a detection, the tool of the authors asks first whether it is
badly placed; here to cover an object comes before to touch one, so that a detection that covers an object of another
class is of the wrong class, even if it also touches one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.common.boxes import overlaps
from sweeper.common.detections import DetectionTarget
from sweeper.statistics.matching import NONE, WHOLE, crowd_of, matches_of_image

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]
    Flags: TypeAlias = npt.NDArray[np.bool_]
    Indices: TypeAlias = npt.NDArray[np.intp]

OBJECT_KINDS = ("correct", "wrong_class", "badly_placed", "missed")
"""`correct`: an object that a detection of its class has found. Of the others: `wrong_class`, a detection of the wrong
class is held against it; `badly_placed`, one that is badly placed; `missed`, neither."""
DETECTION_KINDS = ("correct", "double", "wrong_class", "badly_placed", "wrong_class_badly_placed", "background")
"""`correct`: it has found an object of its class. Of the others the first that fits: `double`, it covers an object of
its class, which a surer one has found; `wrong_class`, it covers one of another class; `badly_placed`, it touches one of
its class; `wrong_class_badly_placed`, it touches one of another class; `background`, it touches none. To cover is to
overlap by the overlap of a match at least, to touch by that of the background at least."""
IGNORED = -1
"""In place of a kind: a crowd, or a detection that has found one."""
_CORRECT, _DOUBLE, _WRONG_CLASS, _BADLY_PLACED, _BOTH, _BACKGROUND = range(len(DETECTION_KINDS))


@dataclass(frozen=True, eq=False)
class ImageErrors:
    """The objects and detections of one image.

    Attributes
    ----------
    detections, truth
        D detections that are sure enough, and G objects.
    detection_kinds, object_kinds
        D and G places in `DETECTION_KINDS` and `OBJECT_KINDS`, or `IGNORED`.
    held_against
        D indices of the object that says so of the detection; `NONE` for the background.
    overlap
        D overlaps with that object; for the background the largest with any object.
    """

    detections: DetectionTarget
    truth: DetectionTarget
    detection_kinds: Indices
    object_kinds: Indices
    held_against: Indices
    overlap: Floats

    @property
    def errors(self) -> int:
        """How many detections are wrong and how many objects are missed: each error once."""
        return int((self.detection_kinds > _CORRECT).sum()) + self.count("missed")

    def count(self, kind: str) -> int:
        """How many objects are missed, or how many detections are of another kind."""
        if kind == "missed":
            return int((self.object_kinds == OBJECT_KINDS.index(kind)).sum())
        return int((self.detection_kinds == DETECTION_KINDS.index(kind)).sum())


def surest(detections: DetectionTarget, confidence: float) -> DetectionTarget:
    """The detections with at least this score, in their order."""
    kept = np.flatnonzero(detections.scores >= np.float32(confidence))
    return DetectionTarget(detections.boxes[kept], detections.labels[kept], detections.scores[kept])


def errors_of_image(
    detections: DetectionTarget, truth: DetectionTarget, overlap: float, background: float
) -> ImageErrors:
    """Put each object and each detection of one image into its kind.

    Parameters
    ----------
    detections
        Those that are sure enough, in any order.
    truth
        The objects. A crowd is no object: what finds one is ignored, as COCO's metrics do.
    overlap
        The least overlap (intersection over union) of a match, in (0, 1].
    background
        The least overlap with an object of a detection that is about it, in (0, `overlap`].
    """
    matches = matches_of_image(detections, truth, overlap)
    shared = overlaps(detections.boxes, truth.boxes)
    shared[:, crowd_of(truth)] = 0
    own = detections.labels[:, None] == truth.labels[None]
    mine, other = _Best.of(np.where(own, shared, 0)), _Best.of(np.where(own, 0, shared))
    kinds = _kinds(matches.found != NONE, mine.overlap, other.overlap, min(overlap, WHOLE), background)
    by_other = np.isin(kinds, (_WRONG_CLASS, _BOTH))
    held = np.where(kinds == _CORRECT, matches.found, np.where(by_other, other.place, mine.place))
    held = np.where(kinds == _BACKGROUND, NONE, held)
    nearest = np.maximum(mine.overlap, other.overlap)
    against = shared[np.arange(len(held)), held] if shared.size else nearest
    kinds[matches.ignored] = IGNORED
    return ImageErrors(
        detections, truth, kinds, _objects(kinds, held, truth), held, np.where(held == NONE, nearest, against)
    )


@dataclass(frozen=True, eq=False)
class _Best:
    """With which object each detection overlaps most, and by how much."""

    place: Indices
    overlap: Floats

    @classmethod
    def of(cls, shared: Floats) -> _Best:
        if not shared.shape[1]:
            return cls(np.full(len(shared), NONE, np.intp), np.zeros(len(shared)))
        return cls(shared.argmax(axis=1), shared.max(axis=1))


def _kinds(found: Flags, own: Floats, other: Floats, overlap: float, background: float) -> Indices:
    """The first kind that fits each detection, from its overlaps with objects of its class and of others."""
    fits = [found, own >= overlap, other >= overlap, own >= background, other >= background]
    return np.select(fits, list(range(_BACKGROUND)), _BACKGROUND).astype(np.intp)


def _objects(kinds: Indices, held: Indices, truth: DetectionTarget) -> Indices:
    """The kind of each object, from what is held against it; the last line that fits counts."""
    objects = np.full(len(truth.labels), OBJECT_KINDS.index("missed"), np.intp)
    for kind, name in ((_BADLY_PLACED, "badly_placed"), (_WRONG_CLASS, "wrong_class"), (_CORRECT, "correct")):
        objects[held[kinds == kind]] = OBJECT_KINDS.index(name)
    objects[crowd_of(truth)] = IGNORED
    return objects
