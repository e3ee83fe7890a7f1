"""Values by a numeric parameter that was swept: `svm[C=0.1]` is a point at 0.1 of the curve of `svm`. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from sweeper.comparison.repeats import swept_values, without_repeats
from sweeper.report.leaderboard import Leaderboard
from sweeper.report.page.panels import Panel, series_of
from sweeper.report.sorting import natural_key

FEWEST = 3
"""Fewer different numbers make no curve."""


def by_parameter(boards: Sequence[Leaderboard]) -> Iterator[tuple[str, Panel]]:
    """Capability and plot for each measure, dataset and parameter, in the order of the tables."""
    for board in boards:
        if board.side == "model" and board.top == "dataset":
            for key, places in _parameters(tuple(line.name for line in board.lines)).items():
                yield from _panels(board, key, places)


def _parameters(names: Sequence[str]) -> dict[str, dict[str, tuple[str, float]]]:
    """By parameter: curve and place along the bottom of each model that has a number for it."""
    found: dict[str, dict[str, tuple[str, float]]] = {}
    for name in names:
        for key, text in swept_values(name):
            number = _number(text)
            if number is not None:
                found.setdefault(key, {})[name] = (without_repeats(name, [key]), number)
    return {key: places for key, places in found.items() if _is_curve(places)}


def _is_curve(places: Mapping[str, tuple[str, float]]) -> bool:
    curves: dict[str, set[float]] = {}
    for curve, number in places.values():
        curves.setdefault(curve, set()).add(number)
    return any(len(numbers) >= FEWEST for numbers in curves.values())


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _panels(board: Leaderboard, key: str, places: Mapping[str, tuple[str, float]]) -> Iterator[tuple[str, Panel]]:
    for column, dataset in enumerate(board.columns):
        curves: dict[str, list[tuple[float, float | None, tuple[float, float] | None]]] = {}
        for line in board.lines:
            if line.name in places:
                curve, number = places[line.name]
                value = (number, line.values[column], line.intervals.get(column))
                curves.setdefault(curve, []).append(value)
        drawn = series_of((curve, sorted(curves[curve], key=_along)) for curve in sorted(curves, key=natural_key))
        yield board.capability, Panel(f"{board.measure} on {dataset}", board.direction, key, (), drawn)


def _along(value: tuple[float, object, object]) -> float:
    return value[0]
