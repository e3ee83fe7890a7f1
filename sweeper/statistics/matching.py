"""Which detections find which objects: the greedy matching of COCO's metrics, for one image.

Microsoft COCO (Lin and others, "Microsoft COCO: Common Objects in Context", ECCV 2014) has no formula for it; the rule
is that of its reference implementation, `pycocotools`, and tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.common.boxes import overlaps

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.common.detections import DetectionTarget

    Floats: TypeAlias = npt.NDArray[np.float64]
    Flags: TypeAlias = npt.NDArray[np.bool_]
    Indices: TypeAlias = npt.NDArray[np.intp]

NONE = -1
"""In place of the index of an object, for a detection that has found none."""
WHOLE = 1 - 1e-10
"""An overlap from here on is enough for a threshold of 1, as rounding asks."""


@dataclass(frozen=True, eq=False)
class ImageMatches:
    """Which object each of D detections of one image has found, among the objects of its class.

    Attributes
    ----------
    found
        D indices of objects of the image, or `NONE`.
    ignored
        D flags: the object is ignored (a crowd), so that the detection is neither right nor wrong.
    """

    found: Indices
    ignored: Flags


def by_score(scores: npt.NDArray[np.floating]) -> Indices:
    """The order of N detections from the surest on; equally sure ones stay in the order in which they are given."""
    return np.argsort(-scores, kind="stable")


def matches_of_image(detections: DetectionTarget, truth: DetectionTarget, threshold: float = 0.5) -> ImageMatches:
    """Match the detections of one image with its objects, class by class, the surest detection first.

    Parameters
    ----------
    detections
        In any order.
    truth
        Objects; of those that stand for a crowd any number of detections may find the same.
    threshold
        The least overlap, in (0, 1].
    """
    found = np.full(len(detections.labels), NONE, np.intp)
    crowd = crowd_of(truth)
    for mine, theirs in same_class(detections.labels, truth.labels):
        order = mine[by_score(detections.scores[mine])]
        shared = overlaps(detections.boxes[order], truth.boxes[theirs], crowd[theirs])
        places = greedy(shared, np.array([threshold]), crowd[theirs][None], crowd[theirs])[0]
        found[order] = np.where(places == NONE, NONE, theirs[places])
    return ImageMatches(found, (found != NONE) & np.append(crowd, False)[found])


def crowd_of(truth: DetectionTarget) -> Flags:
    """Which of the objects stand for a crowd."""
    return np.zeros(len(truth.labels), np.bool_) if truth.iscrowd is None else truth.iscrowd.astype(np.bool_)


def same_class(labels: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> Iterator[tuple[Indices, Indices]]:
    """For each class that both have, the places of those that have it: among N labels and among M others."""
    for label in np.intersect1d(labels, others):
        yield np.flatnonzero(labels == label), np.flatnonzero(others == label)


def greedy(shared: Floats, thresholds: Floats, ignored: Flags, crowd: Flags) -> Indices:
    """For each of V variants and D detections the index of the object that it finds, or `NONE`: V x D.

    Parameters
    ----------
    shared
        D x G overlaps, the surest detection first.
    thresholds
        V least overlaps.
    ignored
        V x G (or 1 x G) flags: which objects are ignored in a variant. One is found only where no other is.
    crowd
        G flags: which objects may be found by several detections.

    Notes
    -----
    A detection finds the object with which it overlaps most, of those that no surer one has found. Of several with the
    same overlap it is the last one.
    """
    least = np.minimum(thresholds, WHOLE)[:, None]
    variants, (detections, objects) = len(thresholds), shared.shape
    ignored = np.broadcast_to(ignored, (variants, objects))
    found = np.full((variants, detections), NONE, np.intp)
    free = np.ones((variants, objects), np.bool_)
    rows = np.arange(variants)
    for detection in np.flatnonzero(shared.max(axis=1, initial=0.0) >= least.min(initial=1.0)):
        possible = free & (shared[detection] >= least)
        regular = possible & ~ignored
        possible = np.where(regular.any(axis=1, keepdims=True), regular, possible)
        places = _last_largest(np.where(possible, shared[detection], -1.0))
        has_found = possible[rows, places]
        found[has_found, detection] = places[has_found]
        free[rows[has_found], places[has_found]] = crowd[places[has_found]]
    return found


def _last_largest(values: Floats) -> Indices:
    """In each row of V x G values, the place of the largest; of several the last."""
    return values.shape[1] - 1 - values[:, ::-1].argmax(axis=1)
