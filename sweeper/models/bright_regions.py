"""A detector without training: what is brighter than a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.common.default_ids import describe, unless
from sweeper.common.detections import DetectionTarget
from sweeper.common.facts import Facts
from sweeper.datasets.arrays import numpy_of, unit_range
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, ModelMetadata

    Floats = npt.NDArray[np.float32]

NAMES = {0: "wide", 1: "tall"}
EIGHT_NEIGHBOURS = np.ones((3, 3), np.int64)


class BrightRegions:
    """Finds connected regions that are brighter than a threshold, as a MAITE object-detection model.

    It needs no weights and no training: a baseline for bright objects on dark ground, and what the sweep `detection`
    runs. Images are C x H x W, float in [0, 1] or uint8; their channels are averaged. A region has the box around it,
    the class `wide` (0) or `tall` (1) by the longer side of the box (a square is wide), and as its score the mean
    brightness inside of the region.

    Parameters
    ----------
    threshold
        Brightness from which a pixel is bright, above 0 and below 1.
    smallest
        Regions of fewer pixels are taken for noise.
    id
        Id of the model.

    Raises
    ------
    PartError
        `threshold` or `smallest` is out of its range, or, when called, an image has no three dimensions.
    """

    def __init__(self, *, threshold: float = 0.5, smallest: int = 9, id: str | None = None) -> None:
        if not 0 < threshold < 1 or smallest < 1:
            raise PartError(
                f"BrightRegions has threshold {threshold} and smallest {smallest}; the threshold must be above 0 and "
                "below 1, smallest at least 1."
            )
        self._threshold, self._smallest = threshold, smallest
        default = describe("bright_regions", threshold=unless(threshold, 0.5), smallest=unless(smallest, 9))
        metadata: dict[str, object] = {"id": id or default, "index2label": dict(NAMES)}
        self.metadata: ModelMetadata = metadata  # pyright: ignore[reportAttributeAccessIssue] - the protocol allows more keys

    @classmethod
    def facts(cls, **arguments: object) -> Facts:
        """Its classes; it takes images of any size and any number of channels."""
        del arguments
        return Facts("BrightRegions", n_classes=len(NAMES), class_names=NAMES)

    def __call__(self, input_batch: Sequence[ArrayLike], /) -> Sequence[DetectionTarget]:
        """The regions of each image, in the order in which they begin, from the top."""
        return [self._found(unit_range(self._image(image))) for image in input_batch]

    def _image(self, image: ArrayLike) -> npt.NDArray[np.generic]:
        array = numpy_of(image)
        if array.ndim != 3:
            raise PartError(f"Model {self.metadata['id']} got an image of shape {array.shape}; it takes C x H x W.")
        return array

    def _found(self, image: Floats) -> DetectionTarget:
        from scipy import ndimage

        bright = image.mean(axis=0)
        labelled: Any = ndimage.label(bright > self._threshold, EIGHT_NEIGHBOURS)  # scipy has no types for it
        regions, number = labelled
        sizes = np.bincount(regions.ravel(), minlength=number + 1)
        sums = np.bincount(regions.ravel(), weights=bright.ravel(), minlength=number + 1)
        kept = np.flatnonzero(sizes[1:] >= self._smallest) + 1
        places: Any = ndimage.find_objects(regions)
        boxes = [[x.start, y.start, x.stop, y.stop] for y, x in (places[region - 1] for region in kept.tolist())]
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        sides = corners[:, 2:] - corners[:, :2]
        scores = np.clip(sums[kept] / sizes[kept], 0, 1).astype(np.float32)
        return DetectionTarget(corners, (sides[:, 1] > sides[:, 0]).astype(np.int64), scores)
