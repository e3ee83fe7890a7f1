"""Measured values as tables to compare by: models down the side, datasets along the top. Pure.

What the tables are is decided here once; the terminal and the HTML report differ only in how they write them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sweeper.records import OVERALL


@dataclass(frozen=True)
class Line:
    """One row of a leaderboard: a value for each of its columns, `None` where nothing was measured."""

    name: str
    values: tuple[float | None, ...]


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
    """The best value of each column; `None` without a direction or a rival."""

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
    cells: dict[str, dict[str, float | None]] = {}
    for row in rows:
        cells.setdefault(row[side], {})[row[top]] = row["value"]
    columns = tuple(dict.fromkeys(row[top] for row in rows))
    better = _agreed(rows) if rows[0]["model"] else None
    lines = tuple(Line(name, tuple(line.get(column) for column in columns)) for name, line in cells.items())
    best = tuple(_best((line.values[i] for line in lines), better) for i in range(len(columns)))
    return Leaderboard(capability, title, side, top, columns, lines, better, best)


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


def _best(values: Iterable[float | None], higher: bool | None) -> float | None:
    present = [value for value in values if value is not None and not math.isnan(value)]
    if higher is None or len(present) < 2:
        return None
    return max(present) if higher else min(present)
