"""Images that are equal, and images that look alike, by short digests and hashes of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

BLOCK = 1024
"""Number of hashes that are compared with all others at a time, so that memory does not grow with their square."""


class Pair(NamedTuple):
    """Two images that look alike."""

    later: int
    earlier: int
    distance: float
    """The Hamming distance of their hashes, in bits."""


def digest(image: npt.NDArray[Any]) -> bytes:
    """16 bytes that are the same for images with the same pixels, shape and dtype."""
    form = f"{image.shape} {image.dtype} ".encode()
    return hashlib.blake2b(form + np.ascontiguousarray(image).tobytes(), digest_size=16).digest()


def first_of_each(digests: Iterable[bytes]) -> list[int]:
    """For each image the index of the first image with its digest."""
    seen: dict[bytes, int] = {}
    return [seen.setdefault(one, index) for index, one in enumerate(digests)]


def perceptual_hash(gray: Floats) -> npt.NDArray[np.bool_]:
    """`imagehash.phash` of an H x W image in [0, 1]: 64 bits."""
    import imagehash
    from PIL import Image

    return imagehash.phash(Image.fromarray(np.rint(gray * 255).astype(np.uint8))).hash.ravel()


def in_range(images: Floats) -> Floats:
    """Images of any shape, with values in [0, 1] that use at least a sixteenth of that range.

    Otherwise all are shifted and scaled in the same way. That does not change a perceptual hash. But it is computed of
    8-bit values, to which many images up to 255, normalised images and dark 16-bit images would be equal.
    """
    low, high = float(images.min()), float(images.max())
    if low >= 0 and 1 / 16 <= high <= 1:
        return images
    return (images - np.float32(low)) / np.float32(high - low or 1)


def alike(bits: Floats, distance: int) -> Iterator[Pair]:
    """For each image that looks like an earlier one the nearest of these.

    Parameters
    ----------
    bits
        N x 64 bits of the hashes, as 0.0 and 1.0.
    distance
        The largest Hamming distance of two that look alike, in bits.
    """
    for start in range(0, len(bits), BLOCK):
        block = bits[start : start + BLOCK]
        apart = block @ (1 - bits).T + (1 - block) @ bits.T
        apart[np.arange(len(bits)) >= np.arange(start, start + len(block))[:, None]] = np.inf
        nearest = apart.argmin(axis=1)
        for row in np.flatnonzero(apart.min(axis=1) <= distance):
            yield Pair(start + int(row), int(nearest[row]), float(apart[row, nearest[row]]))
