"""How much light there is, how it is spread, and what the sensor adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.augmentations.base import ImageAugmentation

if TYPE_CHECKING:
    from sweeper.augmentations.base import Floats, Images


class LowLight(ImageAugmentation):
    """Less light. `severity`: the share of the light that is lost, from 0 to 1 (black)."""

    name = "low_light"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, darkened by one factor."""
        return images * np.float32(1 - self.severity)


class LowContrast(ImageAugmentation):
    """Less contrast around the mean of each image. `severity`: the share of contrast that is lost, 0 to 1 (flat)."""

    name = "low_contrast"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, pulled towards the mean of each."""
        mean = images.mean(axis=(1, 2, 3), keepdims=True)
        return mean + (images - mean) * np.float32(1 - self.severity)


class SensorNoise(ImageAugmentation):
    """Additive Gaussian noise. `severity`: its standard deviation, where the full range of values is 1."""

    name = "sensor_noise"

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images plus noise, drawn for each datum."""
        noise = np.stack([g.standard_normal(images.shape[1:], dtype=np.float32) for g in self.generators(ids)])
        return images + np.float32(self.severity) * noise
