"""The parameters that say what a network expects of its images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from sweeper.models.parameters import Parameter, Settled, Settlement
from sweeper.models.preprocessing import CHANNELS, LAYOUTS, Channels, ExpectedImages, Layout, number_of

Name = TypeVar("Name", bound=str)
Floats = tuple[float, ...]


def one_of(names: Sequence[Name]) -> Callable[[object], Name]:
    """A reader of one of some words."""

    def read(value: object) -> Name:
        if value not in names:
            raise ValueError(repr(value))
        return cast("Name", value)

    return read


def listed(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def truth(value: object) -> bool:
    """A reader of true and false."""
    if not isinstance(value, bool):
        raise ValueError(repr(value))
    return value


def layout_of(layouts: Sequence[Layout]) -> Parameter[Layout]:
    """The parameter `layout`, which must be one of some."""
    return Parameter(
        "layout", one_of(layouts), listed(layouts), "the order of the axes of what the network takes", layouts[0]
    )


def _numbers(value: object) -> Floats:
    values = value if isinstance(value, list | tuple) else [value]
    numbers = [float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) != len(values) or not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError(repr(value))
    return tuple(numbers)


def _range(value: object) -> tuple[float, float]:
    numbers = _numbers(value)
    if len(numbers) != 2 or numbers[0] >= numbers[1]:
        raise ValueError(repr(value))
    return numbers[0], numbers[1]


def _of_channels(value: object) -> Floats:
    numbers = _numbers(value)
    if len(numbers) not in (1, 3):
        raise ValueError(repr(value))
    return numbers


def _divisors(value: object) -> Floats:
    numbers = _of_channels(value)
    if min(numbers) <= 0:
        raise ValueError(repr(value))
    return numbers


def _size(value: object) -> tuple[int, int]:
    sides = value if isinstance(value, list | tuple) else [value, value]
    pixels = [side for side in sides if isinstance(side, int) and not isinstance(side, bool) and side > 0]
    if len(sides) != 2 or len(pixels) != 2:
        raise ValueError(repr(value))
    return pixels[0], pixels[1]


def _close(a: Floats, b: Floats) -> bool:
    """Whether numbers are equal but for rounding; one number stands for all channels."""
    length = max(len(a), len(b))
    pairs = zip(_for_each(a, length), _for_each(b, length), strict=True)
    return all(math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-9) for x, y in pairs)


def _for_each(numbers: Floats, channels: int) -> Floats:
    return numbers * channels if len(numbers) == 1 else numbers


LAYOUT = layout_of(LAYOUTS)
VALUE_RANGE = Parameter(
    "value_range",
    _range,
    "[low, high]",
    "what black and white are to the network, before mean and std",
    "[0,1]",
    _close,
)
MEAN = Parameter(
    "mean",
    _of_channels,
    "a number, or one for each channel",
    "subtracted, in units of value_range; 0: none",
    "0",
    _close,
)
STD = Parameter(
    "std",
    _divisors,
    "a positive number, or one for each channel",
    "divided by, in units of value_range; 1: none",
    "1",
    _close,
)
COLOURS: Parameter[Channels] = Parameter(
    "channels", one_of(CHANNELS), listed(CHANNELS), "the order of the channels", "RGB"
)
SIZE = Parameter(
    "image_size", _size, "a number, or [height, width]", "height and width that the network takes", "[224,224]"
)
RESIZE = Parameter("resize", truth, "true or false", "whether images of another size are resized", "true")
CONVERT_CHANNELS = Parameter(
    "convert_channels",
    truth,
    "true or false",
    "whether grey images become colour ones, and the other way round",
    "true",
)


@dataclass(frozen=True)
class ImageSettings:
    """The settled parameters of images."""

    layout: Settled[Layout]
    value_range: Settled[tuple[float, float]]
    mean: Settled[Floats]
    std: Settled[Floats]
    channels: Settled[Channels]
    size: Settled[tuple[int, int]]

    def expected(self, source: str, *, resize: bool, convert_channels: bool) -> ExpectedImages:
        """All of them, once the settlement is finished."""
        channels = self.channels.value
        mean, std = (_for_each(each.value, number_of(channels)) for each in (self.mean, self.std))
        return ExpectedImages(
            source=source,
            layout=self.layout.value,
            value_range=self.value_range.value,
            mean=mean,
            std=std,
            channels=channels,
            size=self.size.found,
            resize=resize,
            convert_channels=convert_channels,
        )


def settle_images(
    settlement: Settlement, *, layouts: Sequence[Layout] = LAYOUTS, size_is_needed: bool = False
) -> ImageSettings:
    """Take the parameters of images; what is missing or wrong is told when the settlement is finished.

    Parameters
    ----------
    settlement
        Of the file.
    layouts
        Those that are possible.
    size_is_needed
        Whether height and width must be known. Otherwise a network may take images of any size.
    """
    settings = ImageSettings(
        layout=settlement.needed(layout_of(layouts)),
        value_range=settlement.needed(VALUE_RANGE),
        mean=settlement.needed(MEAN),
        std=settlement.needed(STD),
        channels=settlement.needed(COLOURS),
        size=settlement.needed(SIZE) if size_is_needed else settlement.wanted(SIZE),
    )
    _check_lengths(settlement, settings)
    return settings


def _check_lengths(settlement: Settlement, settings: ImageSettings) -> None:
    channels = settings.channels.found
    for name, numbers in (("mean", settings.mean.found), ("std", settings.std.found)):
        if channels is not None and numbers is not None and len(numbers) not in (1, number_of(channels)):
            settlement.problem(f"{name} has {len(numbers)} numbers, and channels is {channels}; give one for each.")
