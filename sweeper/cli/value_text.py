"""What was measured, and what became of requirements, as text for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeper.cli.tables.boards import shown_boards
from sweeper.cli.tables.cells import Cell, Line, Span, Tone, shown
from sweeper.cli.tables.fit import below, fitted, with_broken_sentences
from sweeper.cli.tables.grid import Column, Grid
from sweeper.cli.tables.prose import broken
from sweeper.cli.tables.screen import PLAIN, Screen
from sweeper.cli.tables.wished import Wished
from sweeper.report.leaderboard import Leaderboard
from sweeper.report.verdicts import VerdictTable, verdict_tables

if TYPE_CHECKING:
    from sweeper.comparison.judged import JudgedModel

_HEADS = ("model", "verdict", "of", "value", "bound", "note")
"""What the cells of a verdict are, told where they have no room beside each other."""
_TONES = {"met": Tone.GOOD, "not met": Tone.BAD, "undecided": Tone.DOUBT}


def leaderboards(boards: Sequence[Leaderboard], wished: Wished, command: str = "") -> str:
    """Tables that the screen has room for, the best of each column marked, and below them what to know.

    `command` shows all values, and is told where tables are summed up.
    """
    found = shown_boards(boards, wished)
    said = [wished.screen.text(found.lines)] if found.lines else []
    if found.summed:
        number = "1 table has" if found.summed == 1 else f"{found.summed} tables have"
        text = f"{number} no room here and {'is' if found.summed == 1 else 'are'} summed up over the datasets."
        said.append(f"{text}\nEvery value: add --all-combinations, or {command}")
    return "\n\n".join(said)


def verdicts_text(verdicts: Sequence[JudgedModel], screen: Screen = PLAIN) -> str:
    """A table for each requirement: the verdict on each model, its value, the bound, and what would decide."""
    return screen.text(below([_verdict_lines(table, screen.width) for table in verdict_tables(verdicts)]))


def _verdict_lines(table: VerdictTable, width: int | None) -> list[Line]:
    title = [(Span(line, Tone.TITLE),) for line in broken(shown(table.title), width, 2)]
    rule = "-" * max(len(span.text) for (span,) in title)
    more = [(Span(line),) for line in broken(table.more, width, 2)] if table.more else []
    return [*title, (Span(rule, Tone.RULE),), *fitted(with_broken_sentences(verdict_grid(table), width), width), *more]


def verdict_grid(table: VerdictTable) -> Grid:
    """The verdicts on one requirement, a line for each model."""
    columns = zip(_HEADS, zip(*(line.cells for line in table.lines), strict=True), strict=True)
    cells = {head: tuple(Cell(shown(text), _TONES.get(text, Tone.PLAIN)) for text in texts) for head, texts in columns}
    return Grid(tuple(Column(head, of) for head, of in cells.items() if any(cell.text for cell in of)), headed=False)
