"""Leaderboards as the page shows them: which lines and columns, how deep a value is shaded, what stands beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from sweeper.comparison.differences import BETTER, WORSE, Difference
from sweeper.report import changes, leaderboard
from sweeper.report.changes import Against
from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.page import queries
from sweeper.report.page.provenance import Links
from sweeper.report.page.summaries import Summary, summary_of
from sweeper.report.report_data import ReportData

BOARDS = 80
"""So many leaderboards are shown, each with so many lines and columns; a note says how to see the others."""
LINES = 100
COLUMNS = 40


NO_LINKS = Links({}, {})


@dataclass(frozen=True)
class CellChange:
    """The difference of a value from that of the baseline as it is shown."""

    text: str
    verdict: str
    """`better` or `worse` where it has a colour, else empty."""
    word: str
    raw: str
    bounds: tuple[str, str]


@dataclass(frozen=True)
class Cell:
    """One value of a leaderboard as it is shown."""

    text: str
    raw: str
    """The exact value, to sort by; empty where there is none."""
    shade: str
    """Its place in the table, from 0 for the worst to 1 for the best; empty where no direction is known."""
    is_best: bool
    is_tied: bool = False
    """Whether it cannot be told apart from the best."""
    runs: str = ""
    """Of a mean over runs, by how much they differ and how many they are."""
    sign: str = ""
    """Stands for the reason below the table why the value must not be called the best."""
    is_end: bool = False
    """Whether the text says what became of the combination, in the place of a value."""
    bounds: tuple[str, str] | None = None
    """The exact bounds of its interval."""
    interval: str = ""
    """The same as it is shown: `0.9523 to 0.9830`."""
    sweep: str = ""
    """The name of the sweep that measured it."""
    link: str = ""
    """The id of the entry that says where it comes from."""
    is_summary: bool = False
    """Whether it stands for all datasets."""
    change: CellChange | None = None
    """Its difference from the baseline, where there is one."""


@dataclass(frozen=True)
class Table:
    """One leaderboard as it is shown."""

    anchor: str
    board: Leaderboard
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    note: str
    caveats: tuple[tuple[str, str], ...] = ()
    """Sign and text of each reason against a value."""
    summary: Summary = field(default_factory=lambda: Summary((), 0))
    """Which columns stand for all datasets; their cells come last in each row."""

    @property
    def has_intervals(self) -> bool:
        """Whether a value has one."""
        return any(cell.bounds for _, cells in self.rows for cell in cells)

    @property
    def lacks_summaries(self) -> bool:
        """Whether a line has no mean, since not all of its values are there."""
        return any(cell.is_summary and not cell.text for _, cells in self.rows for cell in cells)


@dataclass(frozen=True)
class Chapter:
    """The leaderboards of one capability."""

    anchor: str
    capability: str
    tables: tuple[Table, ...]
    see_all: str
    """The command that shows every value of it."""


def chapters_of(contents: ReportData, links: Links) -> list[Chapter]:
    made: list[Chapter] = []
    numbered = enumerate(contents.leaderboards[:BOARDS], start=1)
    for capability, found in groupby(numbered, key=lambda pair: pair[1].capability):
        name = capability.replace("'", "''")
        see_all = queries.command(
            contents.store, f"SELECT * FROM results WHERE capability = '{name}' AND scope = 'overall'"
        )
        tables = tuple(table_of(f"table-{number}", board, contents.against, links) for number, board in found)
        made.append(Chapter(f"capability-{len(made) + 1}", capability, tables, see_all))
    return made


def table_of(anchor: str, board: Leaderboard, against: Against | None = None, links: Links = NO_LINKS) -> Table:
    """A leaderboard as it is shown, under this id."""
    shades, signs, summary = _shades(board), board.signs, summary_of(board)
    rows = tuple(
        (
            line.name,
            (*_linked(board, line, _cells(board, line, shades, signs, against), links), *_summed(board, line, summary)),
        )
        for line in _shown(board)
    )
    explained = tuple((sign, text) for text, sign in signs.items())
    return Table(anchor, board, board.columns[:COLUMNS], rows, _note(board), explained, summary)


def _summed(board: Leaderboard, line: Line, summary: Summary) -> Iterator[Cell]:
    for value in summary.values(board, line):
        text, raw = ("", "") if value is None or math.isnan(value) else (_number(board, value), repr(value))
        yield Cell(text, raw, "", is_best=False, is_summary=True)


def _shown(board: Leaderboard) -> Sequence[Line]:
    """All lines by their names; of very many those that are best of a column, and then the best on average."""
    if len(board.lines) <= LINES:
        return board.lines
    return sorted(board.lines, key=lambda line: _merit(board, line))[:LINES]


def _merit(board: Leaderboard, line: Line) -> tuple[bool, float]:
    """The less, the sooner a line is shown."""
    is_best = any(board.is_best(line, column) for column in range(len(board.columns)))
    present = [value for value in line.values if value is not None and math.isfinite(value)]
    if board.higher_is_better is None or not present:
        return not is_best, 0.0 if present else math.inf
    mean = sum(present) / len(present)
    return not is_best, -mean if board.higher_is_better else mean


def _note(board: Leaderboard) -> str:
    parts: list[str] = []
    if len(board.lines) > LINES:
        which = "first" if board.higher_is_better is None else "best"
        parts.append(f"the {which} {LINES} of {len(board.lines)} {board.side}s")
    if len(board.columns) > COLUMNS:
        parts.append(f"the first {COLUMNS} of {len(board.columns)} {board.top}s")
    return " and ".join(parts)


def _shades(board: Leaderboard) -> Mapping[str, str]:
    """The shade of each value as it is written: its place among the different ones of the table, the worst at 0.

    By place and not by size, since a single log_loss of 10 among values below 1 would leave all others the same shade,
    and which sizes are usual no metric says. Values that read the same are the same.
    """
    every = (v for line in board.lines for i, v in enumerate(line.values) if i not in line.caveats)
    values = {value for value in every if value is not None and not math.isnan(value)}
    texts = list(dict.fromkeys(_number(board, value) for value in sorted(values)))
    if board.higher_is_better is None or len(texts) < 2:
        return {}
    ranked = texts if board.higher_is_better else texts[::-1]
    return {text: f"{place / (len(ranked) - 1):.2f}" for place, text in enumerate(ranked)}


def _cells(
    board: Leaderboard, line: Line, shades: Mapping[str, str], signs: Mapping[str, str], against: Against | None
) -> tuple[Cell, ...]:
    places = range(len(board.columns[:COLUMNS]))
    cells = (_cell(board, line, column, shades, signs) for column in places)
    if against is None:
        return tuple(cells)
    found = (against.of(board, line, column) for column in places)
    return tuple(replace(cell, change=_change(one)) for cell, one in zip(cells, found, strict=True))


def _linked(board: Leaderboard, line: Line, cells: Sequence[Cell], links: Links) -> Iterator[Cell]:
    for cell, value, column in zip(cells, line.values, board.columns, strict=False):
        yield cell if value is None else replace(cell, link=links.value(board, line.name, column))


def _change(found: Difference | None) -> CellChange | None:
    if found is None or found.second is None:
        return None
    verdict = found.verdict if found.verdict in (BETTER, WORSE) else ""
    interval = found.interval
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    change = changes.signed(found.change) if found.change else ""
    text = " ".join(filter(None, (change, changes.word(found))))
    return CellChange(text, verdict, changes.word(found), _raw(found.change), (_raw(low), _raw(high)))


def _raw(number: float | None) -> str:
    return "" if number is None else repr(number)


def _cell(board: Leaderboard, line: Line, column: int, shades: Mapping[str, str], signs: Mapping[str, str]) -> Cell:
    value = line.values[column]
    if value is None:
        return Cell(line.ends.get(column, ""), "", "", is_best=False, is_end=column in line.ends)
    text, raw = _number(board, value), "" if math.isnan(value) else repr(value)
    found = Cell(
        text,
        raw,
        "",
        is_best=False,
        runs=line.runs.get(column, ""),
        bounds=_bounds(line, column),
        interval=" to ".join(_number(board, bound) for bound in line.intervals.get(column, ())),
        sweep=line.sweeps.get(column, ""),
    )
    if column in line.caveats:
        return replace(found, sign=signs[line.caveats[column]])
    mark, shade = board.mark(line, column), shades.get(text, "")
    return replace(found, shade=shade, is_best=mark == leaderboard.BEST, is_tied=mark == leaderboard.TIED)


def _bounds(line: Line, column: int) -> tuple[str, str] | None:
    found = line.intervals.get(column)
    return None if found is None else (repr(found[0]), repr(found[1]))


def _number(board: Leaderboard, value: float) -> str:
    """As on the terminal; values of one measure keep their last zeros, so that their points stand below each other."""
    if math.isnan(value):
        return "NaN"
    return f"{value:#.4g}".rstrip(".") if board.side == "model" else f"{value:.4g}"
