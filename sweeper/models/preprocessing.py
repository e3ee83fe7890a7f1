"""What a network expects of its images, and how a batch of MAITE images becomes the array that it takes.

Each image is brought there in this order, and a step that is not asked for is left out:

1. values to float32 in [0, 1]: integers are divided by the one that is white, 255 for uint8;
2. channels: grey to three equal channels, or colour to the luma of ITU-R 601-2, 0.299 R + 0.587 G + 0.114 B;
3. size: bilinear as Pillow resizes, which averages over more pixels where an image shrinks;
4. value range: `low + value * (high - low)`;
5. order of the channels: red first, or blue first;
6. `(value - mean) / std` for each channel;
7. layout: order of the axes, and for a network that takes a row of features, which axis runs fastest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from sweeper.common.facts import Facts
from sweeper.datasets.arrays import numpy_of, unit_range
from sweeper.datasets.pixels import luma, resized
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike

    Floats: TypeAlias = npt.NDArray[np.float32]

Layout = Literal["NCHW", "NHWC", "flat_CHW", "flat_HWC"]
"""The axes of what the network takes: N images with C channels, height H and width W. A flat one is N rows of features,
channel by channel (`flat_CHW`, as numpy flattens a C x H x W image) or pixel by pixel (`flat_HWC`)."""
Channels = Literal["RGB", "BGR", "GRAY"]
"""What the channels are, in order; one channel is GRAY."""
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
CHANNELS: tuple[Channels, ...] = get_args(Channels)
_ROUNDING = 1e-6
"""By how much floats may lie outside [0, 1]."""


@dataclass(frozen=True)
class ExpectedImages:
    """What a network expects of its images.

    Parameters
    ----------
    source
        What expects it, for messages: the path of the file of the network.
    layout
        The axes of the array that it takes.
    value_range
        The values that black and white have there, before `mean` and `std`: (0, 1), (0, 255) or (-1, 1), say.
    mean, std
        Of each channel in the order of `channels`, in units of `value_range`: `(value - mean) / std` goes in. One
        number holds for all channels; 0 and 1 change nothing.
    channels
        What its channels are.
    size
        Height and width that it takes; `None` if it takes any.
    resize
        Whether images of another size are resized; otherwise they are refused.
    convert_channels
        Whether grey images are given to a network of colours, and the other way round; otherwise they are refused.
    """

    source: str
    layout: Layout
    value_range: tuple[float, float]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: Channels
    size: tuple[int, int] | None = None
    resize: bool = False
    convert_channels: bool = False

    @property
    def n_channels(self) -> int:
        """1 or 3."""
        return number_of(self.channels)

    def facts(self, class_names: Sequence[str]) -> Facts:
        """What a dataset must be for a network that expects these images and knows some classes."""
        height, width = (None, None) if self.size is None or self.resize else self.size
        return Facts(
            source=self.source,
            channels=None if self.convert_channels else self.n_channels,
            height=height,
            width=width,
            n_classes=len(class_names),
            class_names=dict(enumerate(class_names)),
        )


def number_of(channels: Channels) -> int:
    """How many channels there are: 1 or 3."""
    return 1 if channels == "GRAY" else 3


def network_input(images: Sequence[ArrayLike], expected: ExpectedImages) -> Floats:
    """A batch of images as the array that a network takes.

    Parameters
    ----------
    images
        One or more images, C x H x W with C of 1 or 3 (red, green, blue): floats in [0, 1], or integers as
        `sweeper.datasets.arrays.unit_range` scales them, of which uint8 is the usual one.
    expected
        What the network expects.

    Returns
    -------
    numpy.ndarray
        N x C x H x W, N x H x W x C or N x K, float32.

    Raises
    ------
    PartError
        There is no image, or an image is not what is expected and may not be brought there. The message says what each
        side has.
    """
    if not len(images):
        raise PartError(f"{expected.source} was given no image; a batch has at least one.")
    prepared = [_prepared(numpy_of(image), expected) for image in images]
    shapes = {image.shape for image in prepared}
    if len(shapes) > 1:
        sizes = ", ".join(f"{height} x {width}" for _, height, width in sorted(shapes)[:3])
        raise PartError(
            f"{expected.source} takes batches of images of one size; got images of {sizes}. Let it resize them "
            "(image_size and resize: true), give the dataset a size, or take a batch_size of 1."
        )
    return _laid_out(np.stack(prepared), expected.layout)


def checked(image: npt.NDArray[np.generic], expected: ExpectedImages) -> Floats:
    """One image with the channels that are expected, C x H x W in [0, 1], float32; of its own size if that may be.

    Raises
    ------
    PartError
        It is not what is expected and may not be brought there.
    """
    if image.ndim != 3:
        raise PartError(f"{expected.source} takes images of C x H x W; got an array of shape {image.shape}.")
    values = _with_channels(_in_unit_range(image, expected), expected)
    _check_size(values, expected)
    return values


def _prepared(image: npt.NDArray[np.generic], expected: ExpectedImages) -> Floats:
    """One image with the channels, the size and the values that are expected, C x H x W."""
    values = checked(image, expected)
    if expected.size is not None and values.shape[1:] != expected.size:
        values = resized(values, expected.size)
    low, high = expected.value_range
    if (low, high) != (0, 1):
        values = values * np.float32(high - low) + np.float32(low)
    if expected.channels == "BGR":
        values = values[::-1]
    return _normalised(values, expected)


def _in_unit_range(image: npt.NDArray[np.generic], expected: ExpectedImages) -> Floats:
    values = unit_range(image)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    if not (low >= -_ROUNDING and high <= 1 + _ROUNDING):  # also where one is NaN
        raise PartError(
            f"{expected.source} was given an image of {image.dtype} from {low:g} to {high:g}; floats must lie in "
            "[0, 1]. Rescale them in the dataset; value_range is about what the network takes."
        )
    return values


def _with_channels(values: Floats, expected: ExpectedImages) -> Floats:
    got, wanted = len(values), expected.n_channels
    if got == wanted:
        return values
    if not expected.convert_channels or got not in (1, 3):
        other = "grayscale: true" if wanted == 1 else "grayscale: false"
        raise PartError(
            f"{expected.source} takes {_counted(wanted)} ({expected.channels}); got images of {_counted(got)}. Read "
            f"the images so (dataset.image_folder has {other}), or set convert_channels: true, which turns grey into "
            "three equal channels and colours into their luma."
        )
    return luma(values) if wanted == 1 else values.repeat(3, axis=0)


def _counted(channels: int) -> str:
    return f"{channels} channel{'' if channels == 1 else 's'}"


def _check_size(values: Floats, expected: ExpectedImages) -> None:
    if expected.size is None or expected.resize or values.shape[1:] == expected.size:
        return
    (height, width), (got_height, got_width) = expected.size, values.shape[1:]
    raise PartError(
        f"{expected.source} takes images of {height} x {width} (height x width); got {got_height} x {got_width}. "
        "Set resize: true, which resizes them (bilinear), or give the dataset this size."
    )


def _normalised(values: Floats, expected: ExpectedImages) -> Floats:
    mean, std = (np.asarray(each, dtype=np.float32)[:, None, None] for each in (expected.mean, expected.std))
    if mean.any():
        values = values - mean
    return values / std if (std != 1).any() else values


def _laid_out(batch: Floats, layout: Layout) -> Floats:
    """N x C x H x W in the layout."""
    if layout in ("NHWC", "flat_HWC"):
        batch = batch.transpose(0, 2, 3, 1)
    batch = np.ascontiguousarray(batch)
    return batch.reshape(len(batch), -1) if layout.startswith("flat") else batch
