"""The perturbers of nrtk as augmentations of images with classes or boxes."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sweeper.augmentations.base import check_unit_range, datum_key
from sweeper.augmentations.carried import detections_of
from sweeper.augmentations.nrtk_boxes import Pairs, given_boxes, returned_boxes
from sweeper.common.default_ids import describe, unless
from sweeper.datasets.arrays import full_scale, numpy_of, unit_range
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import AugmentationMetadata

    from sweeper.augmentations.base import Batch
    from sweeper.datasets import DetectionTarget

    Pixels = npt.NDArray[np.uint8]
    """H x W x 3."""

WRONG_BOXES = {
    "RandomCropPerturber": "takes x for y in boxes",
    "RandomTranslationPerturber": "cuts boxes where they ended before, not where the image ends",
}
"""What would put boxes elsewhere than the pixels in them, in nrtk 1.0.4 and 1.1.0 at least, and why."""


class Perturber(Protocol):
    """What is used of `nrtk.interfaces.PerturbImage`."""

    def __call__(self, *, image: Pixels, boxes: Pairs | None, **kwargs: Any) -> tuple[Any, Iterable[Any] | None]: ...


class Nrtk:
    """A perturber of nrtk, one of whose parameters is the severity. Needs the extra `nrtk`.

    Perturbers get images as bytes (H x W x 3): those of other types are rounded to 8 bits on the way, and a grey image
    is shown as three equal channels, of which the first comes back. Boxes of detection targets go along as far as nrtk
    carries them, cut to the image and without those that left it; then targets of other libraries become
    `sweeper.datasets.DetectionTarget`, and `area` changes as the area of its box. Each call gets the metadata of the
    datum, as with nrtk's own classes for MAITE, such as `img_gsd`.

    What is random is drawn for each datum from the seed and the id of the datum, so that it looks the same in every
    batch, split and process.

    Parameters
    ----------
    severity
        The value of the parameter. Which one changes nothing is the perturber's matter: say it as `baseline` of
        `sweeper.capabilities.Robustness`.
    perturber
        Makes the perturber: its class, or in a config `{_target_: nrtk.impls..., _partial_: true}` with whatever else
        it takes. Some need more of nrtk's extras, and say which.
    parameter
        The name of the perturber's argument that gets the severity.
    whole
        Whether this argument is an integer, such as the size of a kernel.
    call_with
        Further arguments of each call, such as `{max_translation_limit: [10, 10]}`. Metadata of the same name win.
    seed
        Seed of what is random.
    id
        Id of the augmentation. By default the perturber's name, the parameter, and what is not left at its default.

    Raises
    ------
    PartError
        The perturber cannot be made, or draws from no seed; or, when it is called: an image has neither 1 nor 3
        channels or is not in [0, 1], or this perturber would place boxes wrongly.
    """

    def __init__(
        self,
        severity: float,
        perturber: Callable[..., Perturber],
        *,
        parameter: str,
        whole: bool = False,
        call_with: Mapping[str, object] | None = None,
        seed: int = 0,
        id: str | None = None,
    ) -> None:
        keywords: Mapping[str, object] = getattr(perturber, "keywords", {})
        if "seed" in keywords:
            raise PartError("perturber of Nrtk has a seed of its own; give it to Nrtk, which draws for each datum.")
        self.severity, self.seed = severity, seed
        self._make, self._arguments = perturber, {parameter: _whole(severity, parameter) if whole else severity}
        self._call_with = dict(call_with or {})
        self._prototype = _made(perturber, self._arguments)
        self._takes_seed = hasattr(self._prototype, "seed") and _takes_seed(perturber)
        _refuse_no_seed(list(_parts_of(self._prototype))[self._takes_seed :])
        told = {**keywords, **self._arguments, **self._call_with, "seed": unless(seed, 0)}
        self.metadata: AugmentationMetadata = {"id": id or describe(type(self._prototype).__name__, **told)}

    def __call__(self, batch: Batch, /) -> Batch:
        """Perturb a batch of C x H x W inputs, targets and metadata. Inputs keep their dtype; metadata do not change.

        Some perturbers change the size of an image.
        """
        rows = [self._perturbed(*datum) for datum in zip(*batch, strict=True)]
        return [image for image, _ in rows], [target for _, target in rows], batch[2]

    def _perturbed(self, image: Any, target: Any, metadata: Mapping[str, Any]) -> tuple[npt.NDArray[Any], Any]:
        array, boxes = numpy_of(image), detections_of(target, str(self.metadata["id"]))
        self._refuse_wrong_boxes(boxes)
        arguments = {**self._call_with, **{k: v for k, v in metadata.items() if k not in ("image", "boxes")}}
        pixels, pairs = self._of(metadata["id"])(
            image=self._as_pixels(array), boxes=None if boxes is None else given_boxes(boxes), **arguments
        )
        found = np.atleast_3d(np.asarray(pixels))
        size = (float(found.shape[1]), float(found.shape[0]))
        return _as_before(found, array), target if boxes is None else returned_boxes(target, boxes, pairs or (), size)

    def _of(self, id_: int | str) -> Perturber:
        """The perturber for one datum, in the state that it has for this datum always."""
        if self._takes_seed:
            seed = datum_key(type(self._prototype).__name__, self.seed, id_) % 2**32
            return _made(self._make, {**self._arguments, "seed": seed})
        return copy.deepcopy(self._prototype)

    def _as_pixels(self, image: npt.NDArray[Any]) -> Pixels:
        if image.ndim != 3 or len(image) not in (1, 3):
            raise PartError(
                f"Augmentation {self.metadata['id']} takes grey and RGB images, 1 x H x W or 3 x H x W; got an image "
                f"of shape {image.shape}."
            )
        scaled = unit_range(image)
        check_unit_range(scaled, str(self.metadata["id"]))
        pixels = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)
        return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))

    def _refuse_wrong_boxes(self, boxes: DetectionTarget | None) -> None:
        for part in _parts_of(self._prototype) if boxes is not None else ():
            if fault := WRONG_BOXES.get(type(part).__name__):
                raise PartError(
                    f"{type(part).__name__} of nrtk {fault}, so that these would no longer be around what they were "
                    "around. Use sweeper.augmentations.Translation or Scale, or this perturber for classification."
                )


def _made(make: Callable[..., Perturber], arguments: Mapping[str, object]) -> Perturber:
    if not callable(make) or (hasattr(make, "perturb") and not isinstance(make, type)):
        raise PartError(
            f"perturber of Nrtk must make a perturber of nrtk; got {make!r}. In a config add _partial_: true beside "
            f"its _target_, and leave {', '.join(arguments)} out."
        )
    try:
        made = make(**arguments)
    except TypeError as error:
        raise PartError(f"{make!r} makes no perturber of {dict(arguments)}: {error}.") from error
    if not hasattr(made, "perturb"):
        raise PartError(f"{make!r} gave a {type(made).__name__}, which is no perturber of nrtk: it has no perturb().")
    return made


def _takes_seed(make: Callable[..., Perturber]) -> bool:
    parameters = inspect.signature(make).parameters.values()
    return any(each.name == "seed" or each.kind is each.VAR_KEYWORD for each in parameters)


def _refuse_no_seed(parts: Iterable[object]) -> None:
    """What is made with a seed gets one for each datum; what is made without must bring its own."""
    for part in parts:
        if getattr(part, "seed", 0) is None:
            raise PartError(
                f"{type(part).__name__} draws from no seed, so that each run would see something else, and it is not "
                "made by its own class, which Nrtk could give one. Give it a seed."
            )


def _parts_of(perturber: object) -> Iterable[object]:
    """A perturber, and those that it applies one after another."""
    yield perturber
    inner: Sequence[object] = getattr(perturber, "perturbers", ())
    for part in inner:
        yield from _parts_of(part)


def _whole(severity: float, parameter: str) -> int:
    if not float(severity).is_integer():
        raise PartError(f"{parameter} is {severity}; with whole: true it must be a whole number.")
    return int(severity)


def _as_before(pixels: npt.NDArray[Any], image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Perturbed pixels (H x W x channels, 0 to 255) as an image of the type and with the channels of the old one."""
    found = pixels.transpose(2, 0, 1)
    if len(found) != len(image):
        found = np.broadcast_to(found[:1], (len(image), *found.shape[1:]))
    scaled = np.clip(found.astype(np.float32) / np.float32(255), 0, 1)
    if np.issubdtype(image.dtype, np.integer):
        scaled = np.rint(scaled * full_scale(image))
    return scaled.astype(image.dtype)
