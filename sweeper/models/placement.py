"""Where an image lies in what a detector gets, and how boxes come back from there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.datasets.pixels import resized

if TYPE_CHECKING:
    import numpy.typing as npt

EDGE = 114 / 255
"""The grey that Ultralytics has around an image whose aspect is kept."""


@dataclass(frozen=True)
class Placement:
    """Where an image lies.

    Parameters
    ----------
    height, width
        Of the image as it was.
    taken
        Height and width of what the detector gets.
    down, across
        By what the image was stretched.
    top, left
        How many pixels of grey are above and left of it.
    """

    height: int
    width: int
    taken: tuple[int, int]
    down: float = 1
    across: float = 1
    top: int = 0
    left: int = 0

    def back(self, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Boxes (N x 4, corners) in pixels of what the detector got, in pixels of the image as it was."""
        offset = np.array([self.left, self.top, self.left, self.top])
        return (boxes - offset) / [self.across, self.down, self.across, self.down]

    def clipped(self, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Boxes in pixels of the image as it was, cut off at its edges."""
        return np.clip(boxes, 0, [self.width, self.height, self.width, self.height])


def placed(
    image: npt.NDArray[np.float32], size: tuple[int, int] | None, *, letterbox: bool
) -> tuple[npt.NDArray[np.float32], Placement]:
    """An image as a detector gets it, and where it lies there.

    Parameters
    ----------
    image
        C x H x W in [0, 1].
    size
        Height and width that the detector takes; `None` if any.
    letterbox
        Whether the aspect is kept: the image is as large as fits, in the middle, and the rest is grey. Otherwise it is
        stretched.
    """
    _, height, width = image.shape
    if size is None or size == (height, width):
        return image, Placement(height, width, (height, width))
    if not letterbox:
        return resized(image, size), Placement(height, width, size, size[0] / height, size[1] / width)
    scale = min(size[0] / height, size[1] / width)
    inner = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (round((whole - part) / 2 - 0.1) for whole, part in zip(size, inner, strict=True))
    canvas = np.full((len(image), *size), EDGE, dtype=np.float32)
    canvas[:, top : top + inner[0], left : left + inner[1]] = resized(image, inner)
    return canvas, Placement(height, width, size, inner[0] / height, inner[1] / width, top, left)
