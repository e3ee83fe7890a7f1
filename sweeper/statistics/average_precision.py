"""COCO's average precision and recall of many resamples of the images at once.

Images in, weights in: how often each image counts in each resample. With weights of 1 these are the values that
`pycocotools` computes. An image that counts twice is as two images, each detection beside its copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics.coco_matches import RANGES, THRESHOLDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.coco_matches import ClassMatches
    from sweeper.statistics.matching import Flags, Floats, Indices
    from sweeper.statistics.resampling import Weights

    Counts = npt.NDArray[np.int64]

RECALLS = np.linspace(0, 1, 101)
"""The recalls at which precision is read."""
KEYS = (
    "map",
    "map_50",
    "map_75",
    "map_small",
    "map_medium",
    "map_large",
    "mar_1",
    "mar_10",
    "mar_100",
    "mar_small",
    "mar_medium",
    "mar_large",
)
"""Names of the values, in the order in which `resampled_values` and `class_values` give them."""
_RANKS = (1, 10, 100)
"""So many of the surest detections of an image count for `mar_1`, `mar_10` and `mar_100`."""
CELLS = 4_000_000
"""So many weighted detections are looked at together: what bounds the memory."""


def resampled_values(matches: Sequence[ClassMatches], weights: Weights) -> dict[str, Floats]:
    """R values of each key: the mean over the classes that have an object; NaN where none has.

    Parameters
    ----------
    matches
        Of each class, over the same N images.
    weights
        R x N.
    """
    means = mean_over_classes([class_values(one, weights) for one in matches], len(weights))
    return dict(zip(KEYS, means.T, strict=True))


def mean_over_classes(classes: Sequence[Floats], rows: int = 1) -> Floats:
    """R x 12 means of the values of classes (R x 12 each) that have one; NaN where none has."""
    total, number = np.zeros((rows, len(KEYS))), np.zeros((rows, len(KEYS)), np.int64)
    for values in classes:
        known = ~np.isnan(values)
        total[known] += values[known]
        number += known
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def class_values(one: ClassMatches, weights: Weights) -> Floats:
    """The values of one class: R x 12, in the order of `KEYS`; NaN where no object counts."""
    images, places = np.unique(np.concatenate([one.image, one.object_image]), return_inverse=True)
    of_detections, of_objects = places[: len(one.image)], places[len(one.image) :]
    step = max(1, CELLS // max(1, len(one.image)))
    values = [
        _values(one, weights[first : first + step][:, images], of_detections, of_objects)
        for first in range(0, len(weights), step)
    ]
    return np.concatenate(values) if values else np.zeros((0, len(KEYS)))


def _values(one: ClassMatches, weights: Weights, of_detections: Indices, of_objects: Indices) -> Floats:
    ranges, by_image = len(RANGES), _by_image(one, weights.shape[1], of_detections, of_objects)
    sums = weights.astype(np.float64) @ by_image
    objects = np.rint(sums[:, :ranges]).astype(np.int64)
    precisions = [_precisions(one, place, weights, of_detections, objects[:, place]) for place in range(ranges)]
    whole = precisions[0]
    columns = [whole.mean(axis=1), whole[:, 0], whole[:, 5], *(each.mean(axis=1) for each in precisions[1:])]
    among = objects[:, [0] * len(_RANKS) + [*range(1, ranges)]]
    recalls = np.divide(sums[:, ranges:], among, out=np.full(among.shape, np.nan), where=among > 0)
    return np.concatenate([np.stack(columns, axis=1), recalls], axis=1)


def _by_image(one: ClassMatches, images: int, of_detections: Indices, of_objects: Indices) -> Floats:
    """N x 10: the objects of each image in each range, and those found: a mean over the thresholds, for each recall."""
    found = one.right.mean(axis=1)
    found = [*(found[0] * (one.rank < rank) for rank in _RANKS), *found[1:]]
    counts = [(of_objects, counted) for counted in one.counted] + [(of_detections, each) for each in found]
    return np.stack([np.bincount(where, each, images) for where, each in counts], axis=1).astype(np.float64)


def _precisions(one: ClassMatches, place: int, weights: Weights, of_detections: Indices, objects: Counts) -> Floats:
    """R x T average precisions in one range of areas; NaN where no object counts."""
    found = np.zeros((len(weights), len(THRESHOLDS)))
    reached = _reached(objects)
    counts = _Counts(weights, of_detections, one.in_range[place])
    for number, (right, ignored) in enumerate(zip(one.right[place], one.ignored[place], strict=True)):
        if right.any():
            found[:, number] = _average(*counts.at_the_right(right, ignored), reached)
    found[objects == 0] = np.nan
    return found


class _Counts:
    """How many detections count up to each right one, the surest first, in R resamples.

    Only the right ones raise the recall, and between two of them precision falls. So precision is needed there alone.
    Those that find nothing are the same for all thresholds but for what finds something: they are counted once.
    """

    def __init__(self, weights: Weights, of_detections: Indices, in_range: Flags) -> None:
        self._weights, self._images, self._in_range = weights, of_detections, in_range
        self._places = np.flatnonzero(in_range)
        self._sums = np.zeros((len(weights), len(self._places) + 1), np.int32)
        np.cumsum(weights[:, of_detections[self._places]], axis=1, dtype=np.int32, out=self._sums[:, 1:])

    def at_the_right(self, right: Flags, ignored: Flags) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Of E right detections how many up to them are right, and how many count: each R x E."""
        special = np.flatnonzero(right | (ignored & self._in_range))
        weights = self._weights[:, self._images[special]].astype(np.int32)
        is_right = right[special]
        within = self._sums[:, np.searchsorted(self._places, special, side="right")]
        beyond = is_right & ~self._in_range[special]  # they count, and are not among those in the range
        correction = np.cumsum(weights * (beyond.astype(np.int32) - ~is_right), axis=1)
        number = (within + correction)[:, is_right]
        return np.cumsum(weights[:, is_right], axis=1, dtype=np.int32), number.astype(np.int32)


