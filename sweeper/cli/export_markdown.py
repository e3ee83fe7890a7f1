"""Verdicts and leaderboards as Markdown: what a terminal shows, brought into no width. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sweeper.cli.tables.boards import plain, sentences_below
from sweeper.cli.tables.grid import Align, Grid
from sweeper.cli.tables.wished import Wished
from sweeper.cli.value_text import verdict_grid
from sweeper.report.export.boards import Boards
from sweeper.report.families import with_families
from sweeper.report.markdown_parts import inline, table
from sweeper.report.verdicts import verdict_tables


def markdown_text(found: Boards) -> str:
    """A table for each requirement and each leaderboard, whole, and at the end what their marks mean."""
    return "\n\n".join([*_parts(found)] or ["There are no values."]) + "\n"


def _parts(found: Boards) -> Iterator[str]:
    wished = Wished(whole=True, intervals=True)
    for verdict in verdict_tables(found.verdicts):
        yield from _part(verdict.title, verdict_grid(verdict), filter(None, [verdict.more]))
    tables = with_families(found.tables)
    for board in tables:
        yield from _part(*plain(board, wished))
    yield from _list(sentences_below(tables, wished))


def _part(title: str, grid: Grid, notes: Iterable[str]) -> Iterator[str]:
    numbers = [place for place, column in enumerate(grid.columns) if column.align is Align.NUMBER]
    rows = ([cell.whole for cell in row] for row in grid.rows)
    yield f"### {inline(title)}"
    yield table([column.head for column in grid.columns], rows, numbers)
    yield from _list(notes)


def _list(texts: Iterable[str]) -> Iterator[str]:
    lines = [f"- {inline(text)}" for text in texts]
    if lines:
        yield "\n".join(lines)
