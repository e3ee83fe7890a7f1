"""Counts the errors of a detector image by image. Memory does not grow with the images, but for slices of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from sweeper.capabilities.clearest import Clearest
from sweeper.common.boxes import areas
from sweeper.statistics.clustered_shares import ShareSums
from sweeper.statistics.coco_matches import LARGE, SMALL
from sweeper.statistics.detection_errors import DETECTION_KINDS, IGNORED, OBJECT_KINDS, ImageErrors
from sweeper.statistics.matching import NONE

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.capabilities.slicing import Slice
    from sweeper.statistics.detection_errors import Indices

Side: TypeAlias = Literal["object", "detection"]
Scope: TypeAlias = Literal["overall", "class", "size", "slice"]
KINDS: Mapping[Side, tuple[str, ...]] = {"object": OBJECT_KINDS, "detection": DETECTION_KINDS}
SIZES = ("small", "medium", "large")
"""By COCO's areas: below 32 x 32 square pixels, below 96 x 96, and from there on."""
OVERLAP_BINS = 10
"""Ranges of overlap, of a tenth each; the last one has 1 too."""


class Group(NamedTuple):
    """Objects or detections of one kind: all of them, or those of a class, a size or a slice."""

    scope: Scope
    which: int = 0
    """The number of the class, the size or the slice."""


class Cell(NamedTuple):
    """Detections, or missed objects, of one kind with the classes of both; `None` on the side that there is not."""

    kind: str
    label: int | None
    predicted: int | None


@dataclass(frozen=True, eq=False)
class WorstImage:
    """One image with many errors."""

    number: int
    datum_id: str
    errors: ImageErrors


@dataclass
class ErrorTally:
    """What was seen of a dataset so far.

    Attributes
    ----------
    worst
        How many images are kept.
    slices
        Each image is in one slice of each key.
    """

    worst: int
    slices: Sequence[Slice] = ()
    images: int = 0
    ignored: Counter[Side] = field(default_factory=Counter[Side])
    """Number of crowds, and of detections that have found one."""
    sums: Mapping[Side, dict[Group, ShareSums]] = field(default_factory=lambda: {"object": {}, "detection": {}})
    cells: Counter[Cell] = field(default_factory=Counter[Cell])
    overlaps: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(DETECTION_KINDS), OVERLAP_BINS), np.int64)
    )
    """Number of detections of each kind in each range of overlap."""

    def __post_init__(self) -> None:
        self._clearest: Clearest[WorstImage] = Clearest(self.worst)
        self._slices_of = _Members(self.slices)

    def takes(self, errors: ImageErrors) -> bool:
        """Whether the next image would be one of the worst."""
        return errors.errors > 0 and self._clearest.takes(errors.errors)

    def add(self, errors: ImageErrors, datum_id: str) -> None:
        """Count the next image; its id is only read where it `takes` it."""
        objects, boxes = errors.truth, errors.detections
        sizes = _sizes(areas(objects.boxes) if objects.area is None else objects.area)
        self._count("object", errors.object_kinds, {"class": objects.labels, "size": sizes})
        sizes = _sizes(areas(boxes.boxes))
        self._count("detection", errors.detection_kinds, {"class": boxes.labels, "size": sizes})
        self.cells.update(_cells(errors))
        counted = errors.detection_kinds != IGNORED
        bins = np.minimum((errors.overlap[counted] * OVERLAP_BINS).astype(np.intp), OVERLAP_BINS - 1)
        np.add.at(self.overlaps, (errors.detection_kinds[counted], bins), 1)
        if self.takes(errors):
            # A copy, since arrays may be views of a whole block of predictions, which would stay in memory with them.
            self._clearest.add(errors.errors, WorstImage(self.images, datum_id, deepcopy(errors)))
        self.images += 1

    def _count(self, side: Side, kinds: Indices, by: Mapping[Scope, npt.NDArray[np.int64]]) -> None:
        """Count the objects or detections of an image, of each its kind, class and size."""
        counted = kinds != IGNORED
        self.ignored[side] += int((~counted).sum())
        whole = np.bincount(kinds[counted], minlength=len(KINDS[side]))
        for group in (Group("overall"), *(Group("slice", one) for one in self._slices_of[self.images])):
            self._sums(side, group).add(whole)
        for scope, indices in by.items():
            for index in np.unique(indices[counted]):
                mine = np.bincount(kinds[counted & (indices == index)], minlength=len(whole))
                self._sums(side, Group(scope, int(index))).add(mine)

    def _sums(self, side: Side, group: Group) -> ShareSums:
        found = self.sums[side].get(group)
        if found is None:
            found = self.sums[side][group] = ShareSums(len(KINDS[side]))
        return found

    def worst_images(self) -> list[WorstImage]:
        """The images with the most errors, the worst first; none without an error."""
        return self._clearest.cases()


class _Members:
    """The slices that each image is in."""

    def __init__(self, slices: Sequence[Slice]) -> None:
        keys = list(dict.fromkeys(one.key for one in slices))
        size = sum(len(one.data) for one in slices if one.key == keys[0]) if keys else 0
        self._of = np.zeros((size, len(keys)), np.int32)
        for number, one in enumerate(slices):
            self._of[one.data, keys.index(one.key)] = number

    def __getitem__(self, image: int) -> Sequence[int]:
        return self._of[image].tolist() if len(self._of) else ()


def _sizes(values: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Places in `SIZES` of so many square pixels."""
    return np.digitize(values, [SMALL, LARGE]).astype(np.int64)


def _cells(errors: ImageErrors) -> Iterator[Cell]:
    labels, predicted = errors.truth.labels, errors.detections.labels
    for kind, held, mine in zip(errors.detection_kinds, errors.held_against, predicted, strict=True):
        if kind != IGNORED:
            yield Cell(DETECTION_KINDS[kind], None if held == NONE else int(labels[held]), int(mine))
    for kind, label in zip(errors.object_kinds, labels, strict=True):
        if OBJECT_KINDS[kind] == "missed" and kind != IGNORED:
            yield Cell("missed", int(label), None)
