"""A dataset held in arrays, and a function that reads any dataset into arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks import returned, rules, run_checks
from sweeper.checks.findings import verify_targets
from sweeper.checks.numbers import numpy_of
from sweeper.checks.targets import summarize_targets
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatasetMetadata, DatumMetadata

    from sweeper.common.maite_types import TaskDataset

    Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Arrays:
    """A whole image-classification dataset in memory.

    Attributes
    ----------
    images
        N x C x H x W, float32. Integer images are divided by their `full_scale`; floats are unchanged.
    labels
        N class indices, int64: the index of the largest entry of each target.
    ids
        N datum ids.
    n_classes
        Number of classes, which is the length of the target vectors.
    """

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    ids: tuple[int | str, ...]
    n_classes: int
    warnings: tuple[str, ...] = ()
    """What a reader of values computed from the labels must know, one line each."""


class ArrayDataset:
    """A MAITE image-classification dataset over arrays in memory.

    Parameters
    ----------
    images
        N x C x H x W, floats in [0, 1]. Integers above 1 are refused, since nothing says which value is white.
    labels
        N class indices.
    index2label
        Name of every class index, 0 to K - 1. Targets are one-hot float32 vectors of length K.
    id
        Id of the dataset.
    ids
        N datum ids, by default 0 to N - 1.
    label_space
        A name for the meaning of the class indices. Datasets and models have the same `label_space` if their indices
        mean the same. Only needed if the class names just repeat the indices, such as "0" to "9" of the digits.

    Raises
    ------
    PartError
        Lengths differ, a label is not a class index, or images are integers above 1.
    """

    def __init__(
        self,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        index2label: Mapping[int, str],
        id: str,
        ids: Sequence[int | str] | None = None,
        label_space: str | None = None,
    ) -> None:
        self.images = _unscaled(np.asarray(images))
        self.labels = np.asarray(labels, dtype=np.int64)
        self.ids = tuple(range(len(self.labels)) if ids is None else ids)
        self.label_space = label_space
        self.metadata: DatasetMetadata = {"id": id, "index2label": dict(index2label)}
        self._check(len(index2label))
        self._targets = np.eye(len(index2label), dtype=np.float32)[self.labels]

    def _check(self, n_classes: int) -> None:
        if self.images.ndim != 4:
            raise PartError(f"Images must be N x C x H x W; got an array of shape {self.images.shape}.")
        if not len(self.images) == len(self.labels) == len(self.ids):
            raise PartError(f"Got {len(self.images)} images, {len(self.labels)} labels and {len(self.ids)} ids.")
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < n_classes:
            raise PartError(
                f"Labels run from {self.labels.min()} to {self.labels.max()}; allowed: 0 to {n_classes - 1}."
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, ind: int, /) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], DatumMetadata]:
        return self.get_input(ind), self.get_target(ind), self.get_metadata(ind)

    def get_input(self, ind: int, /) -> npt.NDArray[np.float32]:
        """Image `ind`: C x H x W, float32."""
        return self.images[ind]

    def get_target(self, ind: int, /) -> npt.NDArray[np.float32]:
        """One-hot target of image `ind`: K, float32."""
        return self._targets[ind]

    def get_metadata(self, ind: int, /) -> DatumMetadata:
        """Metadata of image `ind`: its `id`."""
        return {"id": self.ids[ind]}


def as_arrays(dataset: TaskDataset, *, soft_targets: bool = False, reads_labels: bool = True) -> Arrays:
    """Read a MAITE image-classification dataset into arrays.

    Parameters
    ----------
    soft_targets
        Whether a target may be a distribution over the classes. Its largest entry is then the label. The rules of a run
        (`_sweep_.soft_targets`) may allow this too.
    reads_labels
        Whether the labels will be used. If not, any vector is accepted as a target.

    Raises
    ------
    PartError
        The dataset is empty, its images differ in shape, or its targets are not one-hot vectors of one length.
    """
    returned.dataset(dataset)
    name = dataset.metadata["id"]
    if isinstance(dataset, ArrayDataset):
        images, targets, ids = dataset.images, [dataset.get_target(i) for i in range(len(dataset))], dataset.ids
    else:
        with run_checks.paused():
            data = [returned.datum(dataset[i], name, i) for i in range(len(dataset))]
        images, targets = [numpy_of(image) for image, _, _ in data], [numpy_of(target) for _, target, _ in data]
        ids = tuple(metadata["id"] for _, _, metadata in data)
    vectors = _stacked(targets, ndim=1, name=f"targets of {name}")
    warnings = _checked_targets(vectors, ids, name, soft_targets=soft_targets) if reads_labels else ()
    return Arrays(
        images=unit_range(_stacked(images, ndim=3, name=f"images of {name}")),
        labels=vectors.argmax(axis=1).astype(np.int64),
        ids=ids,
        n_classes=vectors.shape[1],
        warnings=warnings,
    )


def _checked_targets(vectors: Array, ids: Sequence[int | str], name: str, *, soft_targets: bool) -> tuple[str, ...]:
    """Refuse targets that the rules do not allow; returns what to warn of."""
    targets, allowed = summarize_targets([vectors], [[{"id": id_} for id_ in ids]]), rules.current()
    soft = soft_targets or allowed.soft_targets
    return verify_targets(name, targets.wrong, targets.soft, replace(allowed, soft_targets=soft))


def unit_range(images: Array) -> npt.NDArray[np.float32]:
    """Images of any shape as float32. Integers are divided by their `full_scale`, floats are unchanged.

    Raises
    ------
    PartError
        Nothing says which range the integers have.
    """
    if np.issubdtype(images.dtype, np.integer):
        return images.astype(np.float32) / np.float32(full_scale(images))
    return images.astype(np.float32, copy=False)


def full_scale(images: Array) -> int:
    """The integer that is white: 255 for uint8, 65535 for uint16, and 255 for other types if all values are 0 to 255.

    The other types say nothing about the range of an image: Python's integers become int64, and tensors of 8-bit images
    often are int64 too.

    Raises
    ------
    PartError
        An array of another type has other values.
    """
    if images.dtype.kind == "u" and images.dtype.itemsize <= 2:
        return int(np.iinfo(images.dtype).max)
    low, high = (int(images.min()), int(images.max())) if images.size else (0, 0)
    if low < 0 or high > 255:
        raise PartError(
            f"Images are {images.dtype} from {low} to {high}, and nothing says which value is white. Allowed: uint8, "
            "uint16, other integers from 0 to 255, floats in [0, 1]. Convert them in the dataset."
        )
    return 255


def _unscaled(images: Array) -> npt.NDArray[np.float32]:
    if np.issubdtype(images.dtype, np.integer) and images.size and images.max() > 1:
        raise PartError(
            f"Images of an ArrayDataset are floats in [0, 1]; got {images.dtype} up to {images.max()}. "
            "Divide them by the value that is white, 255 for 8 bits."
        )
    return images.astype(np.float32, copy=False)


def _stacked(arrays: Sequence[Array] | Array, *, ndim: int, name: str) -> Array:
    if not len(arrays):
        raise PartError(f"There are no {name}: the dataset is empty.")
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1 or len(arrays[0].shape) != ndim:
        seen = ", ".join(str(shape) for shape in sorted(shapes)[:3])
        raise PartError(
            f"The {name} must be arrays of {ndim} dimensions and of one shape; got {seen}. Resize them first."
        )
    return arrays if isinstance(arrays, np.ndarray) else np.stack(arrays)
