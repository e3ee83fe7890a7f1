"""Which of several models, measured on one dataset, cannot be told apart from the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.comparison.by_datum import unlike
from sweeper.comparison.measured import NOT_KNOWN, Measured
from sweeper.statistics.best import among_the_best

if TYPE_CHECKING:
    from sweeper.comparison.by_datum import AnyData, DataReader
    from sweeper.statistics.compared import Comparable


@dataclass(frozen=True)
class BestOf:
    """The answer for some values.

    Attributes
    ----------
    places
        The places of those that cannot be told apart from the best, itself included.
    not_compared
        Why some could not be compared with the best, by their place. If the best is one of them, none was.
    """

    places: frozenset[int]
    not_compared: dict[int, str]


def best_of(values: Sequence[Measured], reader: DataReader, confidence: float) -> BestOf:
    """Compare values of one metric on one dataset, each of another model, with the best of them.

    The truly best model is among those that are named with a probability of at least `confidence`, of those that could
    be compared: see `sweeper.statistics.best.among_the_best`. All values are numbers, and their direction is known.
    """
    higher = bool(values[0].higher_is_better)
    found = reader.data_of(values)
    best = max(range(len(values)), key=lambda place: (values[place].value or 0.0) * (1 if higher else -1))
    of_best = found[best]
    if isinstance(of_best, str):
        return BestOf(frozenset({best}), dict.fromkeys(range(len(values)), of_best))
    reasons = {place: _unlike(data, of_best) for place, data in enumerate(found)}
    usable = {place: data.contributions() for place, data in enumerate(found) if not isinstance(data, str)}
    known = {place: one for place, one in usable.items() if one is not None and reasons[place] is None}
    if best not in known:
        return BestOf(frozenset({best}), dict.fromkeys(range(len(values)), NOT_KNOWN))
    missing = {place: reasons[place] or NOT_KNOWN for place in range(len(values)) if place not in known}
    return BestOf(_marked(known, of_best, confidence, higher=higher), missing)


def _unlike(data: AnyData | str, best: AnyData) -> str | None:
    if isinstance(data, str):
        return data
    return unlike(data, best)


def _marked(known: dict[int, Comparable], best: AnyData, confidence: float, *, higher: bool) -> frozenset[int]:
    marks = among_the_best([*known.values()], higher_is_better=higher, confidence=confidence, clusters=best.clusters)
    return frozenset(place for place, mark in zip(known, marks, strict=True) if mark)
