"""One panel as inline SVG.

Colours are CSS variables of the page, so that one drawing serves light, dark and print, and text is text, in the page's
own font. The decision 0015 says why no plotting library draws it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from sweeper.report.page.frames import FONT, GAP, HEIGHT, WIDTH, Frame, frame_of
from sweeper.report.page.panels import Panel, Series

GLYPHS = "●■▲◆▼✚✖★"
"""For the legend, which the page writes: what each of `_MARKERS` looks like."""
_MARKERS = (
    "m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0z",
    "m-2-2h4v4h-4z",
    "m0-2.4l2.4 4.4h-4.8z",
    "m0-2.8l2.8 2.8l-2.8 2.8l-2.8-2.8z",
    "m0 2.4l2.4-4.4h-4.8z",
    "m-.8-2.4h1.6v1.6h1.6v1.6h-1.6v1.6h-1.6v-1.6h-1.6v-1.6h1.6z",
    "m0-1.1l1.2-1.2l1.1 1.1l-1.2 1.2l1.2 1.2l-1.1 1.1l-1.2-1.2l-1.2 1.2l-1.1-1.1l1.2-1.2l-1.2-1.2l1.1-1.1z",
    "m0-2.9l.7 2h2.1l-1.7 1.3l.6 2.1l-1.7-1.2l-1.7 1.2l.6-2.1l-1.7-1.3h2.1z",
)
"""Each as the path around a point at which the pen is."""
SPREAD, BAR = 0.28, 0.38
"""How far dots are from the middle of their name at most, and the ends of a bar; names are one apart."""
_TEXT = f"font-size:{FONT:g}px;fill:var(--muted)"
_GRID, _AXIS = "stroke:var(--line);stroke-width:.6", "stroke:var(--line);stroke-width:.8;fill:none"


def draw(panel: Panel, colours: Mapping[str, int]) -> str:
    """The panel as an `<svg>` element; series without a colour are drawn as the range that they cover."""
    frame = frame_of(panel)
    others = [one for one in panel.series if one.name not in colours]
    coloured = [(one, colours[one.name]) for one in panel.series if one.name in colours]
    drawn = _dots(frame, coloured) if panel.ticks else _curves(frame, coloured)
    behind = _others(frame, others) if panel.is_scatter else _range(frame, others, is_ordered=not panel.ticks)
    parts = [*_axes(frame), behind, *drawn]
    return f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'


def _axes(frame: Frame) -> Iterator[str]:
    """Lines at the numbers of the y axis, both axes, and what is written along them."""
    left, right, bottom = frame.x.start, frame.x.end, frame.y.start
    yield f'<path d="{"".join(f"M{left:.1f} {y:.1f}H{right:.1f}" for y, _ in frame.y_texts)}" style="{_GRID}"/>'
    marks = "".join(f"M{x:.1f} {bottom:.1f}v3" for x, _ in frame.x_texts)
    yield f'<path d="M{left:.1f} {frame.y.end:.1f}V{bottom:.1f}H{right:.1f}{marks}" style="{_AXIS}"/>'
    yield f'<g style="{_TEXT}" text-anchor="end">'
    yield from (_text(left - GAP, y + FONT / 3, text) for y, text in frame.y_texts)
    yield f'</g><g style="{_TEXT}" text-anchor="{"end" if frame.slope else "middle"}">'
    yield from (_along(frame, x, text) for x, text in frame.x_texts)
    yield "</g>"
    if frame.x_label:
        yield f'<g style="{_TEXT}" text-anchor="middle">{_text((left + right) / 2, HEIGHT - GAP, frame.x_label)}</g>'


def _along(frame: Frame, x: float, text: str) -> str:
    """A name or number along the bottom; a slanted one ends at its place."""
    y = frame.y.start + GAP
    if not frame.slope:
        return _text(x, y + FONT, text)
    turned = f' transform="rotate(-{frame.slope} {x:.1f} {y:.1f})"'
    return _text(x, y + (FONT / 3 if frame.slope == 90 else FONT * 0.7), text, turned)


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>'


def _curves(frame: Frame, series: Sequence[tuple[Series, int]]) -> Iterator[str]:
    """The points of each model with the line from each to the next, and the band of their intervals behind."""
    for one, number in series:
        around = [(x, low) for x, low, _ in one.bounds] + [(x, high) for x, _, high in reversed(one.bounds)]
        places, colour = _places(frame, one.points), f"var(--series-{number})"
        yield f'<g data-series="{number}">'
        if len(one.bounds) > 1:
            shape = "L".join(_places(frame, around))
            yield f'<path class="bounds" d="M{shape}z" style="fill:{colour};fill-opacity:.13"/>'
        yield f'<path d="M{"L".join(places)}" style="fill:none;stroke:{colour};stroke-width:1.4"/>'
        yield f"{_markers(places, number)}</g>"


def _dots(frame: Frame, series: Sequence[tuple[Series, int]]) -> Iterator[str]:
    """The points of models side by side above each name, each on the line of its interval: names have no order."""
    step = 2 * SPREAD / max(1, len(series) - 1)
    for place, (one, number) in enumerate(series):
        aside = place * step - SPREAD if len(series) > 1 else 0.0
        lines = "".join(
            f"M{frame.x.at(x + aside):.1f} {frame.y.at(low):.1f}V{frame.y.at(high):.1f}" for x, low, high in one.bounds
        )
        yield f'<g data-series="{number}">'
        if lines:
            style = f"fill:none;stroke:var(--series-{number});stroke-width:.9;stroke-opacity:.65"
            yield f'<path class="bounds" d="{lines}" style="{style}"/>'
        yield f"{_markers(_places(frame, [(x + aside, y) for x, y in one.points]), number)}</g>"


def _markers(places: Sequence[str], number: int) -> str:
    markers = "".join(f"M{place}{_MARKERS[number]}" for place in places)
    return f'<path d="{markers}" style="fill:var(--series-{number})"/>'


def _others(frame: Frame, others: Sequence[Series]) -> str:
    """The points of models without a colour, each by itself."""
    markers = "".join(f"M{place}{_MARKERS[0]}" for one in others for place in _places(frame, one.points))
    return f'<path d="{markers}" style="fill:var(--muted);fill-opacity:.5"/>' if markers else ""


def _range(frame: Frame, others: Sequence[Series], *, is_ordered: bool) -> str:
    """From the least to the greatest value of many models at each place; a bar for each place that has no order."""
    values: dict[float, list[float]] = {}
    for one in others:
        for x, y in one.points:
            values.setdefault(x, []).append(y)
    if not values:
        return ""
    along = sorted(values)
    if is_ordered:
        around = [(x, min(values[x])) for x in along] + [(x, max(values[x])) for x in reversed(along)]
        shape = f"M{'L'.join(_places(frame, around))}z"
    else:
        shape = "".join(_bar(frame, x, min(values[x]), max(values[x])) for x in along)
    return f'<path d="{shape}" style="fill:var(--range)"/>'


def _bar(frame: Frame, x: float, low: float, high: float) -> str:
    left, right = (frame.x.at(x + side) for side in (-BAR, BAR))
    return f"M{left:.1f} {frame.y.at(low):.1f}H{right:.1f}V{frame.y.at(high):.1f}H{left:.1f}z"


def _places(frame: Frame, points: Sequence[tuple[float, float]]) -> list[str]:
    return [f"{frame.x.at(x):.1f} {frame.y.at(y):.1f}" for x, y in points]
