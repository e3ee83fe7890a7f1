"""What a comparison of two detection datasets looks at: pixels, sizes of images, boxes and classes of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweeper.capabilities.pixel_features import pooled_to
from sweeper.capabilities.scenes import Scene, scenes_of
from sweeper.datasets.arrays import unit_range
from sweeper.errors import PartError
from sweeper.statistics.matching import crowd_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.common.maite_types import TaskDataset

    Floats = npt.NDArray[np.float64]


class _Drawn(NamedTuple):
    """One box of an image: relative to the image, and its class."""

    area: float
    aspect: float
    x: float
    y: float
    label: int


@dataclass(frozen=True, eq=False)
class SceneFeatures:
    """Features of one dataset.

    Attributes
    ----------
    pixels
        N x F, float32, of at most so many images as asked for: pooled pixels, brightness (their mean) and contrast
        (their standard deviation).
    shape
        Of the pooled pixels: C, side, side.
    images
        Of each image, by name: `image_width` and `image_height` in pixels, and `box_count`.
    boxes
        Of one box of each image that has one: `box_area` and `box_aspect` (width by height), `box_x` and `box_y` (of
        its centre); but for the aspect they are shares of the image.
    labels
        Of these boxes the number of each class index.
    all_labels
        The same of all boxes.
    """

    pixels: npt.NDArray[np.float32]
    shape: tuple[int, ...]
    images: Mapping[str, Floats]
    boxes: Mapping[str, Floats]
    labels: Mapping[int, int]
    all_labels: Mapping[int, int]

    @property
    def with_boxes(self) -> int:
        """Number of images with a box."""
        return len(self.boxes["box_area"])


def features_of(dataset: TaskDataset, *, side: int, most_images: int, seed: int) -> SceneFeatures:
    """Read a dataset once, an image at a time.

    Parameters
    ----------
    side
        Images are pooled to `side` x `side` pixels, whatever their size.
    most_images
        The pixels of at most so many images are kept, evenly spread over the dataset.
    seed
        Which box of an image is drawn.

    Raises
    ------
    PartError
        A datum is no scene, or images differ in their number of channels.
    """
    random = np.random.default_rng(seed)
    wanted = set(np.linspace(0, len(dataset) - 1, min(len(dataset), most_images)).round().astype(int).tolist())
    pooled: list[npt.NDArray[np.float32]] = []
    sizes: list[tuple[int, int, int]] = []
    drawn: list[_Drawn] = []
    counted = Counter[int]()
    for number, scene in enumerate(scenes_of(dataset)):
        if number in wanted:
            pooled.append(_pixels(scene, side, pooled[0] if pooled else None))
        single = _single_boxes(scene)
        counted.update(scene.truth.labels[single].tolist())
        sizes.append((scene.width, scene.height, len(single)))
        if len(single):
            drawn.append(_box(scene, int(single[random.integers(len(single))])))
    return _features(np.stack(pooled), np.array(sizes, np.float64), drawn, counted)


def _features(
    pooled: npt.NDArray[np.float32], sizes: Floats, drawn: list[_Drawn], counted: Counter[int]
) -> SceneFeatures:
    flat = pooled.reshape(len(pooled), -1)
    columns = np.array([one[:4] for one in drawn], np.float64).reshape(-1, 4).T
    return SceneFeatures(
        pixels=np.column_stack([flat, flat.mean(axis=1), flat.std(axis=1)]),
        shape=pooled.shape[1:],
        images=dict(zip(("image_width", "image_height", "box_count"), sizes.T, strict=True)),
        boxes=dict(zip(("box_area", "box_aspect", "box_x", "box_y"), columns, strict=True)),
        labels=Counter(one.label for one in drawn),
        all_labels=counted,
    )


def _pixels(scene: Scene, side: int, first: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
    pooled = pooled_to(unit_range(scene.image), side)
    if first is not None and len(first) != len(pooled):
        raise PartError(
            f"Datum {scene.datum_id!r} has an image of {len(pooled)} channels, and others have {len(first)}: give all "
            "images of a dataset the same number of channels."
        )
    return pooled


def _single_boxes(scene: Scene) -> npt.NDArray[np.intp]:
    """The places of the boxes that stand for one object and have an area."""
    boxes = scene.truth.boxes
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.flatnonzero((np.isfinite(sides) & (sides > 0)).all(axis=1) & ~crowd_of(scene.truth))


def _box(scene: Scene, place: int) -> _Drawn:
    x0, y0, x1, y1 = map(float, scene.truth.boxes[place])
    width, height = x1 - x0, y1 - y0
    return _Drawn(
        area=width * height / (scene.width * scene.height),
        aspect=width / height,
        x=(x0 + x1) / 2 / scene.width,
        y=(y0 + y1) / 2 / scene.height,
        label=int(scene.truth.labels[place]),
    )
