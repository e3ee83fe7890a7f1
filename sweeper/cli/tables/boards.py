"""Leaderboards as lines, in the first of these forms that a screen has room for. Pure.

As in a file, with the title above the first column; with the title above the table; turned, with the columns down the
side; cut into parts; summed up; line by line. Tables of the same models and datasets have the same form, so that they
can be compared at a glance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from sweeper.cli.tables.cells import Cell, Line, Span, Tone, shown
from sweeper.cli.tables.fit import PARTS, below, fitted, records, split, stacked, total
from sweeper.cli.tables.grid import ROOMY, Align, Column, Grid, lines_of
from sweeper.cli.tables.prose import broken
from sweeper.cli.tables.summed import summed, summed_over
from sweeper.cli.tables.wished import Wished
from sweeper.messages.outcome import Status
from sweeper.report import leaderboard
from sweeper.report.families import with_families
from sweeper.report.leaderboard import BEST, TIED, Leaderboard
from sweeper.report.leaderboard import Line as Row

RECORDS = 40
"""A table that would need more lines than these where it is shown line by line is summed up."""


@dataclass(frozen=True)
class Shown:
    """The lines of some leaderboards, and how many of these are summed up."""

    lines: tuple[Line, ...]
    summed: int


_Form = Callable[[Leaderboard, Wished], list[Line]]


def shown_boards(boards: Sequence[Leaderboard], wished: Wished) -> Shown:
    """The tables, and below them what their marks mean and what else is to be known."""
    boards = with_families(boards)
    groups: dict[object, list[Leaderboard]] = {}
    for board in boards:
        groups.setdefault(_alike(board), []).append(board)
    forms = {key: _form(group, wished) for key, group in groups.items()}
    blocks = [[*forms[_alike(board)](board, wished), *_notes(board, wished.width)] for board in boards]
    legend = list(chain.from_iterable(_sentence(text, wished.width) for text in sentences_below(boards, wished)))
    number = sum(forms[_alike(board)] is _summary for board in boards)
    return Shown(tuple(below([*blocks, *([legend] if legend else [])])), number)


class Plain(NamedTuple):
    """A leaderboard for what has no width: its title, its lines down the side, and what to know of it."""

    title: str
    grid: Grid
    notes: tuple[str, ...]


def plain(board: Leaderboard, wished: Wished) -> Plain:
    """A leaderboard that is brought into no width."""
    signs = (f"{sign} {text}" for text, sign in board.signs.items())
    return Plain(_title_of(board), _upright(board, wished), (*signs, *board.notes))


def _alike(board: Leaderboard) -> object:
    return board.side, board.columns, tuple(line.name for line in board.lines)


def _form(boards: Sequence[Leaderboard], wished: Wished) -> _Form:
    """The first form for which the screen has room, with each of these tables."""
    width = wished.width
    if width is None or all(total(_cornered(board, wished), ROOMY) <= width for board in boards):
        return _as_in_a_file
    for grid_of, form in ((_upright, _in_parts), (_turned, _turned_in_parts)):
        if all(total(grid_of(board, wished)) <= width for board in boards):
            return form
    counts = [max(_parts(make(board, wished), width) for board in boards) for make in (_upright, _turned)]
    in_parts = _in_parts if counts[0] <= counts[1] else _turned_in_parts
    if min(counts) <= PARTS:
        return in_parts
    if not wished.whole and all(map(summed_over, boards)) and (min(counts) < math.inf or _many(boards[0])):
        return _summary
    return in_parts if min(counts) < math.inf else _line_by_line


def _many(board: Leaderboard) -> bool:
    return len(board.lines) * (len(board.columns) + 2) > RECORDS


def _parts(grid: Grid, width: int) -> float:
    parts = split(grid, width)
    return math.inf if parts is None else len(parts)


# Forms


def _as_in_a_file(board: Leaderboard, wished: Wished) -> list[Line]:
    return lines_of(_cornered(board, wished), ROOMY)


def _in_parts(board: Leaderboard, wished: Wished) -> list[Line]:
    return [*_title(board, wished), *stacked(split(_upright(board, wished), wished.width or 0) or [])]


def _turned_in_parts(board: Leaderboard, wished: Wished) -> list[Line]:
    return [*_title(board, wished), *stacked(split(_turned(board, wished), wished.width or 0) or [])]


def _line_by_line(board: Leaderboard, wished: Wished) -> list[Line]:
    return [*_title(board, wished), *records(_upright(board, wished), wished.width or 0)]


def _summary(board: Leaderboard, wished: Wished) -> list[Line]:
    return [*_title(board, wished), *fitted(summed(board), wished.width)]


def _cornered(board: Leaderboard, wished: Wished) -> Grid:
    names, *columns = _upright(board, wished).columns
    return Grid((Column(_title_of(board), names.cells), *columns))


def _upright(board: Leaderboard, wished: Wished) -> Grid:
    """The lines of a leaderboard down the side."""
    cells = _cells(board, wished)
    names = Column(board.side, tuple(Cell(shown(line.name)) for line in board.lines))
    columns = [
        Column(shown(name), tuple(row[place] for row in cells), Align.NUMBER)
        for place, name in enumerate(board.columns)
    ]
    return Grid((names, *columns))


def _turned(board: Leaderboard, wished: Wished) -> Grid:
    """The columns of a leaderboard down the side."""
    names = Column(board.top, tuple(Cell(shown(name)) for name in board.columns))
    cells = _cells(board, wished)
    lines = [Column(shown(line.name), tuple(row), Align.NUMBER) for line, row in zip(board.lines, cells, strict=True)]
    return Grid((names, *lines))


# What stands in them


def _title_of(board: Leaderboard) -> str:
    return shown(f"{board.title}{f' ({board.direction})' if board.direction else ''}")


def _title(board: Leaderboard, wished: Wished) -> list[Line]:
    return [(Span(text, Tone.TITLE),) for text in broken(_title_of(board), wished.width, 2)]


def _cells(board: Leaderboard, wished: Wished) -> list[list[Cell]]:
    signs = board.signs
    columns = range(len(board.columns))
    return [[_cell(board, line, column, signs, wished) for column in columns] for line in board.lines]


def _cell(board: Leaderboard, line: Row, column: int, signs: Mapping[str, str], wished: Wished) -> Cell:
    value = line.values[column]
    if value is None:
        end = line.ends.get(column, "")
        return Cell(end, Tone.BAD if end in _FAILED else Tone.FAINT)
    tails = [line.runs.get(column, ""), _interval(line, column) if wished.intervals else ""]
    text = "NaN" if math.isnan(value) else f"{value:.4g}"
    if column in line.caveats:
        return Cell(text, Tone.DOUBT, tail=" ".join(filter(None, [*tails, signs[line.caveats[column]]])))
    mark = board.mark(line, column)
    return Cell(text, _TONES.get(mark, Tone.PLAIN), mark, " ".join(filter(None, tails)))


_TONES = {BEST: Tone.BEST, TIED: Tone.TIED}
_FAILED = (Status.FAILED, Status.TIMEOUT, Status.LOST)


def _interval(line: Row, column: int) -> str:
    return " to ".join(f"{bound:.4g}" for bound in line.intervals.get(column, ()))


def _notes(board: Leaderboard, width: int | None) -> list[Line]:
    signs = [_sentence(f"{sign} {text}", width, Tone.DOUBT) for text, sign in board.signs.items()]
    return list(chain(*signs, *(_sentence(note, width) for note in board.notes)))


def sentences_below(boards: Sequence[Leaderboard], wished: Wished) -> list[str]:
    """What the marks of these tables mean, and what else is to be known of their values."""
    known = wished.intervals and any(line.intervals for board in boards for line in board.lines)
    intervals = [leaderboard.INTERVALS] if known else []
    warnings = (f"warning: {text}" for text in leaderboard.warnings(boards))
    return [*leaderboard.legend(boards), *intervals, *warnings]


def _sentence(text: str, width: int | None, tone: Tone = Tone.PLAIN) -> list[Line]:
    return [(Span(line, tone),) for line in broken(shown(text), width, 2)]
