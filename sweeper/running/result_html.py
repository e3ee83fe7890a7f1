"""What a sweep did and measured, as a notebook shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sweeper.common.html_text import paragraph, table
from sweeper.messages.causes import Cause

if TYPE_CHECKING:
    from sweeper.comparison.judged import JudgedModel
    from sweeper.report.leaderboard import Leaderboard, Line

BOARDS = 20
"""So many tables of values are shown, and so many causes of failures."""


def counts_line(counts: Mapping[str, int], skipped: int) -> str:
    """How the combinations of a sweep ended, in one line."""
    ended = ", ".join(f"{n:,} {status.replace('_', ' ')}" for status, n in counts.items() if n)
    return f"{ended or 'nothing to run'}; {skipped:,} skipped"


def verdicts_html(verdicts: Iterable[JudgedModel]) -> str:
    """The verdict of each requirement on each model."""
    rows = [(one.asks, one.model, one.outcome, one.reason) for one in verdicts]
    return table("Requirements", ("requirement", "model", "verdict", "why"), rows) if rows else ""


def boards_html(boards: Sequence[Leaderboard]) -> str:
    """The tables of values, the best of each column with a mark, and below each of them what to know."""
    from sweeper.report.leaderboard import warnings  # not before it is needed: a sweep that shows nothing does not

    more = len(boards) - BOARDS
    left_out = paragraph(f"and {more} more tables: see .leaderboards, .table or .to_pandas()") if more > 0 else ""
    said = "".join(map(paragraph, warnings(boards[:BOARDS])))
    return "".join(_board(board) for board in boards[:BOARDS]) + left_out + said


def causes_html(causes: Sequence[Cause]) -> str:
    """What failed, by cause: how often, the first combination, and why."""
    rows = [(str(len(one.failures)), one.first.label, "\n".join(one.first.why())) for one in causes[:BOARDS]]
    more = len(causes) - BOARDS
    rows += [("", f"and {more} other causes", "see .failures")] if more > 0 else []
    return table("Not completed", ("times", "the first", "why"), rows, numbers=(0,)) if rows else ""


def _board(board: Leaderboard) -> str:
    title = " ".join(filter(None, (board.title, f"({board.direction})" if board.direction else "")))
    rows = [(line.name, *(_value(board, line, place) for place in range(len(board.columns)))) for line in board.lines]
    notes = [*(f"{sign} {text}" for text, sign in board.signs.items()), *board.notes]
    shown = table(title, (board.side, *board.columns), rows, numbers=range(1, len(board.columns) + 1))
    return shown + "".join(map(paragraph, notes))


def _value(board: Leaderboard, line: Line, place: int) -> str:
    value = line.values[place]
    if value is None:
        return line.ends.get(place, "")
    doubt = board.signs[line.caveats[place]] if place in line.caveats else board.mark(line, place)
    return " ".join(filter(None, (f"{value:.4g}", doubt, line.runs.get(place, ""))))
