"""The choices of config groups as a list for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from sweeper.cli.tables.cells import Cell, Line, Span, Tone, line_of, shown, width_of
from sweeper.cli.tables.grid import GAP, Column, Grid, lines_of

if TYPE_CHECKING:
    from sweeper.config.catalogue import Entry

READABLE = 30
"""A summary has at least so many columns, if notes can make room."""
MORE = "`sweeper describe NAME` shows what has no room here."
_CUT = "…"


def listed(found: Sequence[Entry], width: int | None) -> list[Line]:
    """A line for each choice, those of a folder under its name; shortened to a width, where there is one."""
    lines: list[Line] = []
    is_cut = False
    for folder, members in groupby(found, key=lambda entry: entry.folder):
        rows = [(shown(entry.name), shown(entry.summary), *_notes(entry)) for entry in members]
        brought = brought_into(rows, width)
        is_cut = is_cut or list(map("".join, brought)) != list(map("".join, rows))
        lines += [*([()] if lines else []), (Span(folder, Tone.TITLE),), *_aligned(brought)]
    return [*lines, (), (Span(MORE, Tone.FAINT),)] if is_cut else lines


def _notes(entry: Entry) -> tuple[str, ...]:
    """What is shown behind the summary, what matters most first."""
    return (
        f"[{entry.extra}]" if entry.extra else "",
        "" if entry.is_shipped else "yours",
        entry.task.replace("_", " "),
        entry.arity,
    )


def brought_into(rows: Sequence[tuple[str, ...]], width: int | None) -> list[tuple[str, ...]]:
    """Name, summary and notes. Where they are too wide, the last notes go, and summaries are shortened."""
    name, _, *notes = (max(map(width_of, cells)) for cells in zip(*rows, strict=True))
    if width is None:
        return [*rows]
    while notes and width - name - _taken(notes) < READABLE:
        notes.pop()
    room = width - name - _taken(notes)
    return [(row[0], _cut(row[1], room), *row[2 : 2 + len(notes)]) for row in rows]


def _taken(notes: Sequence[int]) -> int:
    """The columns that are taken by notes and by the gaps, of which one stands before each column."""
    return sum(width + len(GAP) for width in notes if width) + 2 * len(GAP)


def _cut(text: str, width: int) -> str:
    if width_of(text) <= width:
        return text
    while text and width_of(text) >= width:
        text = text[:-1]
    return f"{text.rstrip()}{_CUT}" if width > 0 else ""


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[Line]:
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    tones = [Tone.PLAIN, Tone.PLAIN, *[Tone.FAINT] * len(columns)]
    cells = [tuple(Cell(text, tone) for text in column) for column, tone in zip(columns, tones, strict=False)]
    grid = Grid(tuple(Column("", of) for of in cells), headed=False)
    return [line_of(Span(GAP), *line) for line in lines_of(grid)]
