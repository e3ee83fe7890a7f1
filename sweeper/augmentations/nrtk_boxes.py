"""Boxes as nrtk takes them and gives them back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sweeper.augmentations.carried import selected
from sweeper.augmentations.moves import Move, moved_boxes

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets import DetectionTarget

Pairs: TypeAlias = list[tuple[Any, dict[int, float]]]
"""Each an `AxisAlignedBoundingBox` of smqtk, and what nrtk takes for its scores by class: here its number."""
STAYS = Move(((1.0, 0.0), (0.0, 1.0)), (0.0, 0.0))


def given_boxes(target: DetectionTarget) -> Pairs:
    """The boxes of a target, each with its number in the place of a class, so that all that belongs to it is found."""
    box_class = import_module("smqtk_image_io.bbox").AxisAlignedBoundingBox
    return [(box_class(box[:2], box[2:]), {number: 1.0}) for number, box in enumerate(target.boxes.astype(float))]


def returned_boxes(
    original: Any, given: DetectionTarget, pairs: Iterable[tuple[Any, dict[int, float]]], size: tuple[float, float]
) -> Any:
    """A target with the boxes that nrtk gave back; the original where none of them changed.

    Parameters
    ----------
    original
        The target before, as it came.
    given
        The same with arrays.
    pairs
        What nrtk gave back, of any order and number.
    size
        Width and height of the image after.
    """
    found = [(next(iter(numbers)), [*box.min_vertex, *box.max_vertex]) for box, numbers in pairs]
    numbers = np.array([number for number, _ in found], dtype=np.int64)
    boxes = np.array([box for _, box in found], dtype=np.float32).reshape(-1, 4)
    if np.array_equal(numbers, np.arange(len(given.boxes))) and np.array_equal(boxes, given.boxes):
        return original
    cut, shares = moved_boxes(boxes, STAYS, size)
    inside = shares > 0
    factors = np.ones(len(given.boxes))
    factors[numbers] = _ratio(_areas(cut), _areas(given.boxes)[numbers])
    return replace(selected(given, numbers[inside], factors), boxes=cut[inside])


def _areas(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return np.prod(boxes[:, 2:].astype(np.float64) - boxes[:, :2], axis=1)


def _ratio(new: npt.NDArray[np.float64], old: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.divide(new, old, out=np.ones_like(new), where=old > 0)
