"""Geometry of boxes with the corners `x0, y0, x1, y1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]
    Boxes: TypeAlias = npt.NDArray[np.floating]


def areas(boxes: Boxes) -> Floats:
    """The areas of N boxes (N x 4), in square pixels."""
    sides = boxes[:, 2:].astype(np.float64) - boxes[:, :2]
    return sides[:, 0] * sides[:, 1]


def overlaps(boxes: Boxes, others: Boxes, crowd: npt.NDArray[np.bool_] | None = None) -> Floats:
    """The overlap of each of D boxes with each of G others: D x G, the area of their intersection over their union.

    Parameters
    ----------
    boxes, others
        D x 4 and G x 4.
    crowd
        Which of the others stand for a crowd of objects: with these the intersection is divided by the area of the box
        alone, as COCO's metrics do, so that a box inside of a crowd overlaps it wholly.

    Notes
    -----
    Boxes that touch at an edge, or have no area, overlap nothing.
    """
    mine, theirs = boxes.astype(np.float64)[:, None], others.astype(np.float64)[None]
    sides = np.minimum(mine[..., 2:], theirs[..., 2:]) - np.maximum(mine[..., :2], theirs[..., :2])
    shared = np.where((sides > 0).all(axis=2), sides[..., 0] * sides[..., 1], 0.0)
    own = areas(boxes)[:, None]
    whole = own + areas(others)[None] - shared
    if crowd is not None:
        whole = np.where(crowd[None], own, whole)
    return np.divide(shared, whole, out=np.zeros_like(shared), where=shared > 0)
