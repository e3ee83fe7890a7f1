"""Weather between the camera and the scene: fog, rain and snow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.augmentations.base import ImageAugmentation, check_range
from sweeper.augmentations.scattering import disc, number_of_copies, scattered, streak
from sweeper.common.default_ids import unless

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.augmentations.base import Floats, Images

FLAKES = (1 / 3, 2 / 3, 1)
"""The diameters of snowflakes, as shares of the largest: far, near, nearest. Each is as frequent as the others."""
RAIN_LIGHT = 0.9
"""How bright a streak of rain is: a drop shows the sky, which is brighter than most of a scene."""


class Fog(ImageAugmentation):
    """Even fog over a scene at one distance, by Koschmieder's law (H. Koschmieder, 1924).

    A pixel becomes `pixel * t + airlight * (1 - t)` with the transmission `t = exp(-severity * distance / 1000)`.

    `severity`: the extinction coefficient in 1/km. With a contrast threshold of 5 % (WMO's meteorological optical
    range) one sees 3 / severity km far: 3 is where fog begins (1 km), 15 dense (200 m), 60 very dense (50 m).

    Parameters
    ----------
    severity, seed, id
        See `ImageAugmentation`. Nothing is drawn at random.
    distance
        From the camera to everything in the scene, in metres.
    airlight
        How bright the fog itself is, 0 (black) to 1 (white).
    """

    name = "fog"

    def __init__(
        self,
        severity: float,
        *,
        distance: float = 100.0,
        airlight: float = 0.8,
        seed: int = 0,
        id: str | None = None,
    ) -> None:
        check_range("distance of fog", distance, 0, math.inf)
        check_range("airlight of fog", airlight, 0, 1)
        self.distance, self.airlight = distance, airlight
        super().__init__(severity, seed=seed, id=id)

    def options(self) -> Mapping[str, object]:
        """See `ImageAugmentation.options`."""
        return {"distance": unless(self.distance, 100.0), "airlight": unless(self.airlight, 0.8)}

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each pixel mixed with the light of the fog."""
        transmission = math.exp(-self.severity * self.distance / 1000)
        return images * np.float32(transmission) + np.float32(self.airlight * (1 - transmission))


class Rain(ImageAugmentation):
    """Bright, half transparent streaks of rain, which fall in one direction in each image.

    `severity`: the share of the pixels that streaks cover on average, 0 to 0.9; at least one streak falls. A stronger
    rain has all the streaks of a weaker one.

    Parameters
    ----------
    severity, seed, id
        See `ImageAugmentation`.
    length
        Of a streak, as a share of the height of the image. It is a twentieth as wide, at least one pixel.
    slant
        The largest angle between a streak and the vertical, in degrees, to 75. One angle is drawn for each datum.
    opacity
        How much of the scene behind it a streak hides, 0 to 1.
    """

    name = "rain"
    max_severity = 0.9

    def __init__(
        self,
        severity: float,
        *,
        length: float = 0.1,
        slant: float = 15.0,
        opacity: float = 0.5,
        seed: int = 0,
        id: str | None = None,
    ) -> None:
        check_range("length of rain", length, 0, 1)
        check_range("slant of rain", slant, 0, 75)
        check_range("opacity of rain", opacity, 0, 1)
        self.length, self.slant, self.opacity = length, slant, opacity
        super().__init__(severity, seed=seed, id=id)

    def options(self) -> Mapping[str, object]:
        """See `ImageAugmentation.options`."""
        return {
            "length": unless(self.length, 0.1),
            "slant": unless(self.slant, 15.0),
            "opacity": unless(self.opacity, 0.5),
        }

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each with streaks."""
        wet = np.stack([self._streaks(images.shape[2:], draw) for draw in self.generators(ids)])
        hidden = wet[:, None] * np.float32(self.opacity)
        return images * (1 - hidden) + RAIN_LIGHT * hidden

    def _streaks(self, shape: tuple[int, ...], draw: np.random.Generator) -> npt.NDArray[np.bool_]:
        long = max(1, round(self.length * shape[0]))
        pixels = streak(long, max(1, round(long / 20)), draw.uniform(-self.slant, self.slant))
        number = number_of_copies(self.severity, len(pixels), shape)
        return scattered([pixels], shape, draw.random((number, 3)))


class Snow(ImageAugmentation):
    """White flakes of three sizes, at random places of each image.

    `severity`: the share of the pixels that flakes cover on average, 0 to 0.9; at least one flake falls. A stronger
    snowfall has all the flakes of a weaker one.

    Parameters
    ----------
    severity, seed, id
        See `ImageAugmentation`.
    flake
        Diameter of the largest flakes, as a share of the height of the image; at least one pixel.
    """

    name = "snow"
    max_severity = 0.9

    def __init__(self, severity: float, *, flake: float = 0.02, seed: int = 0, id: str | None = None) -> None:
        check_range("flake of snow", flake, 0, 1)
        self.flake = flake
        super().__init__(severity, seed=seed, id=id)

    def options(self) -> Mapping[str, object]:
        """See `ImageAugmentation.options`."""
        return {"flake": unless(self.flake, 0.02)}

    def apply(self, images: Images, ids: Sequence[int | str]) -> Floats:
        """The images, each with flakes."""
        shape = images.shape[2:]
        flakes = [disc(size * self.flake * shape[0]) for size in FLAKES]
        number = number_of_copies(self.severity, float(np.mean([len(pixels) for pixels in flakes])), shape)
        white = np.stack([scattered(flakes, shape, draw.random((number, 3))) for draw in self.generators(ids)])
        return np.where(white[:, None], np.float32(1), images)
