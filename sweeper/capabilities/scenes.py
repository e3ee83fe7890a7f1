"""The images of a detection dataset with the boxes in them, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.checks import returned
from sweeper.checks.detections import detection_of
from sweeper.checks.numbers import numeric
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.common.detections import DetectionTarget
    from sweeper.common.maite_types import TaskDataset


@dataclass(frozen=True, eq=False)
class Scene:
    """One image of a detection dataset.

    Attributes
    ----------
    datum_id
        `metadata["id"]`, as text.
    image
        C x H x W numbers, as the dataset gives them.
    truth
        The boxes in it.
    """

    datum_id: str
    image: npt.NDArray[Any]
    truth: DetectionTarget

    @property
    def width(self) -> int:
        """In pixels."""
        return self.image.shape[2]

    @property
    def height(self) -> int:
        """In pixels."""
        return self.image.shape[1]


def scenes_of(dataset: TaskDataset) -> Iterator[Scene]:
    """The scenes of a dataset in its order; each is read when it is asked for.

    Raises
    ------
    PartError
        The dataset is empty or none of MAITE, an image is not C x H x W numbers with pixels, or a target has no boxes,
        labels and scores that fit each other.
    """
    returned.dataset(dataset)
    name = str(dataset.metadata["id"])
    if not len(dataset):
        raise PartError(f"Dataset {name!r} is empty: there is nothing to look at.")
    for index in range(len(dataset)):
        image, target, metadata = returned.datum(dataset[index], name, index)
        yield Scene(str(metadata["id"]), _pixels(image, name, index), _boxes(target, name, index))


def _pixels(image: object, name: str, index: int) -> npt.NDArray[Any]:
    pixels = numeric(image)
    if pixels is None or pixels.ndim != 3 or not pixels.size or pixels.dtype.kind == "c":
        gave = type(image).__name__ if pixels is None else f"an array of shape {pixels.shape} ({pixels.dtype})"
        raise PartError(f"Item {index} of dataset {name!r} has {gave} as its image; it must be C x H x W numbers.")
    return pixels


def _boxes(target: object, name: str, index: int) -> DetectionTarget:
    try:
        return detection_of(target)
    except PartError as error:
        raise PartError(f"Item {index} of dataset {name!r} has {error}.") from None
