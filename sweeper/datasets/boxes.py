"""The boxes of many images in a few arrays, and conversions between the ways in which files write a box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.common.detections import DetectionTarget

if TYPE_CHECKING:
    import numpy.typing as npt

    Doubles = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BoxTable:
    """The boxes of N images, M in all, those of an image one after another.

    Parameters
    ----------
    starts
        N + 1 numbers: the boxes of image `i` are those from `starts[i]` to below `starts[i + 1]`.
    boxes
        M x 4: `x0, y0, x1, y1`.
    labels
        M class indices.
    iscrowd
        M flags, or `None` where no format says any.
    area
        M areas in square pixels, or `None` where no format says any.
    """

    starts: Numbers
    boxes: Doubles
    labels: npt.NDArray[np.int32]
    iscrowd: npt.NDArray[np.bool_] | None = None
    area: Doubles | None = None

    def target(self, ind: int, scale: tuple[float, float] = (1.0, 1.0)) -> DetectionTarget:
        """The boxes of one image in pixels of an image that is `scale` times as high and as wide."""
        here = slice(self.starts[ind], self.starts[ind + 1])
        down, across = scale
        boxes = self.boxes[here] * (across, down, across, down)
        return DetectionTarget(
            boxes=boxes.astype(np.float32),
            labels=self.labels[here].astype(np.int64),
            scores=np.ones(len(boxes), np.float32),
            iscrowd=None if self.iscrowd is None else self.iscrowd[here].copy(),
            area=None if self.area is None else (self.area[here] * (down * across)).astype(np.float32),
        )


def grouped(images: Numbers, n_images: int) -> tuple[Numbers, Numbers]:
    """The order that puts boxes beside those of the same image, and where those of each image start.

    Parameters
    ----------
    images
        For each of M boxes the index of its image. Boxes of one image keep their order.
    n_images
        Number of images.
    """
    counts = np.bincount(images, minlength=n_images)
    starts: Numbers = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return np.argsort(images, kind="stable").astype(np.int64), starts


def corners(boxes: Doubles) -> Doubles:
    """`x0, y0, x1, y1` from M x 4 of `x, y, width, height`, as COCO writes boxes: upper left corner and size."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def corners_of_centred(boxes: Doubles) -> Doubles:
    """`x0, y0, x1, y1` from M x 4 of `x, y, width, height`, as YOLO writes boxes: centre and size."""
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
