"""Augmentations that move pixels, and carry boxes along."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sweeper.augmentations.base import ImageAugmentation, check_range
from sweeper.augmentations.carried import Carrier, detections_of
from sweeper.augmentations.moves import Move
from sweeper.augmentations.resampling import area_means
from sweeper.common.default_ids import unless
from sweeper.datasets.arrays import numpy_of

if TYPE_CHECKING:
    from sweeper.augmentations.base import Batch, Floats, Images

MIN_VISIBLE = 0.1
"""By default a box stays where a tenth of what was to be seen of it is still in the image."""


class GeometricAugmentation(ImageAugmentation):
    """Base of the augmentations that move pixels. The size of the image stays, and what becomes empty is filled with 0.

    Targets with boxes go along: each box becomes the smallest upright one around what is still seen of it. Labels,
    scores, `iscrowd` and `area` (times what the move makes of an area, and the share that is still seen) go with it.
    Targets of other libraries become `sweeper.datasets.DetectionTarget`. Targets of a classification do not change.

    Parameters
    ----------
    severity, seed, id
        See `ImageAugmentation`.
    min_visible
        A box is dropped where less than this share (0 to 1) of what the image showed of it is still inside. With 0 it
        stays as long as anything is seen.

    Raises
    ------
    PartError
        As for `ImageAugmentation`; when it is called, also: a target is an object without boxes, labels and scores.
    """

    def __init__(
        self, severity: float, *, min_visible: float = MIN_VISIBLE, seed: int = 0, id: str | None = None
    ) -> None:
        check_range(f"min_visible of {self.name}", min_visible, 0, 1)
        self.min_visible = min_visible
        super().__init__(severity, seed=seed, id=id)

    def options(self) -> Mapping[str, object]:
        """See `ImageAugmentation.options`."""
        return {"min_visible": unless(self.min_visible, MIN_VISIBLE)}

    def __call__(self, batch: Batch, /) -> Batch:
        """Augment a batch of C x H x W inputs, targets and metadata. Inputs keep dtype and shape."""
        inputs, targets, metadata = super().__call__(batch)
        if self.severity == 0:
            return batch
        sizes = [numpy_of(image).shape[-2:] for image in inputs]
        moved = [
            self._moved(target, (float(width), float(height)), datum["id"])
            for target, (height, width), datum in zip(targets, sizes, metadata, strict=True)
        ]
        same = all(new is old for new, old in zip(moved, targets, strict=True))
        return inputs, targets if same else moved, metadata

    def _moved(self, target: Any, size: tuple[float, float], id_: int | str) -> Any:
        boxes = detections_of(target, str(self.metadata["id"]))
        return target if boxes is None else Carrier(self.move(size, id_), size, self.min_visible)(boxes)

    @abstractmethod
    def move(self, size: tuple[float, float], id_: int | str) -> Move:
        """Where the pixels of a datum go, in an image of this width and height."""


class Rotation(GeometricAugmentation):
    """Bilinear rotation about the centre, in a random direction for each datum. Empty corners are filled with 0.

    `severity`: the angle in degrees, 0 to 180.
    """

    name = "rotation"
    max_severity = 180.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each rotated to the left or to the right."""
        from scipy.ndimage import rotate

        left = np.array([self._goes_left(id_) for id_ in ids])
        turned = np.empty_like(images)
        for side, angle in ((left, self.severity), (~left, -self.severity)):
            turned[side] = rotate(images[side], angle, axes=(3, 2), reshape=False, order=1)
        return turned

    def move(self, size: tuple[float, float], id_: int | str) -> Move:
        """See `GeometricAugmentation.move`."""
        angle = math.radians(self.severity if self._goes_left(id_) else -self.severity)
        cosine, sine = math.cos(angle), math.sin(angle)
        return Move.about((size[0] / 2, size[1] / 2), ((cosine, sine), (-sine, cosine)))

    def _goes_left(self, id_: int | str) -> bool:
        return self.generators([id_])[0].random() < 0.5


class Scale(GeometricAugmentation):
    """The scene from further away: smaller about the centre of the image, whose size stays. The border is black.

    `severity`: the share of its width and height that the scene loses, 0 to 0.99. 0.5 is twice as far away. Each pixel
    is the mean of the area that it shows.
    """

    name = "scale"
    max_severity: ClassVar[float] = 0.99

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, all smaller by one factor."""
        for axis in (2, 3):
            size = images.shape[axis]
            edges = (np.arange(size + 1) - size / 2) / (1 - self.severity) + size / 2
            images = area_means(images, edges, axis).astype(np.float32)
        return images

    def move(self, size: tuple[float, float], id_: int | str) -> Move:
        """See `GeometricAugmentation.move`."""
        factor = 1 - self.severity
        return Move.about((size[0] / 2, size[1] / 2), ((factor, 0.0), (0.0, factor)))


class Translation(GeometricAugmentation):
    """The scene moved aside, in a direction drawn for each datum. What leaves the image is lost; the rest is black.

    `severity`: how far, as a share of the width (across) and of the height (down), 0 to 1. Moves are rounded to whole
    pixels, so that no pixel is mixed with another.
    """

    name = "translation"
    max_severity = 1.0

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each moved."""
        moved = np.zeros_like(images)
        height, width = images.shape[2:]
        for image, source, id_ in zip(moved, images, ids, strict=True):
            across, down = self._pixels((width, height), id_)
            to_rows, from_rows = _overlap(down, height)
            to_columns, from_columns = _overlap(across, width)
            image[:, to_rows, to_columns] = source[:, from_rows, from_columns]
        return moved

    def move(self, size: tuple[float, float], id_: int | str) -> Move:
        """See `GeometricAugmentation.move`."""
        return Move(((1.0, 0.0), (0.0, 1.0)), self._pixels(size, id_))

    def _pixels(self, size: tuple[float, float], id_: int | str) -> tuple[int, int]:
        angle = self.generators([id_])[0].uniform(0, 2 * math.pi)
        across, down = math.cos(angle) * size[0], math.sin(angle) * size[1]
        return round(across * self.severity), round(down * self.severity)


def _overlap(by: int, size: int) -> tuple[slice, slice]:
    """Where pixels are after a move along an axis, and where they were."""
    return slice(max(by, 0), size + min(by, 0)), slice(max(-by, 0), size - max(by, 0))
