"""Something that stands before the scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.augmentations.base import ImageAugmentation

if TYPE_CHECKING:
    from sweeper.augmentations.base import Floats, Images


class Occlusion(ImageAugmentation):
    """A black rectangle with the proportions of the image, at a random place in each image.

    `severity`: the share of the area that it covers, 0 to 1. Its sides are rounded to whole pixels, at least one. Boxes
    of a detection stay: what is hidden is still to be found.
    """

    name = "occlusion"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each with a black rectangle."""
        height, width = images.shape[2:]
        tall, wide = (max(1, round(side * math.sqrt(self.severity))) for side in (height, width))
        draws = np.array([g.random(2) for g in self.generators(ids)])
        top, left = (draws * (height - tall + 1, width - wide + 1)).astype(int).T[:, :, None]
        row, column = np.arange(height), np.arange(width)
        rows = (top <= row) & (row < top + tall)
        columns = (left <= column) & (column < left + wide)
        covered = rows[:, :, None] & columns[:, None, :]
        return np.where(covered[:, None], np.float32(0), images)
