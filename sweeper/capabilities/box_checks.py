"""What may be wrong with the boxes of one image, box by box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from sweeper.common.boxes import areas, overlaps
from sweeper.errors import PartError
from sweeper.statistics.matching import crowd_of, same_class

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    import numpy.typing as npt

    from sweeper.capabilities.scenes import Scene
    from sweeper.common.detections import DetectionTarget

    Floats: TypeAlias = npt.NDArray[np.float64]
    Flags: TypeAlias = npt.NDArray[np.bool_]

BOX_CHECKS = (
    "empty",
    "tiny",
    "wholly_outside",
    "partly_outside",
    "exact_doubles",
    "near_doubles",
    "two_classes",
    "unknown_class",
)
_COMPARED = 1_000_000
"""So many pairs of boxes are compared at a time, so that an image with thousands of boxes takes little memory."""


class Flaw(NamedTuple):
    """One box that a check found."""

    check: str
    box: int
    """Its place in the target, from 0."""
    score: float
    """How clear the case is, the larger the clearer, but for `tiny`; `BoxChecks` has the unit of each check."""
    detail: str
    """The box in pixels, and beside what it was found."""


@dataclass(frozen=True)
class BoxChecks:
    """The limits of the checks of boxes.

    Attributes
    ----------
    tiny_side
        `tiny`: the shorter side is below so many pixels; the score is that side.
    edge_tolerance
        So many pixels beyond the edge are rounding. `partly_outside`: a box reaches further; the score is the share of
        its area that is outside. `wholly_outside`: nothing of it is inside; the score is its distance in pixels.
    double_overlap
        `near_doubles`: the overlap (intersection over union) with an earlier box of the class is at least this; the
        score is the overlap.

    Raises
    ------
    PartError
        A limit is out of range.

    Notes
    -----
    The others: `empty`, a side is not above 0, or not finite, and the score is 0; of such a box no place and no size is
    checked. `exact_doubles` and `two_classes`, the same corners as an earlier box, of its class or of another one, with
    the score 1. `unknown_class`, the label has no name in `index2label`; the score is the label. A box that stands for
    a crowd is no double of what is in it.
    """

    tiny_side: float = 4.0
    edge_tolerance: float = 0.5
    double_overlap: float = 0.9

    def __post_init__(self) -> None:
        if not (self.tiny_side >= 0 and self.edge_tolerance >= 0 and 0 < self.double_overlap <= 1):
            raise PartError(
                f"DetectionQuality got tiny_side={self.tiny_side}, edge_tolerance={self.edge_tolerance}, "
                f"double_overlap={self.double_overlap}; allowed: tiny_side and edge_tolerance from 0, double_overlap "
                "above 0 and up to 1."
            )

    def flaws(self, scene: Scene, known: AbstractSet[int]) -> Iterator[Flaw]:
        """What is wrong with the boxes of one image; a box may have several flaws, each check at most one.

        Parameters
        ----------
        known
            The class indices that have names; if there are none, no label is unknown.
        """
        truth = scene.truth
        sides = truth.boxes[:, 2:].astype(np.float64) - truth.boxes[:, :2]
        solid = np.asarray((np.isfinite(sides) & (sides > 0)).all(axis=1))
        yield from (Flaw("empty", int(box), 0.0, _shown(truth, box)) for box in np.flatnonzero(~solid))
        shorter = sides.min(axis=1, initial=np.inf)
        for box in np.flatnonzero(solid & (shorter < self.tiny_side)):
            yield Flaw("tiny", int(box), float(shorter[box]), _shown(truth, box))
        yield from self._outside(scene, solid)
        yield from _doubles(truth)
        yield from self._near_doubles(truth, solid)
        for box in np.flatnonzero(~np.isin(truth.labels, list(known))) if known else ():
            yield Flaw("unknown_class", int(box), float(truth.labels[box]), f"label {truth.labels[box]}")

    def _outside(self, scene: Scene, solid: Flags) -> Iterator[Flaw]:
        size = np.array([scene.width, scene.height], np.float64)
        boxes = np.where(solid[:, None], scene.truth.boxes, 0).astype(np.float64)
        beyond = np.maximum(-boxes[:, :2], boxes[:, 2:] - size).max(axis=1, initial=-np.inf)
        away = np.maximum(boxes[:, :2] - size, -boxes[:, 2:]).max(axis=1, initial=-np.inf)
        inside = areas(np.clip(boxes, 0, np.tile(size, 2)))
        where = f" in an image of {scene.width} x {scene.height}"
        for box in np.flatnonzero(solid & (beyond > self.edge_tolerance)):
            shown = _shown(scene.truth, box) + where
            if away[box] >= 0:
                yield Flaw("wholly_outside", int(box), float(away[box]), shown)
            else:
                yield Flaw("partly_outside", int(box), float(1 - inside[box] / areas(boxes[box : box + 1])[0]), shown)

    def _near_doubles(self, truth: DetectionTarget, solid: Flags) -> Iterator[Flaw]:
        single = np.flatnonzero(solid & ~crowd_of(truth))
        for places, _ in same_class(truth.labels[single], truth.labels[single]):
            mine = single[places]
            step = max(1, _COMPARED // len(mine))
            for start in range(0, len(mine), step):
                rows = mine[start : start + step]
                shared = overlaps(truth.boxes[rows], truth.boxes[mine])
                equal = (truth.boxes[rows][:, None] == truth.boxes[mine][None]).all(axis=2)
                shared[(mine[None] >= rows[:, None]) | equal] = 0
                for row in np.flatnonzero(shared.max(axis=1) >= self.double_overlap):
                    box, other = int(rows[row]), int(mine[int(shared[row].argmax())])
                    detail = f"{_shown(truth, box)}, beside {_shown(truth, other)}"
                    yield Flaw("near_doubles", box, float(shared[row].max()), detail)


def _doubles(truth: DetectionTarget) -> Iterator[Flaw]:
    """The boxes with the corners of an earlier one."""
    crowd, first, seen = crowd_of(truth), dict[bytes, int](), set[tuple[bytes, int]]()
    for box, (corners, label) in enumerate(zip(truth.boxes + 0.0, truth.labels.tolist(), strict=True)):
        if crowd[box]:
            continue
        key = corners.tobytes()
        other = first.setdefault(key, box)
        if (key, label) in seen:
            yield Flaw("exact_doubles", box, 1.0, _shown(truth, box))
        elif other != box:
            yield Flaw("two_classes", box, 1.0, f"{_shown(truth, box)}, also of class {truth.labels[other]}")
        seen.add((key, label))


def _shown(truth: DetectionTarget, box: np.intp | int) -> str:
    x0, y0, x1, y1 = (f"{value:g}" for value in truth.boxes[box].tolist())
    return f"({x0}, {y0}) to ({x1}, {y1})"
