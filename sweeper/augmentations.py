"""Operating conditions as MAITE augmentations of image-classification batches.

Each has a `severity` of which 0 changes nothing, and depends on the images, the datum ids and the seed alone: the same
datum looks the same in every batch, split and process. Images are C x H x W; floating-point ones are in [0, 1],
integer ones are scaled from their range (`sweeper.datasets.arrays.full_scale`) and back.
"""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sweeper.common.default_ids import unless
from sweeper.datasets.arrays import full_scale, numpy_of, unit_range
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import AugmentationMetadata

    Images = npt.NDArray[np.float32]
    Floats = npt.NDArray[np.floating[Any]]
    Batch = tuple[Sequence[Any], Sequence[Any], Sequence[Any]]

TOLERANCE = 1e-3
"""How far floats may leave [0, 1], as they do after resizing or arithmetic."""


class ImageAugmentation(ABC):
    """Base: batches in and out, and one random stream per datum.

    Parameters
    ----------
    severity
        How strong, in the unit that the subclass names; finite, from 0 to its maximum.
    seed
        Seed of what is random.
    id
        Id of the augmentation; by default its name with severity and seed.

    Raises
    ------
    PartError
        Where the severity is out of range, or, on a call, the images are not in [0, 1].
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
        """Augment a batch of inputs, targets and metadata; only the inputs change, their dtype stays."""
        inputs, targets, metadata = batch
        if self.severity == 0:
            return batch
        images = [numpy_of(image) for image in inputs]
        ids = [datum["id"] for datum in metadata]
        if len({(image.shape, image.dtype) for image in images}) == 1:
            return list(self._augment(np.stack(images), ids)), targets, metadata
        return [self._augment(image[None], [i])[0] for image, i in zip(images, ids, strict=True)], targets, metadata

    def _augment(self, images: npt.NDArray[Any], ids: Sequence[int | str]) -> npt.NDArray[Any]:
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
        """Change N x C x H x W images in [0, 1]; what leaves that range is clipped afterwards."""

    def generators(self, ids: Sequence[int | str]) -> list[np.random.Generator]:
        """One random generator per datum, keyed by this augmentation's name and seed and the datum's id."""
        return [np.random.Generator(np.random.Philox(key=self._key(id_))) for id_ in ids]

    def _key(self, id_: int | str) -> int:
        digest = hashlib.blake2b(f"{self.name}:{self.seed}:{id_}".encode(), digest_size=16).digest()
        return int.from_bytes(digest, "big")


class LowLight(ImageAugmentation):
    """Less light. `severity`: part of the light that is lost, 0 to 1 (black)."""

    name = "low_light"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        return images * np.float32(1 - self.severity)


class LowContrast(ImageAugmentation):
    """Less contrast around each image's mean. `severity`: part of the contrast that is lost, 0 to 1 (flat)."""

    name = "low_contrast"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        mean = images.mean(axis=(1, 2, 3), keepdims=True)
        return mean + (images - mean) * np.float32(1 - self.severity)


class SensorNoise(ImageAugmentation):
    """Additive Gaussian noise. `severity`: its standard deviation, as a part of the full range."""

    name = "sensor_noise"

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        noise = np.stack([g.standard_normal(images.shape[1:], dtype=np.float32) for g in self.generators(ids)])
        return images + np.float32(self.severity) * noise


class Rotation(ImageAugmentation):
    """Rotation about the centre, to a side that is drawn for each datum; corners are filled with 0, bilinear.

    `severity`: the angle in degrees, 0 to 180.
    """

    name = "rotation"
    max_severity = 180.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        from scipy.ndimage import rotate

        left = np.array([g.random() < 0.5 for g in self.generators(ids)])
        turned = np.empty_like(images)
        for side, angle in ((left, self.severity), (~left, -self.severity)):
            turned[side] = rotate(images[side], angle, axes=(3, 2), reshape=False, order=1)
        return turned


class Occlusion(ImageAugmentation):
    """A black rectangle of the image's proportions, somewhere in each image.

    `severity`: the part of the area that it covers, 0 to 1; its sides are rounded to whole pixels, at least one.
    """

    name = "occlusion"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
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
        from scipy.ndimage import gaussian_filter

        blurred: Any = gaussian_filter(images, sigma=(0, 0, self.severity, self.severity))
        return blurred


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
