"""A leaderboard summed up over its datasets: for each model the mean, the worst and the best. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sweeper.cli.tables.cells import Cell, shown
from sweeper.cli.tables.grid import Align, Column, Grid
from sweeper.report.leaderboard import BEST, TIED, Leaderboard

FEWEST = 4
"""Of fewer datasets nothing is summed up."""
_DATASET = "dataset"


@dataclass(frozen=True)
class _Summed:
    """What is said of one model, or of one key where no model takes part."""

    name: str
    values: tuple[float, ...]
    """Those that count: numbers with nothing against them."""
    marks: str
    """Those beside its values."""


def summed_over(board: Leaderboard) -> int:
    """How many datasets a leaderboard can be summed up over; 0 where it cannot."""
    number = len(board.lines) if board.side == _DATASET else len(board.columns) if board.top == _DATASET else 0
    return number if number >= FEWEST else 0


def summed(board: Leaderboard) -> Grid:
    """Mean, worst and best of each line, how often it has a mark, and how many values count, where some do not."""
    found = list(_over_lines(board) if board.side == _DATASET else _over_columns(board))
    number = summed_over(board)
    first, second = ("lowest", "highest") if board.higher_is_better is None else ("worst", "best")
    low, high = (max, min) if board.higher_is_better is False else (min, max)
    columns = [
        Column("key" if board.side == _DATASET else board.side, tuple(Cell(shown(one.name)) for one in found)),
        _numbers("mean", [math.fsum(one.values) / len(one.values) if one.values else None for one in found]),
        _numbers(first, [low(one.values, default=None) for one in found]),
        _numbers(second, [high(one.values, default=None) for one in found]),
    ]
    if any(one.marks for one in found):
        columns += [_counts(f"{mark} in", [one.marks.count(mark) for one in found]) for mark in (BEST, TIED)]
    if any(len(one.values) < number for one in found):
        columns.append(_counts(f"values of {number}", [len(one.values) for one in found]))
    return Grid(tuple(columns))


def _over_columns(board: Leaderboard) -> Iterator[_Summed]:
    places = range(len(board.columns))
    for line in board.lines:
        values = [None if place in line.caveats else line.values[place] for place in places]
        yield _Summed(line.name, _counted(values), "".join(board.mark(line, place) for place in places))


def _over_lines(board: Leaderboard) -> Iterator[_Summed]:
    for place, name in enumerate(board.columns):
        values = [None if place in line.caveats else line.values[place] for line in board.lines]
        yield _Summed(name, _counted(values), "".join(board.mark(line, place) for line in board.lines))


def _counted(values: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(value for value in values if value is not None and not math.isnan(value))


def _numbers(head: str, values: Sequence[float | None]) -> Column:
    return Column(head, tuple(Cell("" if one is None else f"{one:.4g}") for one in values), Align.NUMBER)


def _counts(head: str, counts: Sequence[int]) -> Column:
    return Column(head, tuple(Cell(str(count)) for count in counts), Align.RIGHT)
