"""Measured values as tables to compare by: models down the side, datasets along the top. Pure.

What the tables are is decided here once; the terminal and the HTML report differ only in how they write them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeper.comparison.measured import interval_of
from sweeper.messages.outcome import NO_VALUES, Gap
from sweeper.records import OVERALL
from sweeper.vocabulary import AXES

TIE = 1e-9
"""Values whose relative difference is smaller count as equal: it may come from the rounding of a sum."""
CONFIDENCE = 0.95
"""How sure it is that the truly best of a column is among those that have a mark."""
BEST, TIED = "*", "~"
"""Shown beside the best value of a column, and beside those that cannot be told apart from it."""
_SURE = f"{CONFIDENCE * 100:.0f} % confidence, all models together"
LEGEND = f"{BEST} best   {TIED} cannot be told apart from the best ({_SURE})"
INTERVALS = "low to high: the interval of a value, of 95 % where its capability does not set another confidence"
RUNS = "± standard deviation between runs (number of runs) of a mean over runs that repeat each other"
NULL = "null"
"""Shown for a value that a run could not compute, which is not the same as no value."""
_SameNames = tuple[str, str, str]
"""An axis, a name of which a combination was dropped, and the name that stands for it."""


@dataclass(frozen=True)
class Line:
    """One row of a leaderboard: a value for each of its columns, `None` where nothing was measured."""

    name: str
    values: tuple[float | None, ...]
    caveats: Mapping[int, str] = field(default_factory=dict[int, str])
    """Why the value of a column must not be called the best, where there is a reason."""
    ends: Mapping[int, str] = field(default_factory=dict[int, str])
    """What became of what has no value in a column, where it was attempted: `failed`, `no values`, `null`."""
    runs: Mapping[int, str] = field(default_factory=dict[int, str])
    """Of a mean over runs, by how much they differ and how many they are: `± 0.0031 (5)`."""
    intervals: Mapping[int, tuple[float, float]] = field(default_factory=dict[int, tuple[float, float]])
    """The bounds of the interval of a value, where it has one."""
    sweeps: Mapping[int, str] = field(default_factory=dict[int, str])
    """The name of the sweep that measured the value of a column."""


@dataclass(frozen=True)
class Leaderboard:
    """One capability, metric and key; or, where no model takes part, all keys of one capability and metric."""

    capability: str
    measure: str
    """The metric, with what the key says beyond its name; where no model takes part, the metric, if there is one."""
    side: str
    """What stands down the side: `model`, or without models `dataset` or `key`, whichever are more."""
    top: str
    """What stands along the top: `dataset` or `key`."""
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    higher_is_better: bool | None
    """`None` where the rows do not say, or where no model takes part."""
    best: tuple[float | None, ...]
    """The best value of each column, of those without a caveat; `None` without a direction or a rival."""
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """What else a reader must know of some of the values, and the line and column of each of these."""
    notes: tuple[str, ...] = ()
    """Which further names stand for something that is shown."""
    tied: Mapping[int, frozenset[str]] = field(default_factory=dict[int, frozenset[str]])
    """By column, the lines that cannot be told apart from the best: see `sweeper.report.marks`."""
    not_compared: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Why values were not compared with the best, and where."""
    metric: str = ""
    """The metric alone, which several tables share where it gives several values."""
    dataset: str = ""
    """The dataset of a table that has only one and does not name it on its side or along its top."""

    def __repr__(self) -> str:
        size = f"{len(self.lines)} {self.side}s x {len(self.columns)} {self.top}s"
        return f"<Leaderboard {self.title}: {size}>"

    @property
    def signs(self) -> dict[str, str]:
        """Every reason against a value of this table, with the sign that stands for it beside the value."""
        reasons = dict.fromkeys(text for line in self.lines for _, text in sorted(line.caveats.items()))
        return {text: f"!{number}" for number, text in enumerate(reasons, start=1)}

    def is_best(self, line: Line, column: int) -> bool:
        """Whether a value is the best of its column, or one of several that tie.

        Values that differ by less than rounding leaves of a sum, 1e-9 of their size, are the same.
        """
        value, best = line.values[column], self.best[column]
        if value is None or best is None or column in line.caveats:
            return False
        return value == best or math.isclose(value, best, rel_tol=TIE)

    def mark(self, line: Line, column: int) -> str:
        """What stands beside the value of a line in a column."""
        if self.is_best(line, column):
            return BEST
        return TIED if line.name in self.tied.get(column, ()) else ""

    @property
    def title(self) -> str:
        """The capability and what it measures."""
        return f"{self.capability}: {self.measure}" if self.measure else self.capability

    @property
    def direction(self) -> str:
        """`higher is better`, `lower is better`, or nothing if that is not known."""
        return direction(self.higher_is_better)


