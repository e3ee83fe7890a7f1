"""What takes fine detail from an image: a lens out of focus, fewer pixels, and compression."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.augmentations.base import ImageAugmentation
from sweeper.augmentations.resampling import area_means
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.augmentations.base import Floats, Images


class Blur(ImageAugmentation):
    """Gaussian blur. `severity`: its standard deviation in pixels."""

    name = "blur"

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, blurred in height and width."""
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(images, sigma=(0, 0, self.severity, self.severity))


class Resolution(ImageAugmentation):
    """Fewer pixels, each the mean of the area that it covers, shown at the size of the image.

    `severity`: the share of the pixels that is lost along each side, 0 to 1 (one pixel is left); 0.75 of 224 x 224
    leaves 56 x 56. The number that is left is rounded, to at least one.
    """

    name = "resolution"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, of blocks of one value."""
        for axis in (2, 3):
            size = images.shape[axis]
            left = max(1, round(size * (1 - self.severity)))
            shown = ((np.arange(size) + 0.5) * left / size).astype(int)
            images = area_means(images, np.linspace(0, size, left + 1), axis).take(shown, axis)
        return images


class Jpeg(ImageAugmentation):
    """The images as they are after JPEG compression (baseline, 8 bits, colours at half the resolution).

    `severity`: 100 minus the quality of libjpeg's scale, a whole number from 0 to 99: 10 is quality 90, 99 the worst.
    At 0 there is no compression at all. Three channels are taken for RGB; of any other number each is compressed as a
    grey image. The last bit may differ between releases of libjpeg.

    Raises
    ------
    PartError
        The severity is no whole number from 0 to 99.
    """

    name = "jpeg"
    max_severity = 99.0

    def __init__(self, severity: float, *, seed: int = 0, id: str | None = None) -> None:
        super().__init__(severity, seed=seed, id=id)
        if not self.severity.is_integer():
            raise PartError(f"severity of jpeg is {severity}; it must be a whole number, 100 minus the quality.")

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each written as JPEG and read again."""
        pixels = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
        grouped = pixels if pixels.shape[1] == 3 else pixels.reshape(-1, 1, *pixels.shape[2:])
        read = np.stack([self._compressed(image) for image in grouped])
        return read.reshape(pixels.shape).astype(np.float32) / np.float32(255)

    def _compressed(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        from PIL import Image

        shown = Image.fromarray(image.transpose(1, 2, 0) if len(image) == 3 else image[0])
        file = io.BytesIO()
        shown.save(file, "JPEG", quality=100 - int(self.severity), subsampling="4:2:0")
        with Image.open(file) as read:
            return np.atleast_3d(np.asarray(read)).transpose(2, 0, 1)
