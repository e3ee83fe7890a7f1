"""Targets that go along with pixels that move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sweeper.augmentations.moves import moved_boxes
from sweeper.checks.detections import detection_of, is_detection
from sweeper.checks.numbers import is_array
from sweeper.datasets import DetectionTarget
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.augmentations.moves import Move

Factors: TypeAlias = "npt.NDArray[np.float64]"


@dataclass(frozen=True)
class Carrier:
    """Carries the boxes of one image along.

    Parameters
    ----------
    move
        Where the pixels go.
    size
        Width and height of the image.
    min_visible
        A box stays where at least this share of what the image showed of it is still inside, and more than nothing.
    """

    move: Move
    size: tuple[float, float]
    min_visible: float

    def __call__(self, target: DetectionTarget) -> DetectionTarget:
        """The target with its boxes moved and cut to the image, without those of which too little is left."""
        boxes, shares = moved_boxes(target.boxes, self.move, self.size)
        kept = (shares > 0) & (shares >= self.min_visible)
        return selected(replace(target, boxes=boxes), kept, shares * self.move.area_factor)


def selected(target: DetectionTarget, kept: Any, area_factors: Factors) -> DetectionTarget:
    """Some of the boxes of a target with all that belongs to them.

    Parameters
    ----------
    kept
        Which ones: N truth values, or indices.
    area_factors
        What the area of each of the N becomes a multiple of, where the target has areas.
    """
    areas = None if target.area is None else (target.area * area_factors).astype(np.float32)[kept]
    return DetectionTarget(
        target.boxes[kept],
        target.labels[kept],
        target.scores[kept],
        None if target.iscrowd is None else target.iscrowd[kept],
        areas,
    )


def detections_of(target: Any, what: str) -> DetectionTarget | None:
    """The boxes of a target, where an augmentation that moves pixels must carry them along.

    Parameters
    ----------
    target
        A `DetectionTarget`, any other target of a detection by MAITE's protocol (boxes, labels, scores), as attributes
        or as keys, of which `iscrowd` and `area` are read too, and the rest is left out; or the target of a
        classification, for which there is `None`.
    what
        The augmentation, for the error.

    Raises
    ------
    PartError
        The target is none of these, so that nothing says how it moves; or its boxes, labels and scores do not fit.
    """
    if isinstance(target, DetectionTarget):
        return target
    if is_detection(target):
        return _read(target, what)
    if isinstance(target, Mapping) or (hasattr(target, "__dict__") and not is_array(target)):
        raise PartError(
            f"Augmentation {what} moves pixels, and a target of type {type(target).__name__} has no boxes, labels and "
            "scores that could move with them. Give targets of MAITE's image classification or object detection."
        )
    return None


def _read(target: Any, what: str) -> DetectionTarget:
    try:
        return detection_of(target)
    except PartError as error:
        raise PartError(f"Augmentation {what} moves pixels, and cannot move the boxes of {error}.") from error
