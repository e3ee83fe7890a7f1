"""Means of an image over intervals of its rows or columns: resizing without aliasing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.augmentations.base import Floats, Images


def area_means(images: Images, edges: npt.NDArray[np.float64], axis: int) -> Floats:
    """The mean over each interval along one axis, float64; beyond the image everything is 0.

    Parameters
    ----------
    images
        Any shape.
    edges
        M + 1 rising positions in pixels, where pixel i reaches from i to i + 1. They give M intervals.
    axis
        The axis that gets M entries.
    """
    pixels = np.moveaxis(images, axis, -1)
    length = pixels.shape[-1]
    sums = np.zeros((*pixels.shape[:-1], length + 1))
    np.cumsum(pixels, axis=-1, dtype=np.float64, out=sums[..., 1:])
    inside = np.clip(edges, 0, length)
    whole = np.minimum(inside.astype(int), length - 1)
    until = sums[..., whole] + (inside - whole) * pixels[..., whole]
    return np.moveaxis(np.diff(until, axis=-1) / np.diff(edges), -1, axis)
