"""Small shapes at random places of an image: how many there must be, and which pixels they cover.

Places wrap around the edges, so that each pixel is as likely to be covered as any other. Then n shapes of a pixels
each cover a share of 1 - (1 - a / A)^n of an image of A pixels on average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Pixels = npt.NDArray[np.int64]
    """K x 2: rows and columns, from the place of the shape."""


def streak(length: int, width: int, slant: float) -> Pixels:
    """A straight line.

    Parameters
    ----------
    length, width
        In pixels: so many rows, and so many pixels in each.
    slant
        Angle to the vertical in degrees; above 0 the lower end is to the right.
    """
    rows = np.repeat(np.arange(length), width)
    columns = np.rint(rows * math.tan(math.radians(slant))).astype(np.int64) + np.tile(np.arange(width), length)
    return np.stack([rows, columns], axis=1)


def disc(diameter: float) -> Pixels:
    """The pixels whose centre is in a disc, whose own centre is that of a pixel; at least this one."""
    reach = int(diameter / 2)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    return np.stack([rows, columns], axis=1)[rows**2 + columns**2 <= max(diameter / 2, 0.5) ** 2]


def number_of_copies(share: float, pixels: float, shape: Sequence[int]) -> int:
    """How many shapes of so many pixels (on average) cover a share below 1 of an image; at least one."""
    whole = math.prod(shape)
    return 1 if pixels >= whole else max(1, round(math.log(1 - share) / math.log(1 - pixels / whole)))


def scattered(shapes: Sequence[Pixels], size: Sequence[int], draws: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which pixels of an image are covered, H x W.

    Parameters
    ----------
    shapes
        One of them is taken for each draw.
    size
        Height and width of the image.
    draws
        N x 3 numbers in [0, 1): where a shape is, down and across, and which one it is.
    """
    covered = np.zeros(tuple(size), dtype=np.bool_)
    places, kinds = (draws[:, :2] * size).astype(np.int64), (draws[:, 2] * len(shapes)).astype(np.int64)
    for kind, pixels in enumerate(shapes):
        rows, columns = ((places[kinds == kind, None] + pixels) % size).reshape(-1, 2).T
        covered[rows, columns] = True
    return covered
