"""Boxes in an image: what a detection dataset holds as truth, and what a detector answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class DetectionTarget:
    """The boxes of one image, as MAITE's protocol `ObjectDetectionTarget` asks for them.

    Parameters
    ----------
    boxes
        N x 4, float32: `x0, y0, x1, y1` in pixels of the image, where the outer edges of the first and the last pixel
        are 0 and the width (or height). N may be 0.
    labels
        N class indices, int64.
    scores
        N confidences in [0, 1], float32; of truth, 1.
    iscrowd
        Of truth, N flags: whether a box stands for a crowd of objects, in which COCO's metrics ignore detections.
        `None` if none does.
    area
        Of truth, N areas in square pixels, by which COCO's metrics tell small, medium and large objects; where an
        object is outlined this is the area inside the outline. `None`: that of the boxes.
    """

    boxes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    iscrowd: npt.NDArray[np.bool_] | None = None
    area: npt.NDArray[np.float32] | None = None
