"""Measured values as tables to compare by: models down the side, datasets along the top. Pure.

What the tables are is decided here once; the terminal and the HTML report differ only in how they write them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sweeper.records import OVERALL

TIE = 1e-9


@dataclass(frozen=True)
class Line:
    """One row of a leaderboard: a value for each of its columns, `None` where nothing was measured."""

    name: str
    values: tuple[float | None, ...]
    caveats: Mapping[int, str] = field(default_factory=dict[int, str])
    """Why the value of a column must not be called the best, where there is a reason."""


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
    warnings: tuple[str, ...] = ()
    """What else a reader must know of some of the values, each text once, with where it holds."""

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

    @property
    def title(self) -> str:
        return f"{self.capability}: {self.measure}" if self.measure else self.capability

    @property
    def direction(self) -> str:
        return direction(self.higher_is_better)


def leaderboards(rows: Iterable[Mapping[str, Any]]) -> list[Leaderboard]:
    """Group rows of the `results` view, of which only those that sum a run up count.

    There is one table per capability, metric and key; where no model takes part, one per capability and metric. Tables,
    lines and columns stand in the order in which the rows first name them. Names tell rows apart: rows of one table
    with the same names would share a cell, and the last one would be in it.
    """
    tables: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["scope"] == OVERALL:
            tables.setdefault((row["capability"], measure(row)), []).append(row)
    return [_leaderboard(capability, title, found) for (capability, title), found in tables.items()]


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


def _leaderboard(capability: str, title: str, rows: Sequence[Mapping[str, Any]]) -> Leaderboard:
    side, top = _axes(rows)
    cells: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        cells.setdefault(row[side], {})[row[top]] = row
    columns = tuple(dict.fromkeys(row[top] for row in rows))
    better = _agreed(rows) if rows[0]["model"] else None
    lines = tuple(_line(name, [found.get(column) for column in columns]) for name, found in cells.items())
    best = tuple(_best(lines, column, better) for column in range(len(columns)))
    return Leaderboard(capability, title, side, top, columns, lines, better, best, _warnings(rows, side, top))


def _line(name: str, found: Sequence[Mapping[str, Any] | None]) -> Line:
    values = tuple(row["value"] if row is not None else None for row in found)
    reasons = ((column, row.get("caveat")) for column, row in enumerate(found) if row is not None)
    return Line(name, values, {column: reason for column, reason in reasons if reason})


def _warnings(rows: Sequence[Mapping[str, Any]], side: str, top: str) -> tuple[str, ...]:
    where: dict[str, dict[str, None]] = {}
    for row in rows:
        for text in (row.get("warning") or "").splitlines():
            where.setdefault(text, {})[f"{row[side]}, {row[top]}"] = None
    return tuple(f"{text} ({'; '.join(_some(list(places)))})" for text, places in where.items())


def _some(places: Sequence[str], most: int = 4) -> Sequence[str]:
    return places if len(places) <= most else [*places[:most], f"and {len(places) - most} more"]


def _agreed(rows: Sequence[Mapping[str, Any]]) -> bool | None:
    """The direction that all rows have; `None` where they differ, since a name may have meant another metric before."""
    said = {row.get("higher_is_better") for row in rows}
    return said.pop() if len(said) == 1 else None


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
