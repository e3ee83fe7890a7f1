"""A leaderboard as a Markdown table; one that is large is summed up. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sweeper.report.leaderboard import BEST, TIED, Leaderboard, Line
from sweeper.report.markdown_parts import inline, table

LINES, COLUMNS = 12, 8
"""A table with more columns shows their mean, least and greatest; of more lines it shows the best."""
_SHOWN = {BEST: " ★", TIED: " ≈", "": ""}


def summed(board: Leaderboard) -> str:
    """Its title, its table and what is to be known of it."""
    title = f"**{inline(board.measure or board.capability)}**" + (f" ({board.direction})" if board.direction else "")
    lines = _chosen(board)
    parts = [title, _wide(board, lines) if len(board.columns) > COLUMNS else _whole(board, lines)]
    if len(lines) < len(board.lines):
        which = "first" if board.higher_is_better is None else "best"
        parts.append(f"The {which} {len(lines)} of {len(board.lines):,} {board.side}s.")
    parts += [f"{sign}: {inline(text)}" for text, sign in board.signs.items()]
    return "\n\n".join(parts)


def _chosen(board: Leaderboard) -> Sequence[Line]:
    if len(board.lines) <= LINES:
        return board.lines
    better = board.higher_is_better
    if better is None:
        return board.lines[:LINES]
    return sorted(board.lines, key=lambda line: _rank(board, line, higher=better))[:LINES]


def _rank(board: Leaderboard, line: Line, *, higher: bool) -> tuple[bool, float]:
    """Those that are best of a column first, then by their mean."""
    known = _numbers(line)
    mean = sum(known) / len(known) if known else math.inf
    is_best = any(board.is_best(line, column) for column in range(len(board.columns)))
    return not is_best, -mean if higher and known else mean


def _numbers(line: Line) -> list[float]:
    return [value for value in line.values if value is not None and math.isfinite(value)]


def _whole(board: Leaderboard, lines: Sequence[Line]) -> str:
    rows = ([line.name, *(_cell(board, line, column) for column in range(len(board.columns)))] for line in lines)
    return table([board.side, *board.columns], rows, numbers=range(1, len(board.columns) + 1))


def _cell(board: Leaderboard, line: Line, column: int) -> str:
    value = line.values[column]
    if value is None:
        return line.ends.get(column, "")
    sign = f" {board.signs[line.caveats[column]]}" if column in line.caveats else _SHOWN[board.mark(line, column)]
    return f"{value:.4g}{sign}"


def _wide(board: Leaderboard, lines: Sequence[Line]) -> str:
    heads = [
        board.side,
        f"mean of {len(board.columns)} {board.top}s",
        "least",
        "greatest",
        "best in",
        "without a value",
    ]
    return table(heads, (_summed(board, line) for line in lines), numbers=range(1, 6))


def _summed(board: Leaderboard, line: Line) -> list[str]:
    known = _numbers(line)
    numbers = [sum(known) / len(known), min(known), max(known)] if known else []
    best = sum(board.is_best(line, column) for column in range(len(board.columns)))
    cells = [f"{number:.4g}" for number in numbers] or ["", "", ""]
    return [line.name, *cells, str(best), str(len(board.columns) - len(known))]
