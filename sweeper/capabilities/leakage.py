"""Finds images of a test set that are in a training set too, which makes a model look better than it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweeper.capabilities.data_quality_checks import hashes
from sweeper.capabilities.pixel_features import average_pool
from sweeper.datasets.arrays import numpy_of, unit_range

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.common.maite_types import TaskDataset

    Floats = npt.NDArray[np.float32]
    Array = npt.NDArray[np.generic]

NEAR_SIDE = 32
"""Near duplicates are searched only among images of at least so many pixels per side.

The perceptual hash is computed of 32 x 32 pixels. Many different smaller images, such as digits of 8 x 8 pixels, have
the same hash.
"""
NEAR_DISTANCE = 8
"""Largest Hamming distance of the hashes of near duplicates, in bits. A JPEG of quality 75 differs so much."""
NEAR_CORRELATION = 0.98
"""Smallest correlation of the thumbnails of near duplicates: among millions of pairs some hashes are near by chance."""
_THUMBNAIL_SIDE = 16
_BLOCK = 256
"""Number of images that are compared with all others at a time, so that memory does not grow with their product."""
_BATCH = 1024
_LEAST_CONTRAST = 1e-3


class Overlap(NamedTuple):
    """How many images of a test set are in a training set."""

    images: int
    """Number of images of the test set."""
    exact: int
    """How many are equal to a training image, pixel by pixel."""
    near: int
    """How many others look the same as a training image."""


class ImageHashes(NamedTuple):
    """Hashes of the images of a dataset, by which they are found in another dataset."""

    digests: tuple[bytes, ...]
    """A digest of the shape and the values, scaled to [0, 1], of each of N images."""
    large: npt.NDArray[np.bool_]
    """N: which images are compared for near duplicates: M of them that are large enough and not of one grey."""
    bits: Floats
    """M x 64: their perceptual hashes, as 0.0 and 1.0."""
    thumbnails: Floats
    """M x 256: their grey values, pooled to 16 x 16, centred and of unit length."""


class ImageHasher:
    """Takes images batch by batch, and keeps their hashes."""

    def __init__(self) -> None:
        self._batches: list[ImageHashes] = []

    def add(self, images: Sequence[object]) -> None:
        """Take a batch of C x H x W images, as arrays or tensors.

        Raises
        ------
        ValueError
            Something is not a C x H x W image.
        """
        arrays = [numpy_of(image) for image in images]
        if any(array.ndim != 3 for array in arrays):
            raise ValueError("images are C x H x W")
        for run in _runs_of_one_shape(arrays):
            self._batches.append(_hashes_of(unit_range(np.stack(run))))

    def join(self, hashes: ImageHashes) -> None:
        """Take what another one has kept of further images."""
        self._batches.append(hashes)

    def hashes(self) -> ImageHashes:
        """The hashes of all images that were taken, in their order."""
        digests = tuple(digest for batch in self._batches for digest in batch.digests)
        rest = zip(*(batch[1:] for batch in (_only_digests(()), *self._batches)), strict=True)
        return ImageHashes(digests, *map(np.concatenate, rest))


def dataset_hashes(dataset: TaskDataset) -> ImageHashes:
    """The hashes of a MAITE dataset of images, which is read once.

    Raises
    ------
    ValueError
        Something in it is not a C x H x W image.
    """
    hasher = ImageHasher()
    for start in range(0, len(dataset), _BATCH):
        hasher.add([dataset[i][0] for i in range(start, min(start + _BATCH, len(dataset)))])
    return hasher.hashes()


def overlap(test: ImageHashes, train: ImageHashes) -> Overlap:
    """How many images of the test set are in the training set."""
    known = set(train.digests)
    exact = np.array([digest in known for digest in test.digests], dtype=bool)
    near = _near(test, train) & ~exact[test.large] if len(train.bits) else np.zeros(0, bool)
    return Overlap(len(exact), int(exact.sum()), int(near.sum()))


def _near(test: ImageHashes, train: ImageHashes) -> npt.NDArray[np.bool_]:
    """Which of the large test images look the same as a training image."""
    found = np.zeros(len(test.bits), dtype=bool)
    for start in range(0, len(test.bits), _BLOCK):
        block = test.bits[start : start + _BLOCK]
        apart = block @ (1 - train.bits).T + (1 - block) @ train.bits.T
        alike = apart <= NEAR_DISTANCE
        rows = np.flatnonzero(alike.any(axis=1))
        correlations = test.thumbnails[start + rows] @ train.thumbnails.T
        found[start + rows] = (alike[rows] & (correlations >= NEAR_CORRELATION)).any(axis=1)
    return found


def _runs_of_one_shape(arrays: Sequence[Array]) -> Iterator[list[Array]]:
    """The arrays in their order, those of one shape and dtype that follow each other in one list."""
    run: list[Array] = []
    for array in arrays:
        if run and (array.shape, array.dtype) != (run[0].shape, run[0].dtype):
            yield run
            run = []
        run.append(array)
    if run:
        yield run


def _hashes_of(images: Floats) -> ImageHashes:
    """The hashes of N images of one shape."""
    prefix = repr(images.shape[1:]).encode()
    flat = np.ascontiguousarray(images).reshape(len(images), -1)
    digests = tuple(hashlib.blake2b(prefix + row.tobytes(), digest_size=16).digest() for row in flat)
    if min(images.shape[2:]) < NEAR_SIDE:
        return _only_digests(digests)
    grays = average_pool(images.mean(axis=1, keepdims=True), _THUMBNAIL_SIDE).reshape(len(images), -1)
    centred = grays - grays.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    large = length[:, 0] > _LEAST_CONTRAST
    return ImageHashes(digests, large, hashes(images)[large], centred[large] / length[large])


def _only_digests(digests: tuple[bytes, ...]) -> ImageHashes:
    """The hashes of images none of which is compared for near duplicates."""
    nothing_large = np.zeros(len(digests), bool)
    return ImageHashes(
        digests, nothing_large, np.zeros((0, 64), np.float32), np.zeros((0, _THUMBNAIL_SIDE**2), np.float32)
    )
