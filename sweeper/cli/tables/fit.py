"""A table brought into a width: as it is, in parts below each other, or row by row. Nothing is left out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sweeper.cli.tables.cells import Cell, Line, Span, Tone, line_of, width_of
from sweeper.cli.tables.grid import GAP, ROOMY, Column, Grid, lines_of, widths
from sweeper.cli.tables.prose import broken

PARTS = 3
"""A table is cut into so many parts; one that would need more is shown row by row."""
PROSE = 24
"""Sentences are broken into lines of at least so many columns."""


def fitted(grid: Grid, width: int | None) -> list[Line]:
    """The table as lines that are no wider than `width`, unless a single cell is; `None` sets no limit.

    It is set as it is if it fits. Else its columns are shared out among a few tables, which all begin with the keys;
    and if that takes too many, each row becomes a block with one line for each of its cells.
    """
    for spare in (ROOMY, 0):
        if width is None or total(grid, spare) <= width:
            return lines_of(grid, spare)
    parts = split(grid, width or 0)
    return stacked(parts) if parts is not None and len(parts) <= PARTS else records(grid, width or 0)


def total(grid: Grid, spare: int = 0) -> int:
    """How wide the table is."""
    return sum(widths(grid, spare)) + len(GAP) * (len(grid.columns) - 1)


def split(grid: Grid, width: int) -> list[Grid] | None:
    """The table in parts that are no wider than `width`, each with the keys; `None` where a column has no room."""
    every = widths(grid)
    keys = sum(every[: grid.keys]) + len(GAP) * (grid.keys - 1)
    if keys > width:
        return None
    first, used, parts = grid.keys, keys, list[Grid]()
    for place in range(grid.keys, len(every)):
        needed = len(GAP) + every[place]
        if keys + needed > width:
            return None
        if used + needed > width:
            parts.append(grid.part(first, place))
            first, used = place, keys
        used += needed
    return [*parts, grid.part(first, len(every))]


def stacked(parts: Sequence[Grid]) -> list[Line]:
    """Tables below each other."""
    return below([lines_of(part) for part in parts])


def below(blocks: Sequence[Sequence[Line]]) -> list[Line]:
    """Blocks of lines below each other, with an empty line between them."""
    return [line for place, block in enumerate(blocks) for line in (*(((),) if place else ()), *block)]


def records(grid: Grid, width: int) -> list[Line]:
    """A block for each row, with a line for each cell that is not empty: the head of its column, and the cell.

    A cell that has no room beside the head stands below it.
    """
    heads = [column.head for column in grid.columns]
    return below([list(_record(heads, row, width)) for row in grid.rows])


def _record(heads: Sequence[str], row: Sequence[Cell], width: int) -> Iterator[Line]:
    indent = max(map(width_of, heads)) + len(GAP)
    for head, cell in zip(heads, row, strict=True):
        texts = cell.whole.split("\n")
        widest = max(map(width_of, texts))
        if not widest:
            continue
        if indent + widest <= width:
            starts = [head + " " * (indent - width_of(head)), *[" " * indent] * (len(texts) - 1)]
        else:
            yield line_of(Span(head, Tone.HEAD))
            starts = [GAP if len(GAP) + widest <= width else ""] * len(texts)
        yield from (
            line_of(Span(start, Tone.HEAD), Span(text, cell.tone)) for start, text in zip(starts, texts, strict=True)
        )


def with_broken_sentences(grid: Grid, width: int | None) -> Grid:
    """The same table with the sentences of its last column broken into lines, if they have room then."""
    *others, last = grid.columns
    if width is None or total(grid) <= width:
        return grid
    room = width - sum(widths(replace(grid, columns=tuple(others)))) - len(GAP) * len(others)
    cells = tuple(replace(cell, text="\n".join(broken(cell.text, room))) for cell in last.cells)
    return replace(grid, columns=(*others, Column(last.head, cells, last.align))) if room >= PROSE else grid
