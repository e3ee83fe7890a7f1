"""What is drawn: small plots in groups, every model under the same colour in each of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from sweeper.report.leaderboard import Leaderboard, direction
from sweeper.report.report_data import ValueAtStrength
from sweeper.report.sorting import natural_key
from sweeper.report.strengths import is_at_strength

COLOURS = 8
"""So many models have a colour of their own; the others are drawn as the range that they cover."""
PANELS = 12
"""So many plots are in one group."""
LARGEST = 1e300
"""Of a larger value the distance to another one may be infinite."""
LEAST = 1e-100
"""What is smaller, or not above 0, has no place on a logarithmic axis."""
DECADES = 100
"""Numbers of which the largest is so many times the smallest are drawn along a logarithmic axis."""
TICKS = 16
"""So many datasets are along the bottom of one plot."""


_Value: TypeAlias = tuple[float, float | None, tuple[float, float] | None]
"""Where it is along the bottom, the value, and the bounds of its interval."""


@dataclass(frozen=True)
class Series:
    """The points of one model, from left to right; x counts the ticks, or is a number."""

    name: str
    points: tuple[tuple[float, float], ...]
    bounds: tuple[tuple[float, float, float], ...] = ()
    """x, lower and upper bound of each point that has an interval."""


@dataclass(frozen=True)
class Panel:
    """One plot."""

    title: str
    direction: str
    x_label: str
    ticks: tuple[str, ...]
    """Names along the bottom, which have no order; none where x is a number."""
    series: tuple[Series, ...]
    note: str = ""
    """What is left out of it."""
    metric: str = ""
    dataset: str = ""
    """What all of it is of; empty where it is of several."""
    is_scatter: bool = False
    """Whether each model has one point of its own, so that nothing is drawn between them."""

    @property
    def is_log(self) -> bool:
        """Whether the numbers along the bottom span decades: then equal distances are equal ratios."""
        along = [] if self.ticks else [x for one in self.series for x, _ in one.points]
        return bool(along) and min(along) >= LEAST and max(along) >= DECADES * min(along)

    @property
    def description(self) -> str:
        """What a reader who does not see the plot is told."""
        along = f"over {len(self.ticks)} datasets" if self.ticks else f"by {self.x_label}"
        return ", ".join(
            part for part in (f"{self.title} of {len(self.series)} models {along}", self.direction) if part
        )


@dataclass(frozen=True)
class Group:
    """Plots of one kind and capability."""

    title: str
    panels: tuple[Panel, ...]
    left_out: int
    """How many more there would be."""
    capability: str = ""


def groups(
    boards: Sequence[Leaderboard],
    strengths: Sequence[ValueAtStrength],
    by_parameter: Iterable[tuple[str, Panel]] = (),
    by_cost: Iterable[tuple[str, Panel]] = (),
) -> list[Group]:
    """First by what was swept, then models over datasets, then values by strength, each capability by capability."""
    over_datasets = ((board.capability, _over_datasets(board)) for board in boards if _is_comparable(board))
    return [
        *_grouped("by swept parameter", by_parameter),
        *_grouped("over datasets", over_datasets),
        *_grouped("by strength", _by_strength(strengths)),
        *_grouped("against inference time", by_cost),
    ]


def _grouped(kind: str, panels: Iterable[tuple[str, Panel]]) -> Iterator[Group]:
    for capability, found in groupby(panels, key=lambda pair: pair[0]):
        drawn = [panel for _, panel in found if panel.series]
        if drawn:
            yield Group(f"{capability} {kind}", tuple(drawn[:PANELS]), max(0, len(drawn) - PANELS), capability)


def _is_comparable(board: Leaderboard) -> bool:
    return board.side == "model" and len(board.columns) > 1 and not is_at_strength(board.measure)


def _over_datasets(board: Leaderboard) -> Panel:
    shown = board.columns[:TICKS]
    left_out = len(board.columns) - len(shown)
    series = series_of(
        (line.name, [(x, y, line.intervals.get(x)) for x, y in enumerate(line.values[:TICKS])]) for line in board.lines
    )
    note = f"the first {TICKS} of {len(board.columns)} datasets" if left_out else ""
    return Panel(board.measure, board.direction, "dataset", shown, series, note, board.metric)


def _by_strength(strengths: Sequence[ValueAtStrength]) -> Iterator[tuple[str, Panel]]:
    panels: dict[tuple[str, str, str, str], list[ValueAtStrength]] = {}
    for one in strengths:
        panels.setdefault((one.capability, one.dataset, one.measure, one.parameter), []).append(one)
    for (capability, dataset, measure, parameter), found in panels.items():
        better = direction(found[0].higher_is_better)
        metric = found[0].metric
        title = f"{measure} on {dataset}"
        yield capability, Panel(title, better, parameter, (), _curves(found), metric=metric, dataset=dataset)


def _curves(found: Sequence[ValueAtStrength]) -> tuple[Series, ...]:
    curves: dict[str, list[_Value]] = {}
    for one in found:
        curves.setdefault(one.model, []).append((one.strength, one.value, one.bounds))
    return series_of((model, sorted(curves[model], key=_along)) for model in sorted(curves, key=natural_key))


def _along(value: _Value) -> float:
    return value[0]


def series_of(values: Iterable[tuple[str, Iterable[_Value]]]) -> tuple[Series, ...]:
    """The points of each model that has one: a model that failed everywhere is not in the plot."""
    return tuple(one for one in (_series(name, list(found)) for name, found in values) if one.points)


def _series(name: str, values: Sequence[_Value]) -> Series:
    """What can be drawn: neither a gap can, nor a value that is infinite or about as large as a float can be."""
    drawn = [(float(x), y, bounds) for x, y, bounds in values if y is not None and abs(y) <= LARGEST]
    around = ((x, *bounds) for x, _, bounds in drawn if bounds is not None)
    return Series(
        name,
        tuple((x, y) for x, y, _ in drawn),
        tuple((x, low, high) for x, low, high in around if max(abs(low), abs(high)) <= LARGEST),
    )


def colours(boards: Sequence[Leaderboard], drawn: Sequence[Group]) -> dict[str, int]:
    """The number of the colour of each model that has one: of all while they are few, else of the best.

    The best are those with the lowest mean rank over all columns of leaderboards whose direction is known.
    """
    names = {one.name for group in drawn for panel in group.panels for one in panel.series}
    if len(names) > COLOURS:
        named = {line.name for board in boards for line in board.lines}
        rank = {**dict.fromkeys(names - named, -1.0), **_mean_ranks(boards)}  # curves of what was swept come first
        names = set(sorted(names, key=lambda name: (rank.get(name, math.inf), natural_key(name)))[:COLOURS])
    return {name: number for number, name in enumerate(sorted(names, key=natural_key))}


def _mean_ranks(boards: Sequence[Leaderboard]) -> Mapping[str, float]:
    """The mean place of each model among its rivals, from 0 for the best to 1 for the last."""
    places: dict[str, list[float]] = {}
    for board in boards:
        if board.side == "model" and board.higher_is_better is not None:
            for column in range(len(board.columns)):
                for name, place in _places(board, column):
                    places.setdefault(name, []).append(place)
    return {name: sum(found) / len(found) for name, found in places.items()}


def _places(board: Leaderboard, column: int) -> Iterator[tuple[str, float]]:
    measured = [(line.values[column], line.name) for line in board.lines]
    present = sorted(
        ((value, name) for value, name in measured if value is not None and not math.isnan(value)),
        reverse=bool(board.higher_is_better),
    )
    last = max(1, len(present) - 1)
    return ((name, place / last) for place, (_, name) in enumerate(present))
