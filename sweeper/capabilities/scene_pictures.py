"""Small pictures of images with boxes drawn on them, for reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweeper.capabilities.thumbnails import opened, uri_of
from sweeper.checks.numbers import numeric
from sweeper.statistics.detection_errors import DETECTION_KINDS, IGNORED, OBJECT_KINDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.detection_errors import ImageErrors

    Colour = tuple[int, int, int]

SIDE = 256
"""The longer side of a picture has at most so many pixels."""
FOUND, NOT_FOUND, WRONG = (0, 158, 115), (213, 94, 0), (240, 228, 66)
"""Green, red and yellow that can be told apart with a colour vision deficiency too (Okabe and Ito, "Color Universal
Design", 2008)."""
_LINE = 2
"""Width of an outline, in pixels of the picture."""


class Outline(NamedTuple):
    """One box to be drawn."""

    corners: npt.NDArray[np.float32]
    """`x0, y0, x1, y1` in pixels of the image."""
    colour: Colour
    """Red, green and blue, 0 to 255."""


def scene_picture(image: object, outlines: Iterable[Outline]) -> str | None:
    """A small picture of an image with boxes, as the URI of a JPEG; `None` if it is no image.

    Parameters
    ----------
    image
        As `sweeper.capabilities.thumbnails.picture_of` takes it.
    outlines
        The later ones are drawn over the earlier ones. What is outside of the image is not drawn.
    """
    from PIL import ImageDraw

    pixels = numeric(image)
    picture = opened(pixels, SIDE)
    if pixels is None or picture is None:
        return None
    picture, (height, width) = picture.convert("RGB"), pixels.shape[1:]
    scale, pen = np.tile([picture.width / width, picture.height / height], 2), ImageDraw.Draw(picture)
    limits = np.tile([picture.width, picture.height], 2) + _LINE
    for one in outlines:
        left, top, right, bottom = np.clip(one.corners * scale, -_LINE, limits).tolist()
        if left < right and top < bottom:  # nothing else has an outline; NaN is below nothing
            pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=one.colour, width=_LINE)
    return uri_of(picture, "JPEG")


def errors_picture(image: object, errors: ImageErrors) -> str | None:
    """A picture of the objects of an image, green where found and red where not, and its wrong detections, yellow.

    Crowds, and detections that have found one, are not drawn. It is `None` if there is no image.
    """
    return scene_picture(image, _outlines(errors))


def _outlines(errors: ImageErrors) -> Iterator[Outline]:
    correct = DETECTION_KINDS.index("correct")
    for corners in errors.detections.boxes[errors.detection_kinds > correct]:
        yield Outline(corners, WRONG)
    for corners, kind in zip(errors.truth.boxes, errors.object_kinds, strict=True):
        if kind != IGNORED:
            yield Outline(corners, FOUND if OBJECT_KINDS[kind] == "correct" else NOT_FOUND)