def leaderboards(
    rows: Iterable[Mapping[str, Any]], gaps: Iterable[Gap] = (), same: Iterable[tuple[str, str, str]] = ()
) -> list[Leaderboard]:
    """Group rows of the `results` view, of which only those that sum a run up count.

    There is one table per capability, metric and key; where no model takes part, one per capability and metric. Tables,
    lines and columns stand in the order in which the rows first name them. Names tell rows apart: rows of one table
    with the same names would share a cell, and the last one would be in it.

    Parameters
    ----------
    rows
        Rows of the view, as dictionaries.
    gaps
        What has no value: each has a cell that says so, in every table of its capability and metric.
    same
        An axis, a name that was dropped and the name that stands for it, of what a table may show.
    """
    tables: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["scope"] == OVERALL:
            tables.setdefault((row["capability"], measure(row)), []).append(row)
    without: dict[tuple[str, str], list[Gap]] = {}
    for gap in gaps:
        without.setdefault((gap.capability, gap.metric), []).append(gap)
    twins = list(same)
    boards = [
        _leaderboard(capability, title, of_table, without.get((capability, of_table[0]["metric"] or ""), ()), twins)
        for (capability, title), of_table in tables.items()
    ]
    if not boards and all(gap.status != NO_VALUES for some in without.values() for gap in some):
        return []  # a list of failures says as much
    measured = {(of_table[0]["capability"], of_table[0]["metric"] or "") for of_table in tables.values()}
    return boards + [_empty(some, twins) for key, some in without.items() if key not in measured]


def measure(row: Mapping[str, Any]) -> str:
    """What a row's value is called: `ece`, `ece area`; where no model takes part, the metric alone, if there is one."""
    key, metric = str(row["key"]), str(row["metric"] or "")
    if not row["model"]:
        return metric
    if key == metric:
        return metric
    beyond = key[len(metric) + 1 :] if key.startswith((f"{metric}.", f"{metric} ")) else key
    return f"{metric} {beyond}".strip()


def direction(higher_is_better: bool | None) -> str:
    """`higher is better`, `lower is better`, or nothing where that is not known."""
    if higher_is_better is None:
        return ""
    return "higher is better" if higher_is_better else "lower is better"


def _leaderboard(
    capability: str, title: str, rows: Sequence[Mapping[str, Any]], gaps: Sequence[Gap], same: Sequence[_SameNames]
) -> Leaderboard:
    side, top = _axes(rows)
    cells: dict[str, dict[str, _Cell]] = {}
    for row in rows:
        end = NULL if row["value"] is None else None
        cells.setdefault(row[side], {})[row[top]] = _Cell(
            row["value"], row.get("caveat"), end, _runs(row), bounds_of(row), row.get("sweep") or ""
        )
    columns = list(dict.fromkeys(row[top] for row in rows))
    better = _agreed(rows) if rows[0]["model"] else None
    return Leaderboard(
        capability,
        title,
        side,
        top,
        *_filled(cells, columns, gaps, (side, top), better),
        metric=rows[0]["metric"] or "",
        warnings=_warnings(rows, side, top),
        notes=_notes(same, {*cells, *columns, capability, rows[0]["metric"] or ""}),
    )


def _empty(gaps: Sequence[Gap], same: Sequence[_SameNames]) -> Leaderboard:
    """The table of a capability and metric of which nothing has a value."""
    axes = ("model", "dataset") if any(gap.model for gap in gaps) else ("dataset", "key")
    names = {getattr(gap, axis) for gap in gaps for axis in AXES}
    columns = [] if "dataset" in axes[1:] else ["every value"]
    return Leaderboard(
        gaps[0].capability,
        gaps[0].metric,
        *axes,
        *_filled({}, columns, gaps, axes, None),
        notes=_notes(same, names),
    )


@dataclass(frozen=True)
class _Cell:
    value: float | None = None
    caveat: str | None = None
    end: str | None = None
    runs: str = ""
    bounds: tuple[float, float] | None = None
    sweep: str = ""


def _runs(row: Mapping[str, Any]) -> str:
    """By how much the runs differ of which this row is the mean, and how many they are."""
    if not row.get("repeats"):
        return ""
    spread = "" if row.get("spread") is None else f"± {row['spread']:.2g} "
    return f"{spread}({len(row['repeats'])})"


def bounds_of(row: Mapping[str, Any]) -> tuple[float, float] | None:
    """The bounds of the interval of a value, where it has one."""
    interval = interval_of(row)
    if interval is None or interval.low is None or interval.high is None:
        return None
    return interval.low, interval.high


