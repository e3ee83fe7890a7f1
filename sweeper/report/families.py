"""Values of one metric that gives many, on one dataset, side by side in one table instead of a table for each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TypeVar

from sweeper.report.leaderboard import Leaderboard, Line

T = TypeVar("T")
FEWEST = 3
"""Fewer tables are easily read one below the other."""


def with_families(boards: Sequence[Leaderboard]) -> list[Leaderboard]:
    """The tables, where those that differ in the key of their value alone are one, with the keys along the top.

    Such are the tables of a metric like COCO's mAP, which gives twelve values, where there is one dataset: each would
    have one column.
    """
    found: list[Leaderboard] = []
    for family, group in groupby(boards, _family):
        some = list(group)
        found += [_together(some)] if family is not None and len(some) >= FEWEST else some
    return found


def _family(board: Leaderboard) -> tuple[object, ...] | None:
    if (board.side, board.top) != ("model", "dataset") or len(board.columns) != 1 or not board.metric:
        return None
    return board.capability, board.metric, board.columns, board.higher_is_better, board.notes


def _together(boards: Sequence[Leaderboard]) -> Leaderboard:
    first = boards[0]
    names = dict.fromkeys(line.name for board in boards for line in board.lines)
    lines = [{line.name: line for line in board.lines} for board in boards]
    return Leaderboard(
        first.capability,
        f"{first.metric} on {first.columns[0]}",
        side="model",
        top="key",
        columns=tuple(map(_key, boards)),
        lines=tuple(_line([of_board.get(name, Line(name, (None,))) for of_board in lines]) for name in names),
        higher_is_better=first.higher_is_better,
        best=tuple(board.best[0] for board in boards),
        warnings=_merged([board.warnings for board in boards]),
        notes=first.notes,
        tied={place: board.tied[0] for place, board in enumerate(boards) if 0 in board.tied},
        not_compared=_merged([board.not_compared for board in boards]),
        metric=first.metric,
        dataset=first.columns[0],
    )


def _key(board: Leaderboard) -> str:
    return board.measure.removeprefix(f"{board.metric} ")


def _line(lines: Sequence[Line]) -> Line:
    """One line of the lines of one model in several tables of one column."""
    return Line(
        lines[0].name,
        tuple(line.values[0] for line in lines),
        _by_place([line.caveats for line in lines]),
        _by_place([line.ends for line in lines]),
        _by_place([line.runs for line in lines]),
        _by_place([line.intervals for line in lines]),
        _by_place([line.sweeps for line in lines]),
    )


def _by_place(some: Sequence[Mapping[int, T]]) -> dict[int, T]:
    return {place: each[0] for place, each in enumerate(some) if 0 in each}


def _merged(some: Sequence[Mapping[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for each in some:
        for text, places in each.items():
            found.setdefault(text, {}).update(dict.fromkeys(places))
    return {text: tuple(places) for text, places in found.items()}
