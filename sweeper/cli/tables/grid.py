"""A table of cells as lines: columns are as wide as they need to be, and decimals stand below each other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import zip_longest

from sweeper.cli.tables.cells import Cell, Line, Span, Tone, line_of, width_of

GAP = "  "
"""Between two columns."""
ROOMY = 2
"""So much wider than its head a column is, where there is room."""


class Align(Enum):
    """Where the cells of a column stand in it."""

    LEFT = auto()
    RIGHT = auto()
    NUMBER = auto()
    """Numbers with their points below each other, everything else to the right."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its head, and its cells from the top down."""

    head: str
    cells: tuple[Cell, ...]
    align: Align = Align.LEFT


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes
    ----------
    columns
        All with the same number of cells.
    keys
        So many of the first columns say what a row is about.
    headed
        Whether the heads stand above it.
    """

    columns: tuple[Column, ...]
    keys: int = 1
    headed: bool = True

    @property
    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """The cells from left to right, row by row."""
        return zip(*(column.cells for column in self.columns), strict=True)

    def part(self, first: int, end: int) -> Grid:
        """The keys, and the columns from the place `first` to before `end`."""
        return replace(self, columns=(*self.columns[: self.keys], *self.columns[first:end]))


@dataclass(frozen=True)
class _Set:
    """A column whose lines all have one width."""

    width: int
    head: str
    cells: tuple[tuple[str, ...], ...]
    """The lines of each cell."""


def widths(grid: Grid, spare: int = 0) -> list[int]:
    """How wide each column is where it is `spare` wider than its head."""
    return [_set(column, grid.headed, spare).width for column in grid.columns]


def lines_of(grid: Grid, spare: int = 0) -> list[Line]:
    """The table as lines, each column as wide as its widest cell, and `spare` wider than its head."""
    columns = [_set(column, grid.headed, spare) for column in grid.columns]
    lines = [_head(columns), _rule(columns)] if grid.headed else []
    for tones, texts in zip(_tones(grid), zip(*(column.cells for column in columns), strict=True), strict=True):
        for row in zip_longest(*texts):
            padded = [text or " " * column.width for text, column in zip(row, columns, strict=True)]
            lines.append(_joined(map(Span, padded, tones)))
    return lines


def _tones(grid: Grid) -> Iterator[tuple[Tone, ...]]:
    return (tuple(cell.tone for cell in row) for row in grid.rows)


def _head(columns: Sequence[_Set]) -> Line:
    return _joined(Span(column.head, Tone.HEAD) for column in columns)


def _rule(columns: Sequence[_Set]) -> Line:
    return _joined(Span("-" * column.width, Tone.RULE) for column in columns)


def _joined(spans: Iterable[Span]) -> Line:
    first, *others = spans
    return line_of(first, *(part for span in others for part in (Span(GAP), span)))


# One column


def _set(column: Column, headed: bool, spare: int) -> _Set:
    texts = _aligned(column.cells) if column.align is Align.NUMBER else [cell.whole for cell in column.cells]
    lines = [text.split("\n") for text in texts]
    width = max((width_of(line) for of_cell in lines for line in of_cell), default=0)
    width = max(width, width_of(column.head) + spare) if headed else width
    to_the_left = column.align is Align.LEFT
    cells = tuple(tuple(_padded(line, width, to_the_left) for line in of_cell) for of_cell in lines)
    return _Set(width, _padded(column.head, width, to_the_left), cells)


def _aligned(cells: Sequence[Cell]) -> list[str]:
    """Numbers of one width, with their points, and what stands behind them, below each other; others as they are."""
    parts = [cell.parts for cell in cells]
    before, behind, tail = (max((width_of(part[n]) for part in parts if part), default=0) for n in range(3))
    tail += 1 if tail else 0
    return [
        cell.whole
        if part is None
        else f"{part[0]:>{before}}{part[1]:<{behind}}{_padded(f' {part[2]}' if part[2] else '', tail, True)}"
        for cell, part in zip(cells, parts, strict=True)
    ]


def _padded(text: str, width: int, to_the_left: bool) -> str:
    blanks = " " * (width - width_of(text))
    return text + blanks if to_the_left else blanks + text
