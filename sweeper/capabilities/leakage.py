"""Which images of one dataset are in another too: test data that a model was trained on flatter it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sweeper.capabilities.data_quality_checks import hashes
from sweeper.capabilities.pixel_features import average_pool
from sweeper.datasets.arrays import numpy_of, unit_range

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

NEAR_SIDE = 32
"""Near duplicates are looked for among images of at least so many pixels a side.

The perceptual hash is of 32 x 32 pixels: of smaller ones, such as digits of 8 x 8, many different images share one.
"""
NEAR_DISTANCE = 8
"""Largest Hamming distance of their hashes: a JPEG of quality 75 is that far from its original."""
NEAR_CORRELATION = 0.98
"""Smallest correlation of their greys, pooled to 16 x 16: among millions of pairs some hashes are near by chance."""
_THUMB = 16
_ROWS = 256
"""Images that are compared with all others at a time, so that memory grows with the datasets and not their product."""
_BATCH = 1024
_FLAT = 1e-3


class Overlap(NamedTuple):
    """How many images of a test set are in a training set."""

    images: int
    """Of the test set."""
    exact: int
    """Equal to a training image, pixel by pixel."""
    near: int
    """Others that look the same as one."""


class ImageHashes(NamedTuple):
    """What is kept of the images of a dataset to find them again in another."""

    digests: tuple[bytes, ...]
    """Of each image's values and shape, scaled to [0, 1]."""
    large: npt.NDArray[np.bool_]
    """N: which images are large enough to have near duplicates, and not of one grey; the rest is of these."""
    bits: Floats
    """M x 64: their perceptual hashes."""
    thumbnails: Floats
    """M x 256: their greys, pooled, centred and of unit length."""


@dataclass
class ImageHasher:
    """Takes images batch by batch as they come by, and keeps their prints."""

    def __post_init__(self) -> None:
        self._parts: list[ImageHashes] = []

    def add(self, images: Sequence[Any]) -> None:
        """Take a batch of C x H x W images.

        Raises
        ------
        ValueError
            Where something is no such image.
        """
        arrays = [numpy_of(image) for image in images]
        if any(array.ndim != 3 for array in arrays):
            raise ValueError("images are C x H x W")
        for alike in _runs_of_one_shape(arrays):
            self._parts.append(_prints(unit_range(np.stack(alike))))

    def hashes(self) -> ImageHashes:
        """Of everything that was taken, in its order."""
        digests = tuple(digest for part in self._parts for digest in part.digests)
        empty = ImageHashes((), np.zeros(0, bool), np.zeros((0, 64), np.float32), np.zeros((0, _THUMB**2), np.float32))
        rest = zip(*(part[1:] for part in (empty, *self._parts)), strict=True)
        return ImageHashes(digests, *map(np.concatenate, rest))


def dataset_hashes(dataset: Any) -> ImageHashes:
    """The prints of a MAITE dataset of images, which is read once.

    Raises
    ------
    ValueError
        Where something in it is no C x H x W image.
    """
    printer = ImageHasher()
    for start in range(0, len(dataset), _BATCH):
        printer.add([dataset[i][0] for i in range(start, min(start + _BATCH, len(dataset)))])
    return printer.hashes()


def overlap(test: ImageHashes, train: ImageHashes) -> Overlap:
    """How many images of the test set are in the training set."""
    known = set(train.digests)
    exact = np.array([digest in known for digest in test.digests], dtype=bool)
    near = _near(test, train) & ~exact[test.large] if len(train.bits) else np.zeros(0, bool)
    return Overlap(len(exact), int(exact.sum()), int(near.sum()))


def _near(test: ImageHashes, train: ImageHashes) -> npt.NDArray[np.bool_]:
    """Which of the large test images look the same as a training image."""
    found = np.zeros(len(test.bits), dtype=bool)
    for start in range(0, len(test.bits), _ROWS):
        block = test.bits[start : start + _ROWS]
        apart = block @ (1 - train.bits).T + (1 - block) @ train.bits.T
        alike = apart <= NEAR_DISTANCE
        rows = np.flatnonzero(alike.any(axis=1))
        correlations = test.thumbnails[start + rows] @ train.thumbnails.T
        found[start + rows] = (alike[rows] & (correlations >= NEAR_CORRELATION)).any(axis=1)
    return found


def _runs_of_one_shape(arrays: Sequence[npt.NDArray[Any]]) -> Iterator[list[npt.NDArray[Any]]]:
    run: list[npt.NDArray[Any]] = []
    for array in arrays:
        if run and (array.shape, array.dtype) != (run[0].shape, run[0].dtype):
            yield run
            run = []
        run.append(array)
    if run:
        yield run


def _prints(images: Floats) -> ImageHashes:
    """Of N images of one shape."""
    prefix = repr(images.shape[1:]).encode()
    flat = np.ascontiguousarray(images).reshape(len(images), -1)
    digests = tuple(hashlib.blake2b(prefix + row.tobytes(), digest_size=16).digest() for row in flat)
    if min(images.shape[2:]) < NEAR_SIDE:
        none = np.zeros(len(images), bool)
        return ImageHashes(digests, none, np.zeros((0, 64), np.float32), np.zeros((0, _THUMB**2), np.float32))
    grays = average_pool(images.mean(axis=1, keepdims=True), _THUMB).reshape(len(images), -1)
    centred = grays - grays.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    large = length[:, 0] > _FLAT
    return ImageHashes(digests, large, hashes(images)[large], centred[large] / length[large])
