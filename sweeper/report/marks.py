"""Which values of a leaderboard cannot be told apart from the best of their column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sweeper.comparison.best import best_of
from sweeper.comparison.by_datum import DataReader
from sweeper.comparison.measured import Measured, measured_of
from sweeper.comparison.repeats import aggregated, aggregated_gaps
from sweeper.messages.outcome import Gap
from sweeper.records import OVERALL
from sweeper.report.leaderboard import CONFIDENCE, Leaderboard, leaderboards, measure

CELLS, DATA = 3000, 5_000_000
"""More values than these, or values of more data, are not compared while a table is shown."""
TOO_MANY = "there are too many values; `python -m sweeper compare` compares two models"
_Values = Mapping[tuple[str, str, str, str], Measured]


def made(
    rows: Sequence[Mapping[str, Any]],
    gaps: Sequence[Gap],
    same: Iterable[tuple[str, str, str]],
    repeats: Sequence[str],
    reader: DataReader,
) -> list[Leaderboard]:
    """The tables of rows of the view `results`, compared: see `leaderboards` for the parameters.

    `repeats` are swept keys that only repeat a run; their mean stands in the place of the runs.
    """
    if repeats:
        rows, gaps = aggregated(rows, repeats, gaps), list(aggregated_gaps(gaps, repeats))
    return compared(leaderboards(rows, gaps, same), rows, reader)


def compared(boards: Sequence[Leaderboard], rows: Iterable[Mapping[str, Any]], reader: DataReader) -> list[Leaderboard]:
    """The same tables, each with what cannot be told apart from the best.

    Parameters
    ----------
    boards
        As `leaderboards` made them of the rows.
    rows
        Rows of the view `results`.
    reader
        Of the store that they are from.
    """
    values = {
        (row["capability"], measure(row), row["model"], row["dataset"]): measured_of(row)
        for row in rows
        if row["scope"] == OVERALL and row["model"]
    }
    found = list(boards)
    places = sorted(_places(boards), key=lambda place: boards[place[0]].columns[place[1]])
    left, seen = CELLS, dict[str, int]()
    for number, column in places:  # a dataset after another: its tables by datum are read once
        mine = _rivals(boards[number], column, values)
        left -= len(mine)
        seen |= {one.inference_id: one.interval.n for one in mine.values() if one.inference_id and one.interval}
        if left >= 0 and sum(seen.values()) <= DATA:
            found[number] = _with_column(found[number], column, mine, reader)
        else:
            found[number] = _without(found[number], {TOO_MANY: (boards[number].title,)})
    return found


def _places(boards: Sequence[Leaderboard]) -> Iterator[tuple[int, int]]:
    for number, board in enumerate(boards):
        yield from ((number, column) for column in range(len(board.columns)) if board.best[column] is not None)


def _rivals(board: Leaderboard, column: int, values: _Values) -> dict[str, Measured]:
    """What may be the best of a column, by the name of its line."""
    found = {
        line.name: values.get((board.capability, board.measure, line.name, board.columns[column]))
        for line in board.lines
        if column not in line.caveats
    }
    return {name: one for name, one in found.items() if one is not None and one.is_number}


def _with_column(board: Leaderboard, column: int, rivals: Mapping[str, Measured], reader: DataReader) -> Leaderboard:
    names = [*rivals]
    found = best_of([*rivals.values()], reader, CONFIDENCE)
    reasons: dict[str, tuple[str, ...]] = {}
    whole = len(found.not_compared) == len(names)
    for place, reason in found.not_compared.items():
        reasons[reason] = (board.title,) if whole else (*reasons.get(reason, ()), f"{board.title}: {names[place]}")
    tied = frozenset(names[place] for place in found.places)
    return replace(_without(board, reasons), tied={**board.tied, column: tied})


def _without(board: Leaderboard, reasons: Mapping[str, tuple[str, ...]]) -> Leaderboard:
    merged = dict(board.not_compared)
    for reason, places in reasons.items():
        merged[reason] = tuple(dict.fromkeys((*merged.get(reason, ()), *places)))
    return replace(board, not_compared=merged)
