"""Boxes of a detector as corners in pixels of its input. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sweeper.errors import PartError
from sweeper.models.image_parameters import listed, one_of
from sweeper.models.parameters import Parameter

if TYPE_CHECKING:
    import numpy.typing as npt

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]
"""Left, top, right, bottom; left, top, width, height; or the centre, width and height."""
BoxUnits = Literal["pixels", "normalised"]
"""Pixels of the image that goes in, or shares of its width and height."""
_FORMATS: tuple[BoxFormat, ...] = get_args(BoxFormat)
_UNITS: tuple[BoxUnits, ...] = get_args(BoxUnits)
_FAR = 2.0
"""Shares of an image are not beyond this, also where a box reaches out of it."""

BOX_FORMAT: Parameter[BoxFormat] = Parameter(
    "box_format", one_of(_FORMATS), listed(_FORMATS), "what the four numbers of a box are", "xyxy"
)
BOX_UNITS: Parameter[BoxUnits] = Parameter(
    "box_units", one_of(_UNITS), listed(_UNITS), "pixels of the image that goes in, or shares of its sides", "pixels"
)


def corners(
    boxes: npt.NDArray[Any], form: BoxFormat, units: BoxUnits, size: tuple[int, int], source: str
) -> npt.NDArray[np.float64]:
    """N boxes as `x0, y0, x1, y1` in pixels of the image that went in.

    Parameters
    ----------
    boxes
        N x 4.
    form, units
        What the numbers are.
    size
        Height and width of that image.
    source
        What gave them, for messages.

    Raises
    ------
    PartError
        They cannot be boxes of this form or in these units.
    """
    values = boxes.astype(np.float64)
    _check_units(values, units, source)
    if form == "cxcywh":
        values = np.concatenate([values[:, :2] - values[:, 2:] / 2, values[:, :2] + values[:, 2:] / 2], axis=1)
    elif form == "xywh":
        values = np.concatenate([values[:, :2], values[:, :2] + values[:, 2:]], axis=1)
    if (values[:, 2:] < values[:, :2]).any():
        wrong = boxes[(values[:, 2:] < values[:, :2]).any(axis=1)][0]
        raise PartError(f"{source} gave the box {_shown(wrong)}, which is none in the box_format {form}.")
    height, width = size
    return values * [width, height, width, height] if units == "normalised" else values


def _check_units(values: npt.NDArray[np.float64], units: BoxUnits, source: str) -> None:
    """Refuse boxes that cannot be in the units: NaN too, whose comparisons are all false."""
    if not len(values):
        return
    largest = float(np.abs(values).max())
    if not np.isfinite(largest):
        raise PartError(f"{source} gave a box that is not finite.")
    if units == "normalised" and largest > _FAR:
        raise PartError(f"{source} gave boxes with numbers up to {largest:g}; box_units must be pixels.")
    if units == "pixels" and 0 < largest <= 1:
        raise PartError(f"{source} gave boxes with no number above {largest:g}; box_units must be normalised.")


def _shown(numbers: npt.NDArray[Any]) -> str:
    return "[" + ", ".join(f"{number:g}" for number in numbers) + "]"
