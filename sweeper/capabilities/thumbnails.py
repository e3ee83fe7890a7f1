"""Small pictures of data, for reports."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from sweeper.checks.numbers import Numbers, numeric
from sweeper.datasets.arrays import full_scale
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    Floats: TypeAlias = npt.NDArray[np.float64]

SIDE = 64
"""The longer side of a picture has at most so many pixels. A smaller image is enlarged by a whole number."""


def picture_of(image: object) -> str | None:
    """A small picture of an image, as the URI of a PNG (`data:image/png;base64,...`); `None` if it is no image.

    Parameters
    ----------
    image
        C x H x W, an array or a tensor. One channel is shown as grey, three or four as red, green and blue, others as
        the grey of their mean. Integers count as in `sweeper.datasets.arrays.full_scale`, floats in [0, 1] as they are;
        other numbers are stretched from their smallest, black, to their largest, white. What is not finite is black.
    """
    picture = opened(image, SIDE)
    return None if picture is None else uri_of(picture, "PNG")


def opened(image: object, side: int) -> Image | None:
    """The same picture, with at most `side` pixels on its longer side, to be drawn on; `None` if it is no image."""
    values = numeric(image)
    if values is None or values.ndim != 3 or not values.size or values.dtype.kind == "c":
        return None
    channels = _unit(values[:, :: _step(values.shape[1], side), :: _step(values.shape[2], side)])
    return _fitted(channels[:3] if len(channels) in (3, 4) else channels.mean(axis=0, keepdims=True), side)


def uri_of(picture: Image, form: Literal["PNG", "JPEG"]) -> str:
    """A picture as text that carries it: `data:image/...;base64,...`."""
    data = io.BytesIO()
    # Lines of one colour beside another are kept apart; without it a JPEG has colours of half the sharpness.
    picture.save(data, form, **({"quality": 85, "subsampling": 0} if form == "JPEG" else {}))
    return f"data:image/{form.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"


def _step(length: int, side: int) -> int:
    """Of a very large image every so many pixels are enough: four for each of the picture."""
    return max(1, length // (4 * side))


def _unit(values: Numbers) -> Floats:
    """The values in [0, 1]."""
    try:
        scale = 1.0 if values.dtype.kind in "fb" else float(full_scale(values))
    except PartError:  # of integers of which nothing says which is white
        scale = 1.0
    floats = np.nan_to_num(values.astype(np.float64) / scale, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(floats.min()), float(floats.max())
    if low >= 0 and high <= 1:
        return floats
    return (floats - low) / (high - low) if high > low else np.zeros_like(floats)


def _fitted(channels: Floats, side: int) -> Image:
    from PIL import Image

    pixels = np.moveaxis(np.rint(channels * 255).astype(np.uint8), 0, -1)
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else np.ascontiguousarray(pixels))
    longer = max(picture.size)
    if longer > side:
        picture.thumbnail((side, side))
    elif (times := side // longer) > 1:
        picture = picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
    return picture
