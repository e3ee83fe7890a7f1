"""Images as short feature vectors, for the statistical tests and classifiers inside capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def average_pool(images: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """Average-pool N x C x H x W images to N x C x `side` x `side`. Smaller images stay as they are.

    If `side` does not divide the height or width, the sizes of the blocks differ by at most one pixel, as in PyTorch's
    `AdaptiveAvgPool2d`.
    """
    for axis in (2, 3):
        length = images.shape[axis]
        if length > side:
            starts = np.arange(side) * length // side
            sizes = np.diff(starts, append=length).astype(np.float32)
            shape = [1, 1, 1, 1]
            shape[axis] = side
            images = np.add.reduceat(images, starts, axis=axis) / sizes.reshape(shape)
    return images


def pooled_to(image: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    """A C x H x W image of any size as C x `side` x `side`: pooled where it is larger, its pixels repeated else."""
    pooled = average_pool(image[None], side)[0]
    rows, columns = (np.arange(side) * length // side for length in pooled.shape[1:])
    return pooled[:, rows][:, :, columns]


def pixel_names(shape: tuple[int, ...]) -> list[str]:
    """Names of the flattened entries of a C x H x W array: `c0_y3_x5`."""
    return [f"c{channel}_y{row}_x{column}" for channel, row, column in np.ndindex(*shape)]
