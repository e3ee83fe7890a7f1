"""Where everything of one plot is: its axes, what is written along them, and the room that the words take. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import east_asian_width

from sweeper.report.page.panels import Panel
from sweeper.report.page.scales import Scale, log_range_of, powers_of_ten, range_of, round_numbers, written

WIDTH, HEIGHT = 266.0, 194.0
"""Of a plot, in its own units; the page scales it to its column."""
FONT = 9.0
"""The size of what is written in it."""
NAME = 18
"""Longer names are cut at the bottom of a plot; the leaderboard has them whole."""
_LETTER, _WIDE_LETTER = 0.58, 1.0
"""The width of a letter as a share of the size of the font, on average; of East Asian ones."""
_EDGE, GAP = 6.0, 4.0
"""Free at the edges of the plot, and between an axis and what is written along it."""
SIDE = 0.45
"""Free beside the first and the last name along the bottom; names are one apart."""
_UPRIGHT_FROM = 9
"""So many names along the bottom are written upright, fewer are aslant."""
_Y_NUMBERS, _X_NUMBERS = 6, 7
"""So many numbers are written along an axis at most."""


@dataclass(frozen=True)
class Frame:
    """The axes of one plot."""

    x: Scale
    y: Scale
    x_texts: tuple[tuple[float, str], ...]
    """Place and text of each name or number along the bottom."""
    y_texts: tuple[tuple[float, str], ...]
    slope: int
    """By how many degrees what is written along the bottom is turned."""
    x_label: str = ""


def frame_of(panel: Panel) -> Frame:
    """The axes of a plot, with room for what is written along them."""
    y_low, y_high = range_of(_heights(panel))
    y_numbers = round_numbers(y_low, y_high, _Y_NUMBERS)
    y_names = written(y_numbers)
    names = [_short(name) for name in panel.ticks]
    slope = 0 if not names else 90 if len(names) >= _UPRIGHT_FROM else 25
    x = Scale(*_ends(panel), _left(y_names, names, slope), WIDTH - _EDGE, panel.is_log)
    y = Scale(y_low, y_high, HEIGHT - _below(names, slope), _EDGE)
    along = [float(place) for place in range(len(names))] if names else _numbers(x)
    texts = names or ([f"{value:g}" for value in along] if x.is_log else written(along))
    return Frame(
        x,
        y,
        tuple((x.at(value), text) for value, text in zip(along, texts, strict=True)),
        tuple((y.at(value), text) for value, text in zip(y_numbers, y_names, strict=True)),
        slope,
        "" if names else _short(panel.x_label),
    )


def _heights(panel: Panel) -> Iterator[float]:
    """What must have room from the top to the bottom."""
    for one in panel.series:
        yield from (y for _, y in one.points)
        yield from (bound for _, *bounds in one.bounds for bound in bounds)


def _ends(panel: Panel) -> tuple[float, float]:
    """Both ends of the axis along the bottom."""
    if panel.ticks:
        return -SIDE, len(panel.ticks) - 1 + SIDE
    along = (x for one in panel.series for x, _ in one.points)
    return log_range_of(along) if panel.is_log else range_of(along)


def _numbers(x: Scale) -> list[float]:
    choose = powers_of_ten if x.is_log else round_numbers
    return choose(x.low, x.high, _X_NUMBERS)


def _left(numbers: list[str], names: list[str], slope: int) -> float:
    """Room for the numbers, and for what of the first name along the bottom reaches to the left of its place."""
    needed = max(map(width, numbers), default=0.0) + GAP
    if slope == 25:
        needed = max(needed, width(names[0]) * math.cos(math.radians(slope)) - GAP)
    return _EDGE + needed


def _below(names: list[str], slope: int) -> float:
    """Room for the names along the bottom; else for a line of numbers and a line that says what they are."""
    if not names:
        return 2 * (FONT + GAP) + _EDGE / 2
    return max(map(width, names)) * math.sin(math.radians(slope)) + FONT + GAP


def width(text: str) -> float:
    """About how wide a text is, whatever the font of the page."""
    return FONT * sum(_WIDE_LETTER if east_asian_width(letter) in "WF" else _LETTER for letter in text)


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME // 2]}…{name[-(NAME // 2 - 1) :]}"
