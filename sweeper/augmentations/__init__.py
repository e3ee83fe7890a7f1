"""Operating conditions as MAITE augmentations of images, for classification and for detection.

A `severity` of 0 changes nothing. The result depends only on the images, the datum ids and the seed: the same datum
looks the same in every batch, split and process. Images are C x H x W. Floats are in [0, 1]; integers are scaled to
that range (`sweeper.datasets.arrays.full_scale`) and back. What moves pixels carries boxes along.
"""

from __future__ import annotations

from sweeper.augmentations.base import ImageAugmentation
from sweeper.augmentations.detail import Blur, Jpeg, Resolution
from sweeper.augmentations.geometry import GeometricAugmentation, Rotation, Scale, Translation
from sweeper.augmentations.light import LowContrast, LowLight, SensorNoise
from sweeper.augmentations.motion_blur import MotionBlur
from sweeper.augmentations.nrtk_perturber import Nrtk
from sweeper.augmentations.occlusion import Occlusion
from sweeper.augmentations.weather import Fog, Rain, Snow

AUGMENTATIONS: dict[str, type[ImageAugmentation]] = {
    kind.name: kind
    for kind in (
        LowLight,
        LowContrast,
        SensorNoise,
        Rotation,
        Occlusion,
        Blur,
        MotionBlur,
        Resolution,
        Jpeg,
        Fog,
        Rain,
        Snow,
        Scale,
        Translation,
    )
}
"""Every built-in augmentation by its name."""


def sees_each_datum_alone(augmentation: object) -> bool:
    """Whether what an augmentation makes of a datum is known not to depend on the data before: all of ours are so."""
    return type(augmentation).__module__.startswith(f"{__name__}.")


__all__ = [
    "AUGMENTATIONS",
    "Blur",
    "Fog",
    "GeometricAugmentation",
    "ImageAugmentation",
    "Jpeg",
    "LowContrast",
    "LowLight",
    "MotionBlur",
    "Nrtk",
    "Occlusion",
    "Rain",
    "Resolution",
    "Rotation",
    "Scale",
    "SensorNoise",
    "Snow",
    "Translation",
    "sees_each_datum_alone",
]
