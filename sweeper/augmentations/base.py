"""The base of the built-in augmentations: a batch goes in and comes out, and each datum has a random generator."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sweeper.common.default_ids import unless
from sweeper.datasets.arrays import full_scale, numpy_of, unit_range
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, AugmentationMetadata, DatumMetadata

    Images = npt.NDArray[np.float32]
    Floats = npt.NDArray[np.floating]
    Batch = tuple[Sequence[ArrayLike], Sequence[Any], Sequence[DatumMetadata]]

TOLERANCE = 1e-3
"""How far floats may be outside [0, 1], which happens after resizing or arithmetic."""


class ImageAugmentation(ABC):
    """Base of the augmentations: takes and returns a batch, and has one random generator per datum.

    Parameters
    ----------
    severity
        How strong the change is, in the unit of the subclass: a finite number from 0 to its maximum.
    seed
        Seed of the random generators.
    id
        Id of the augmentation. By default it consists of the name, the severity, and what is not left at its default.

    Raises
    ------
    PartError
        The severity is out of range, or, when it is called, floating-point images are not in [0, 1].
    """

    name: ClassVar[str]
    max_severity: ClassVar[float] = math.inf

    def __init__(self, severity: float, *, seed: int = 0, id: str | None = None) -> None:
        check_range(f"severity of {self.name}", severity, 0, self.max_severity)
        self.severity, self.seed = float(severity), seed
        told = {**self.options(), "seed": unless(seed, 0)}
        words = [f"{self.name}={self.severity:.12g}", *(f"{k}={v}" for k, v in told.items() if v is not None)]
        self.metadata: AugmentationMetadata = {"id": id or ",".join(words)}

    def options(self) -> Mapping[str, object]:
        """What the default id tells beside severity and seed, by its name; `None` where it is the default."""
        return {}

    def __call__(self, batch: Batch, /) -> Batch:
        """Augment a batch of C x H x W inputs, targets and metadata. Inputs keep their dtype; metadata do not change.

        Targets change only with what moves pixels, and only where they have boxes.
        """
        inputs, targets, metadata = batch
        if self.severity == 0:
            return batch
        images = [numpy_of(image) for image in inputs]
        ids = [datum["id"] for datum in metadata]
        if len({(image.shape, image.dtype) for image in images}) == 1:
            return list(self._augment(np.stack(images), ids)), targets, metadata
        return [self._augment(image[None], [i])[0] for image, i in zip(images, ids, strict=True)], targets, metadata

    def _augment(self, images: npt.NDArray[np.generic], ids: Sequence[int | str]) -> npt.NDArray[np.generic]:
        scaled = unit_range(images)
        check_unit_range(scaled, str(self.metadata["id"]))
        changed = np.clip(self.apply(scaled, ids), 0, 1)
        if np.issubdtype(images.dtype, np.integer):
            changed = np.rint(changed * full_scale(images))
        return changed.astype(images.dtype)

    @abstractmethod
    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """Change N x C x H x W images in [0, 1]. Values outside that range are clipped afterwards."""

    def generators(self, ids: Sequence[int | str]) -> list[np.random.Generator]:
        """One random generator (Philox) per datum, from the name and seed of this object and the id of the datum."""
        return [np.random.Generator(np.random.Philox(key=datum_key(self.name, self.seed, id_))) for id_ in ids]


def datum_key(name: str, seed: int, id_: int | str) -> int:
    """The 128-bit number that everything random of one datum is drawn from."""
    digest = hashlib.blake2b(f"{name}:{seed}:{id_}".encode(), digest_size=16).digest()
    return int.from_bytes(digest, "big")


def check_unit_range(images: Images, what: str) -> None:
    """Refuse images that an augmentation cannot take for light: floats outside of [0, 1], by more than rounding.

    Raises
    ------
    PartError
        It names the augmentation, `what`, and the range that it got.
    """
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)
    if not -TOLERANCE <= low <= high <= 1 + TOLERANCE:  # also where one is NaN
        raise PartError(
            f"Augmentation {what} takes images of floats in [0, 1], or integers; got floats from {low:g} to {high:g}. "
            "Scale them in the dataset, and normalise in the model."
        )


def check_range(what: str, value: float, low: float, high: float) -> None:
    """Refuse a number that is not finite or not in a range; an end that is infinite is none.

    Raises
    ------
    PartError
        It names the value and what is allowed.
    """
    if not (math.isfinite(value) and low <= value <= high):
        raise PartError(f"{what} is {value}; allowed: {low:g} to {high:g}, finite.")
