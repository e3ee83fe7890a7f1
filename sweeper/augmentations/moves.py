"""How pixels move, and what becomes of the boxes that are drawn around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Boxes = npt.NDArray[np.float32]

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Move:
    """An affine map of the points of an image: `(x, y)` goes to `matrix @ (x, y) + offset`.

    Coordinates are those of boxes: the outer edges of the first and the last pixel are 0 and the width (or height).

    Parameters
    ----------
    matrix
        Two rows of two numbers.
    offset
        Two numbers, in pixels.
    """

    matrix: tuple[tuple[float, float], tuple[float, float]]
    offset: Point

    @staticmethod
    def about(centre: Point, matrix: tuple[tuple[float, float], tuple[float, float]]) -> Move:
        """The map with this matrix that leaves one point where it is."""
        (a, b), (c, d) = matrix
        x, y = centre
        return Move(matrix, (x - a * x - b * y, y - c * x - d * y))

    @property
    def area_factor(self) -> float:
        """What an area becomes a multiple of."""
        (a, b), (c, d) = self.matrix
        return abs(a * d - b * c)

    def point(self, x: float, y: float) -> Point:
        """Where a point goes."""
        (a, b), (c, d) = self.matrix
        return a * x + b * y + self.offset[0], c * x + d * y + self.offset[1]


def moved_boxes(boxes: Boxes, move: Move, size: Point) -> tuple[Boxes, npt.NDArray[np.float64]]:
    """Boxes around what is seen of the contents of some boxes after a move.

    A box is cut to the image, its corners are moved, and what is still inside the image gets a new box with upright
    sides. So the new box is not larger than what is seen of the old one, also where a turned corner is cut off.

    Parameters
    ----------
    boxes
        N x 4: `x0, y0, x1, y1` in pixels.
    move
        Where the pixels go.
    size
        Width and height of the image, before and after.

    Returns
    -------
    boxes, shares
        The new ones, N x 4 float32, and which share of what the image showed of each is still inside, N float64. A box
        with nothing inside is all 0, and so is its share; of a box without an area the share is 1 where it is inside.
    """
    seen = [_seen(tuple(map(float, box)), move, size) for box in boxes]
    rows = [box for box, _ in seen]
    return np.array(rows, dtype=np.float32).reshape(-1, 4), np.array([share for _, share in seen], dtype=np.float64)


def _seen(box: Sequence[float], move: Move, size: Point) -> tuple[tuple[float, float, float, float], float]:
    x0, y0, x1, y1 = box
    shown = _cut([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], size)
    kept = _cut([move.point(*point) for point in shown], size)
    if not kept:
        return (0.0, 0.0, 0.0, 0.0), 0.0
    columns, rows = zip(*kept, strict=True)
    before = _area(shown) * move.area_factor
    return (min(columns), min(rows), max(columns), max(rows)), min(_area(kept) / before, 1.0) if before else 1.0


def _cut(polygon: Sequence[Point], size: Point) -> Sequence[Point]:
    """A convex polygon cut to an image: the algorithm of Sutherland and Hodgman (1974)."""
    for axis, limit, sign in ((0, 0.0, 1), (1, 0.0, 1), (0, size[0], -1), (1, size[1], -1)):
        depths = [sign * (point[axis] - limit) for point in polygon]
        polygon = _cut_by_line(polygon, depths)
    return polygon


def _cut_by_line(polygon: Sequence[Point], depths: Sequence[float]) -> list[Point]:
    """What of a polygon is on the inner side of a line, given how deep inside each of its corners is."""
    kept: list[Point] = []
    for index, (point, depth) in enumerate(zip(polygon, depths, strict=True)):
        before, depth_before = polygon[index - 1], depths[index - 1]
        if depth * depth_before < 0:
            part = depth_before / (depth_before - depth)
            kept.append((before[0] + part * (point[0] - before[0]), before[1] + part * (point[1] - before[1])))
        if depth >= 0:
            kept.append(point)
    return kept


def _area(polygon: Sequence[Point]) -> float:
    """The shoelace formula."""
    crosses = (polygon[i - 1][0] * y - x * polygon[i - 1][1] for i, (x, y) in enumerate(polygon))
    return abs(sum(crosses)) / 2
