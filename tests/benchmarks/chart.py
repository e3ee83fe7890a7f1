"""The chart of what one combination costs in each system, from the figures that `bench_peers.py --out` wrote.

python tests/benchmarks/chart.py FIGURES.json [docs/overhead.svg]
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

OURS = "sweeper"
WIDTH, LEFT, RIGHT, TOP, ROW, BAR, FOOT = 820, 290, 70, 56, 32, 20, 44
"""Pixels: of the whole, left of the axis, right of its end, above and of each row, of a bar, below."""
TITLE = "Overhead of one no-op combination"
NOTE = "2 processors, logarithmic scale, start-up not counted"
FONT = "font-family='-apple-system, Segoe UI, Helvetica, Arial, sans-serif'"
TEXT, FAINT, GRID = "#1f2328", "#59636e", "#d1d9e0"
MAIN, OTHERS = "#0969da", "#8c959f"


def svg(costs: Sequence[Mapping[str, Any]]) -> str:
    """One bar for each figure, the cheapest on top, on a logarithmic axis of whole decades."""
    ordered = sorted(costs, key=lambda cost: cost["ms"])
    low, high = math.floor(math.log10(ordered[0]["ms"])), math.ceil(math.log10(ordered[-1]["ms"]))
    height = TOP + ROW * len(ordered) + FOOT
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img' {FONT}>",
            f"<title>{escape(TITLE)}, by system</title>",
            f"<rect width='{WIDTH}' height='{height}' rx='8' fill='#ffffff'/>",
            _text(20, 28, TITLE, size=16, weight=600),
            _text(WIDTH - 20, 28, NOTE, colour=FAINT, anchor="end"),
            *_decades(low, high, height),
            *(line for index, cost in enumerate(ordered) for line in _row(index, cost, low, high)),
            "</svg>\n",
        ]
    )


def _decades(low: int, high: int, height: int) -> Iterator[str]:
    for power in range(low, high + 1):
        x, bottom = _x(10.0**power, low, high), height - FOOT
        yield f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{TOP - 8}' y2='{bottom}' stroke='{GRID}'/>"
        yield _text(x, bottom + 20, _shown(10.0**power), colour=FAINT, anchor="middle")


def _row(index: int, cost: Mapping[str, Any], low: int, high: int) -> Iterator[str]:
    name, top, end = cost["system"], TOP + ROW * index, _x(cost["ms"], low, high)
    colour, weight = (MAIN, 600) if name == OURS else (OTHERS, 400)
    yield _text(LEFT - 10, top + 15, f"{name}, {cost['n']:,} runs", anchor="end", weight=weight)
    yield f"<rect x='{LEFT}' y='{top}' width='{max(end - LEFT, 1):.1f}' height='{BAR}' rx='3' fill='{colour}'/>"
    yield _text(end + 8, top + 15, _shown(cost["ms"]), weight=weight)


def _x(ms: float, low: int, high: int) -> float:
    return LEFT + (math.log10(ms) - low) / (high - low) * (WIDTH - LEFT - RIGHT)


def _shown(ms: float) -> str:
    """Milliseconds with two digits, from 1,000 on as seconds."""
    value, unit = (ms / 1000, "s") if ms >= 1000 else (ms, "ms")
    return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}".replace(".0 ", " ")


def _text(
    x: float, y: float, text: str, *, size: int = 13, weight: int = 400, colour: str = TEXT, anchor: str = "start"
) -> str:
    style = f"font-size='{size}' font-weight='{weight}' fill='{colour}' text-anchor='{anchor}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {style}>{escape(text)}</text>"


def main(figures: str, out: str | None = None) -> None:
    target = Path(out) if out else Path(__file__).resolve().parents[2] / "docs" / "overhead.svg"
    target.parent.mkdir(exist_ok=True)
    target.write_text(svg(json.loads(Path(figures).read_text())), encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
