"""What an ONNX file expects of its images, settled from what it states and what is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sweeper.errors import PartError
from sweeper.models.image_parameters import CONVERT_CHANNELS, RESIZE, ImageSettings, settle_images
from sweeper.models.onnx_header import Value
from sweeper.models.onnx_statements import channel_axis
from sweeper.models.parameters import Settlement
from sweeper.models.preprocessing import LAYOUTS, ExpectedImages, Layout, number_of

if TYPE_CHECKING:
    import numpy.typing as npt

_KINDS = ("float16", "float32", "float64", "uint8")
"""Types of inputs that images can be brought to."""


class TakesImages(Protocol):
    """A file of a network with one input."""

    @property
    def source(self) -> str:
        """Its path, for messages."""
        ...

    @property
    def only_input(self) -> Value:
        """Its input."""
        ...


def settle_input(settlement: Settlement, header: TakesImages) -> Callable[[], ExpectedImages]:
    """Take the parameters of images as far as the input leaves them open, and check them against its shape.

    Returns
    -------
    Callable
        What gives the images that are expected, once the settlement is finished.

    Raises
    ------
    PartError
        The input is none of images: not one, not of floats or bytes, or with a number of axes that has no layout.
    """
    value = header.only_input
    layouts = _layouts(value, header.source)
    images = settle_images(settlement, layouts=layouts, size_is_needed=layouts[0].startswith("flat"))
    _check_channels(settlement, images, value)
    _check_features(settlement, images, value)
    if value.kind == "uint8" and images.value_range.found not in (None, (0.0, 255.0)):
        settlement.problem(f"its input {value} takes bytes, so that value_range must be [0, 255].")
    resize, convert = settlement.wanted(RESIZE), settlement.wanted(CONVERT_CHANNELS)
    if resize.found is True and images.size.found is None and not layouts[0].startswith("flat"):
        settlement.problem(
            f"resize is true, and its input {value} takes any size. Give image_size, or leave resize out."
        )
    return lambda: images.expected(header.source, resize=resize.found is True, convert_channels=convert.found is True)


def cast_to(kind: str) -> Callable[[npt.NDArray[np.float32]], npt.NDArray[Any]]:
    """What brings the array that goes in to the type of the input; bytes are rounded."""
    if kind == "uint8":
        return lambda array: np.rint(array).astype(np.uint8)
    return lambda array: array.astype(kind, copy=False)


def batch_size_of(value: Value) -> int | None:
    """How many images the network takes at once, if that is fixed."""
    return value.shape[0] if value.shape else None


def _layouts(value: Value, source: str) -> Sequence[Layout]:
    if value.kind not in _KINDS:
        raise PartError(f"{source}: its input {value} takes no images; allowed types: {', '.join(_KINDS)}.")
    if value.shape is None:
        return LAYOUTS
    by_axes = {4: LAYOUTS[:2], 2: LAYOUTS[2:]}
    if len(value.shape) not in by_axes:
        raise PartError(
            f"{source}: its input {value} has {len(value.shape)} axes; a network of images takes 4 (N x C x H x W or "
            "N x H x W x C), or 2 (N rows of features)."
        )
    return by_axes[len(value.shape)]


def _check_channels(settlement: Settlement, images: ImageSettings, value: Value) -> None:
    axis = channel_axis(value, images.layout.found)
    channels = images.channels.found
    if axis is None or channels is None or value.shape is None:
        return
    if value.shape[axis] not in (None, number_of(channels)):
        settlement.problem(
            f"channels is {channels}, which is {number_of(channels)}, and its input {value} has {value.shape[axis]}. "
            "Give the channels that the network takes."
        )


def _check_features(settlement: Settlement, images: ImageSettings, value: Value) -> None:
    size, channels = images.size.found, images.channels.found
    if size is None or channels is None or value.shape is None or len(value.shape) != 2 or value.shape[1] is None:
        return
    features = number_of(channels) * size[0] * size[1]
    if features != value.shape[1]:
        settlement.problem(
            f"its input {value} takes {value.shape[1]} features, and images of {number_of(channels)} x {size[0]} x "
            f"{size[1]} (channels {channels}, image_size) have {features}. Give the size that the network was trained "
            "with."
        )
