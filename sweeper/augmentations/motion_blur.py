"""Blur by a camera, or a scene, that moves while the image is taken."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.augmentations.base import ImageAugmentation, check_range

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.augmentations.base import Floats, Images

STEPS_PER_PIXEL = 4
"""At so many places along each pixel of the path the image is looked at."""


class MotionBlur(ImageAugmentation):
    """Blur along a straight line: the mean of the image over a path of constant speed. Edges are mirrored.

    `severity`: the length of the path in pixels, 0 to 1000. Long paths take long.

    Parameters
    ----------
    severity, seed, id
        See `ImageAugmentation`.
    angle
        Direction of the path in degrees: 0 is horizontal, 90 vertical, 45 from bottom left to top right. `None`: drawn
        for each datum.
    """

    name = "motion_blur"
    max_severity = 1000.0

    def __init__(self, severity: float, *, angle: float | None = None, seed: int = 0, id: str | None = None) -> None:
        if angle is not None:
            check_range("angle of motion_blur", angle, -360, 360)
        self.angle = angle
        super().__init__(severity, seed=seed, id=id)

    def options(self) -> Mapping[str, object]:
        """See `ImageAugmentation.options`."""
        return {"angle": self.angle}

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, blurred each along its path."""
        if self.angle is not None:
            return _filtered(images, path_kernel(self.severity, self.angle))
        angles = [generator.uniform(0, 180) for generator in self.generators(ids)]
        pairs = zip(images, angles, strict=True)
        return np.stack([_filtered(image, path_kernel(self.severity, angle)) for image, angle in pairs])


def path_kernel(length: float, angle: float) -> npt.NDArray[np.float64]:
    """The weights of a path through the middle of a square of pixels, which add up to 1.

    Parameters
    ----------
    length
        Of the path, in pixels.
    angle
        In degrees, as `MotionBlur` says.
    """
    steps = STEPS_PER_PIXEL * math.ceil(length)
    along = ((np.arange(steps) + 0.5) / steps - 0.5) * length
    radius = math.ceil(length / 2)
    direction = math.radians(angle)
    rows, columns = radius - along * math.sin(direction), radius + along * math.cos(direction)
    axis = np.arange(2 * radius + 1)
    near_rows, near_columns = (np.clip(1 - abs(axis[:, None] - place), 0, 1) for place in (rows, columns))
    return near_rows @ near_columns.T / steps


def _filtered(images: Images, kernel: npt.NDArray[np.float64]) -> Floats:
    """Images of any number of leading axes, filtered in height and width; weights of 0 cost nothing."""
    from scipy.ndimage import correlate

    return correlate(images, kernel.reshape((1,) * (images.ndim - 2) + kernel.shape))
