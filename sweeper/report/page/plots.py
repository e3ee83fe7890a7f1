"""One panel as inline SVG, by matplotlib without any of its global state.

Colours are not drawn but named: each is a marker value that becomes a CSS variable of the page, so that one drawing
serves light, dark and print. Text stays text, in the page's own font.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sweeper.report.page.panels import COLOURS, Panel, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (3.7, 2.7)
"""Inches of one panel; the page scales it to its column."""
MARKERS = "os^DvPX*"
GLYPHS = "●■▲◆▼✚✖★"
"""For the legend, which the page writes: what each of `MARKERS` looks like."""
INK, FRAME, RANGE = "#0a0b10", "#0a0b11", "#0a0b12"
SERIES = tuple(f"#0a0c{number:02x}" for number in range(COLOURS))
_VARIABLES = {
    INK: "var(--muted)",
    FRAME: "var(--line)",
    RANGE: "var(--range)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(SERIES)},
}
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name with two dollar signs is a name
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FRAME,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FRAME,
    "grid.linewidth": 0.6,
    "xtick.color": FRAME,
    "ytick.color": FRAME,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
}
NAME = 18
"""Longer names are cut at the bottom of a plot; the leaderboard has them whole."""


def draw(panel: Panel, colours: Mapping[str, int], salt: str) -> str:
    """The panel as an `<svg>` element; series without a colour are drawn as the range that they cover.

    The same panel and salt give the same text; ids inside it are its own where the salt is.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style: Any = {**_STYLE, "svg.hashsalt": salt}
    with rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the reader's font draws the text
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        _draw_range(axes, [one for one in panel.series if one.name not in colours])
        for one in panel.series:
            if one.name in colours:
                _draw_series(axes, one, colours[one.name])
        _label(axes, panel)
        return _inline(figure)


def _draw_series(axes: Axes, one: Series, number: int) -> None:
    x, y = zip(*one.points, strict=True) if one.points else ((), ())
    axes.plot(x, y, color=SERIES[number], marker=MARKERS[number], markeredgewidth=0)


def _draw_range(axes: Axes, others: Sequence[Series]) -> None:
    """A band from the least to the greatest value of many models at each place."""
    values: dict[float, list[float]] = {}
    for one in others:
        for x, y in one.points:
            values.setdefault(x, []).append(y)
    if values:
        places = sorted(values)
        least, greatest = ([choose(values[x]) for x in places] for choose in (min, max))
        axes.fill_between(places, least, greatest, color=RANGE, linewidth=0)


def _label(axes: Axes, panel: Panel) -> None:
    if not panel.ticks:
        axes.set_xlabel(_short(panel.x_label))
        return
    slope: dict[str, Any] = {"rotation": 90, "va": "center"} if len(panel.ticks) > 8 else {"rotation": 25}
    names = [_short(name) for name in panel.ticks]
    axes.set_xticks(range(len(names)), names, ha="right", rotation_mode="anchor", **slope)
    axes.set_xlim(-0.3, len(panel.ticks) - 0.7)


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME // 2]}…{name[-(NAME // 2 - 1) :]}"


def _inline(figure: Figure) -> str:
    """What goes into the page: the element alone, without the styles that would reach beyond it."""
    sink = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(sink, format="svg", transparent=True, metadata=nothing)
    svg = sink.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<style.*?</style>|<metadata.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # every panel has the same, and ids of one page must differ
    svg = re.sub(r' (?:width|height)="[0-9.]+pt"', "", svg, count=2)  # the page scales it
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg.strip()
