"""Draws docs/architecture.svg: what the driver, the workers and the store do, and what goes from one to another.

python tests/helpers/architecture_picture.py
"""

from __future__ import annotations

from html import escape
from pathlib import Path

PLACE = Path(__file__).parents[2] / "docs" / "architecture.svg"
WIDTH, HEIGHT = 960, 590
GROUPS = {
    "driver: the process of python -m sweeper": (10, 10, 360, 570),
    "store: files in a folder or an object store": (580, 170, 370, 150),
    "workers: Ray processes, many of them": (580, 350, 370, 230),
}
"""Titled frames, each as left, top, width and height."""
BOXES = (
    (30, 45, 320, 50, "cli", "the command line"),
    (30, 130, 320, 50, "config", "YAML and overrides become plain data"),
    (30, 215, 320, 50, "planning", "grid, fingerprints, decisions, order"),
    (30, 285, 320, 50, "running", "a bounded number of submissions in flight"),
    (30, 400, 320, 150, "jobs", "a Ray task for each run and each inference;", "quick runs share some"),
    (600, 45, 330, 66, "readers", "report, query, pandas, DuckDB, polars,", "checkmaite"),
    (600, 205, 330, 100, "tables", "attempts, runs, and one or more", "for each kind of capability"),
    (600, 390, 330, 66, "worker: run", "build parts, run the capability,", "check what it gives, record it"),
    (600, 500, 330, 50, "worker: inference", "one model on one dataset"),
)
"""What works, as left, top, width, height and lines of text; the first line is its name."""
ARROWS = (
    ((190, 95), (190, 130), "", 0),
    ((190, 180), (190, 215), "", 0),
    ((190, 265), (190, 285), "", 0),
    ((190, 335), (190, 400), "", 0),
    ((600, 240), (350, 240), "what is known of each fingerprint", 0),
    ((350, 297), (600, 297), "attempts that no worker could write", 0),
    ((350, 415), (600, 415), "request", 0),
    ((600, 442), (350, 442), "receipt", 0),
    ((350, 525), (600, 525), "inference request", 0),
    ((900, 500), (900, 456), "predictions", -45),
    ((900, 390), (900, 305), "rows", -24),
    ((900, 205), (900, 111), "", 0),
)
"""From where to where something goes, what, and how far to the right of the middle that is written."""
STYLE = """
text {font: 13px sans-serif; fill: #1c2330}
.name {font-weight: bold}
.title, .label {fill: #46506a}
.label {font-size: 12px; text-anchor: middle; stroke: white; stroke-width: 4px; paint-order: stroke}
.group {fill: #f2f4fa; stroke: #b8c0d8}
.box {fill: white; stroke: #3f51b5}
.arrow {stroke: #46506a; stroke-width: 1.3; fill: none; marker-end: url(#head)}
"""


def _group(title: str, left: int, top: int, width: int, height: int) -> str:
    frame = f'<rect class="group" x="{left}" y="{top}" width="{width}" height="{height}" rx="8"/>'
    return frame + f'<text class="title" x="{left + 12}" y="{top + 22}">{escape(title)}</text>'


def _box(left: int, top: int, width: int, height: int, name: str, *lines: str) -> str:
    frame = f'<rect class="box" x="{left}" y="{top}" width="{width}" height="{height}" rx="5"/>'
    first = top + (height - 18 * len(lines)) / 2 + 4
    texts = [f'<text class="name" x="{left + 12}" y="{first:g}">{escape(name)}</text>']
    texts += [
        f'<text x="{left + 12}" y="{first + 18 * number:g}">{escape(line)}</text>'
        for number, line in enumerate(lines, start=1)
    ]
    return frame + "".join(texts)


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str, aside: int) -> str:
    line = f'<path class="arrow" d="M {start[0]} {start[1]} L {end[0]} {end[1]}"/>'
    x, y = (start[0] + end[0]) / 2 + aside, (start[1] + end[1]) / 2 + (4 if aside else -6)
    return line + f'<text class="label" x="{x:g}" y="{y:g}">{escape(label)}</text>'


def picture() -> str:
    """The whole of it, as SVG."""
    head = '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<style>{STYLE}</style><defs>{head}<path d='M 0 0 L 8 4 L 0 8 z' fill='#46506a'/></marker></defs>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *(_group(title, *place) for title, place in GROUPS.items()),
        *(_box(*box) for box in BOXES),
        *(_arrow(*arrow) for arrow in ARROWS),
    ]
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    PLACE.write_text(picture())
