"""Operating conditions as MAITE augmentations of image-classification batches.

A `severity` of 0 changes nothing. The result depends only on the images, the datum ids and the seed: the same datum
looks the same in every batch, split and process. Images are C x H x W. Floats are in [0, 1]; integers are scaled to
that range (`sweeper.datasets.arrays.full_scale`) and back.
"""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sweeper.common.default_ids import unless
from sweeper.datasets.arrays import full_scale, numpy_of, unit_range
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, AugmentationMetadata, DatumMetadata

    Images = npt.NDArray[np.float32]
    Floats = npt.NDArray[np.floating]
    Batch = tuple[Sequence[ArrayLike], Sequence[ArrayLike], Sequence[DatumMetadata]]

TOLERANCE = 1e-3
"""How far floats may be outside [0, 1], which happens after resizing or arithmetic."""


class ImageAugmentation(ABC):
    """Base of the augmentations: takes and returns a batch, and has one random generator per datum.

    Parameters
    ----------
    severity
        How strong the change is, in the unit of the subclass: a finite number from 0 to its maximum.
    seed
        Seed of the random generators.
    id
        Id of the augmentation. By default it consists of the name, the severity and the seed.

    Raises
    ------
    PartError
        The severity is out of range, or, when it is called, floating-point images are not in [0, 1].
    """

    name: ClassVar[str]
    max_severity: ClassVar[float] = math.inf

    def __init__(self, severity: float, *, seed: int = 0, id: str | None = None) -> None:
        if not (math.isfinite(severity) and 0 <= severity <= self.max_severity):
            raise PartError(f"severity of {self.name} is {severity}; allowed: 0 to {self.max_severity:g}, finite.")
        self.severity, self.seed = float(severity), seed
        text = f"{self.name}={self.severity:.12g}" + (f",seed={seed}" if unless(seed, 0) is not None else "")
        self.metadata: AugmentationMetadata = {"id": id or text}

    def __call__(self, batch: Batch, /) -> Batch:
        """Augment a batch of C x H x W inputs, targets and metadata. Only the inputs change; they keep their dtype."""
        inputs, targets, metadata = batch
        if self.severity == 0:
            return batch
        images = [numpy_of(image) for image in inputs]
        ids = [datum["id"] for datum in metadata]
        if len({(image.shape, image.dtype) for image in images}) == 1:
            return list(self._augment(np.stack(images), ids)), targets, metadata
        return [self._augment(image[None], [i])[0] for image, i in zip(images, ids, strict=True)], targets, metadata

    def _augment(self, images: npt.NDArray[np.generic], ids: Sequence[int | str]) -> npt.NDArray[np.generic]:
        scaled = unit_range(images)
        self._check_range(scaled)
        changed = np.clip(self.apply(scaled, ids), 0, 1)
        if np.issubdtype(images.dtype, np.integer):
            changed = np.rint(changed * full_scale(images))
        return changed.astype(images.dtype)

    def _check_range(self, images: Images) -> None:
        low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)
        if not -TOLERANCE <= low <= high <= 1 + TOLERANCE:  # also where one is NaN
            raise PartError(
                f"Augmentation {self.metadata['id']} takes images of floats in [0, 1], or integers; got floats from "
                f"{low:g} to {high:g}. Scale them in the dataset, and normalise in the model."
            )

    @abstractmethod
    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """Change N x C x H x W images in [0, 1]. Values outside that range are clipped afterwards."""

    def generators(self, ids: Sequence[int | str]) -> list[np.random.Generator]:
        """One random generator (Philox) per datum, from the name and seed of this object and the id of the datum."""
        return [np.random.Generator(np.random.Philox(key=self._key(id_))) for id_ in ids]

    def _key(self, id_: int | str) -> int:
        digest = hashlib.blake2b(f"{self.name}:{self.seed}:{id_}".encode(), digest_size=16).digest()
        return int.from_bytes(digest, "big")


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


class Rotation(ImageAugmentation):
    """Bilinear rotation about the centre, in a random direction for each datum. Empty corners are filled with 0.

    `severity`: the angle in degrees, 0 to 180.
    """

    name = "rotation"
    max_severity = 180.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each rotated to the left or to the right."""
        from scipy.ndimage import rotate

        left = np.array([g.random() < 0.5 for g in self.generators(ids)])
        turned = np.empty_like(images)
        for side, angle in ((left, self.severity), (~left, -self.severity)):
            turned[side] = rotate(images[side], angle, axes=(3, 2), reshape=False, order=1)
        return turned


class Occlusion(ImageAugmentation):
    """A black rectangle with the proportions of the image, at a random place in each image.

    `severity`: the share of the area that it covers, 0 to 1. Its sides are rounded to whole pixels, at least one.
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


class Blur(ImageAugmentation):
    """Gaussian blur. `severity`: its standard deviation in pixels."""

    name = "blur"

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, blurred in height and width."""
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(images, sigma=(0, 0, self.severity, self.severity))


AUGMENTATIONS: dict[str, type[ImageAugmentation]] = {
    kind.name: kind for kind in (LowLight, LowContrast, SensorNoise, Rotation, Occlusion, Blur)
}
"""Every built-in augmentation by its name."""

__all__ = [
    "AUGMENTATIONS",
    "Blur",
    "ImageAugmentation",
    "LowContrast",
    "LowLight",
    "Occlusion",
    "Rotation",
    "SensorNoise",
]