def _reached(objects: Counts) -> npt.NDArray[np.uint8]:
    """R x (M + 1): how many of `RECALLS` are reached with 0 to M right detections, M the largest number of objects.

    A recall is compared as the quotient of two whole numbers in double precision, as the reference compares it.
    """
    most, safe = int(objects.max(initial=0)), np.maximum(objects, 1)[:, None].astype(np.float64)
    least = np.ceil(RECALLS * safe)
    least = np.where((least - 1) / safe >= RECALLS, least - 1, least)
    least = np.where(least / safe < RECALLS, least + 1, least).astype(np.int64)
    cells = np.arange(len(objects))[:, None] * (most + 2) + np.minimum(least, most + 1)
    table = np.bincount(cells.ravel(), minlength=len(objects) * (most + 2)).reshape(len(objects), most + 2)
    return table.cumsum(axis=1)[:, : most + 1].astype(np.uint8)


def _average(right: npt.NDArray[np.int32], number: npt.NDArray[np.int32], reached: npt.NDArray[np.uint8]) -> Floats:
    """R average precisions, from R x E counts of right ones and of all, and from how many recalls these reach."""
    precision = np.divide(right, number, out=np.zeros(right.shape), where=number > 0)
    best_from_here = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    steps = np.diff(np.take_along_axis(reached, right, axis=1).astype(np.int16), axis=1, prepend=np.int16(0))
    return np.einsum("re,re->r", best_from_here, steps) / len(RECALLS)


def of_all_images(matches: Sequence[ClassMatches], images: int) -> dict[str, float]:
    """The value of each key on N images."""
    found = resampled_values(matches, np.ones((1, images), np.uint8))
    return {key: float(values[0]) for key, values in found.items()}


def undefined(matches: Sequence[ClassMatches]) -> Iterator[tuple[str, str]]:
    """The keys that have no value, and why."""
    for place, size in enumerate(RANGES):
        if not any(one.counted[place].any() for one in matches):
            for key in KEYS:
                if size == "all" or key.endswith(f"_{size}"):
                    yield key, "no object counts" if size == "all" else f"no {size} object counts"