def _filled(
    cells: dict[str, dict[str, _Cell]],
    columns: list[str],
    gaps: Iterable[Gap],
    axes: tuple[str, str],
    better: bool | None,
) -> tuple[tuple[str, ...], tuple[Line, ...], bool | None, tuple[float | None, ...]]:
    """Columns, lines, direction and best values of a table, with what became of what has no value."""
    for gap in gaps:
        for name, column in _places(gap, axes, list(cells), columns):
            cells.setdefault(name, {}).setdefault(column, _Cell(end=gap.status))
    every = tuple(dict.fromkeys([*columns, *(column for line in cells.values() for column in line)]))
    lines = tuple(_line(name, [found.get(column, _Cell()) for column in every]) for name, found in cells.items())
    return every, lines, better, tuple(_best(lines, column, better) for column in range(len(every)))


def _places(gap: Gap, axes: tuple[str, str], lines: list[str], columns: list[str]) -> list[tuple[str, str]]:
    """The line and column of each cell of a table that a combination without a value would have filled."""
    if axes[0] == "model":
        return [(gap.model, gap.dataset)]
    if axes[0] == "dataset":
        return [(gap.dataset, column) for column in columns]
    return [(line, gap.dataset) for line in lines]


def _line(name: str, cells: Sequence[_Cell]) -> Line:
    caveats = {column: cell.caveat for column, cell in enumerate(cells) if cell.caveat}
    ends = {column: cell.end for column, cell in enumerate(cells) if cell.end}
    runs = {column: cell.runs for column, cell in enumerate(cells) if cell.runs}
    intervals = {column: cell.bounds for column, cell in enumerate(cells) if cell.bounds}
    sweeps = {column: cell.sweep for column, cell in enumerate(cells) if cell.sweep}
    return Line(name, tuple(cell.value for cell in cells), caveats, ends, runs, intervals, sweeps)


def _notes(same: Iterable[_SameNames], shown: Collection[str]) -> tuple[str, ...]:
    return tuple(f"{name} is the same as {kept}" for _, name, kept in same if kept in shown)


def _warnings(rows: Sequence[Mapping[str, Any]], side: str, top: str) -> Mapping[str, tuple[str, ...]]:
    where: dict[str, dict[str, None]] = {}
    for row in rows:
        for text in (row.get("warning") or "").splitlines():
            where.setdefault(text, {})[f"{row[side]}, {row[top]}"] = None
    return {text: tuple(places) for text, places in where.items()}


def warnings(boards: Iterable[Leaderboard]) -> tuple[str, ...]:
    """What else a reader must know of the values of these tables, each text once, with where it holds."""
    where: dict[str, dict[str, None]] = {}
    for board in boards:
        for text, places in board.warnings.items():
            where.setdefault(text, {}).update(dict.fromkeys(places))
    return tuple(f"{text} ({'; '.join(_some(list(places)))})" for text, places in where.items())


def legend(boards: Sequence[Leaderboard]) -> list[str]:
    """What the marks of these tables mean, and what was not compared."""
    lines = [LEGEND] if any(board.tied for board in boards) else []
    lines += [RUNS] if any(line.runs for board in boards for line in board.lines) else []
    reasons: dict[str, dict[str, None]] = {}
    for board in boards:
        for reason, places in board.not_compared.items():
            reasons.setdefault(reason, {}).update(dict.fromkeys(places))
    notes = (f"{', '.join(_some([*places]))}: {reason}" for reason, places in reasons.items())
    return [*lines, *(f"note: not compared with the best: {note}" for note in notes)]


def _some(places: Sequence[str], most: int = 4) -> Sequence[str]:
    return places if len(places) <= most else [*places[:most], f"and {len(places) - most} more"]


def _agreed(rows: Sequence[Mapping[str, Any]]) -> bool | None:
    """The direction that all rows have; `None` where they differ, since a name may have meant another metric before."""
    directions = {row.get("higher_is_better") for row in rows}
    return directions.pop() if len(directions) == 1 else None


def _axes(rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """What stands down the side of a table and what along its top: without models, the more numerous down the side."""
    if rows[0]["model"]:
        return "model", "dataset"
    many_datasets = len({row["dataset"] for row in rows}) > len({row["key"] for row in rows})
    return ("dataset", "key") if many_datasets else ("key", "dataset")


def _best(lines: Sequence[Line], column: int, higher: bool | None) -> float | None:
    """The best value of a column; one that nothing else can be compared with is no best."""
    rivals = ((line.values[column], column in line.caveats) for line in lines)
    present = [value for value, doubtful in rivals if value is not None and not doubtful and not math.isnan(value)]
    if higher is None or len(present) < 2:
        return None
    return max(present) if higher else min(present)
