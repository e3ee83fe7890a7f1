"""The difference of two sides, value by value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from sweeper.comparison.by_datum import unlike
from sweeper.comparison.measured import NOT_KNOWN, Measured
from sweeper.comparison.sides import MODEL, Side
from sweeper.errors import ConfigError
from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.compared import difference

if TYPE_CHECKING:
    from sweeper.comparison.by_datum import AnyData, DataReader

ONLY_FIRST, ONLY_SECOND, NO_NUMBER = "only in A", "only in B", "not a number"
BETTER, WORSE, HIGHER, LOWER, UNDECIDED, SAME = "better", "worse", "higher", "lower", "undecided", "the same"
UNKNOWN = ""
"""Of values without an interval nothing is concluded."""


@dataclass(frozen=True)
class Difference:
    """One value of side A beside the same one of side B.

    Attributes
    ----------
    first, second
        The value of A and that of B; `None` where that side has none.
    interval
        Of the value of B less that of A, on the same data; `None` where that is not known, and then `reason` says why.
    disagree
        On how many data the two predict different classes; `None` where that is not known.
    """

    first: Measured | None
    second: Measured | None
    interval: Interval | None = None
    disagree: int | None = None
    reason: str = ""

    @property
    def either(self) -> Measured:
        """A value of one of the sides: names and direction are those of both."""
        found = self.second or self.first
        assert found is not None
        return found

    @property
    def change(self) -> float | None:
        """The value of B less that of A; `None` where one of them is no number."""
        pair = (self.first, self.second)
        numbers = [one.value for one in pair if one is not None and one.value is not None and math.isfinite(one.value)]
        return numbers[1] - numbers[0] if len(numbers) == 2 else None

    @property
    def verdict(self) -> str:
        """What may be said of B beside A, in words; empty where nothing may."""
        if self.first is None or self.second is None:
            return ONLY_SECOND if self.first is None else ONLY_FIRST
        if self.change is None:
            return NO_NUMBER
        if self.change == 0 and self.disagree == 0:
            return SAME
        if self.interval is None or self.interval.low is None or self.interval.high is None:
            return UNKNOWN
        if self.interval.low <= 0 <= self.interval.high:
            return UNDECIDED
        return self._in_words(is_higher=self.interval.low > 0)

    @property
    def caveats(self) -> tuple[str | None, str | None]:
        """What there is to say against the value of A, and against that of B."""
        first, second = (one.caveat if one is not None else None for one in (self.first, self.second))
        return first, second

    def _in_words(self, *, is_higher: bool) -> str:
        better = self.either.higher_is_better
        if better is None:
            return HIGHER if is_higher else LOWER
        return BETTER if is_higher == better else WORSE

    def is_past(self, tolerance: float, *, by_interval: bool) -> bool:
        """Whether B is worse than A by more than this, or lacks a number that A has.

        Parameters
        ----------
        tolerance
            In the unit of the value. Where the direction is not known, any change counts.
        by_interval
            Whether the interval must lie beyond it, and not only the value; without an interval the value decides.
        """
        if self.first is None or not self.first.is_number:
            return False
        if self.change is None:
            return True
        low = high = self.change
        if by_interval and self.interval is not None:
            low = low if self.interval.low is None else self.interval.low
            high = high if self.interval.high is None else self.interval.high
        fell, rose = -high > tolerance, low > tolerance
        better = self.either.higher_is_better
        return (fell or rose) if better is None else fell if better else rose


def differences(first: Side, second: Side, readers: Sequence[DataReader], level: Level) -> list[Difference]:
    """Every value of two sides, beside the one of the same names on the other side.

    Names are those of capability, dataset, metric and key, and that of the model unless two models are compared.

    Parameters
    ----------
    first, second
        A and B.
    readers
        Of the store of each.
    level
        Of the intervals.

    Raises
    ------
    ConfigError
        A model is compared with something else, or the sides have no names in common.
    """
    of_models = (first.kind == MODEL, second.kind == MODEL)
    if any(of_models) and not all(of_models):
        raise ConfigError(
            f"{first.label} cannot be compared with {second.label}: compare a model with a model, or sweeps, dates and "
            "stores with each other."
        )
    mine, theirs = (_named(one.values, with_model=not any(of_models)) for one in (first, second))
    if not mine.keys() & theirs.keys():
        raise ConfigError(
            f"{first.label} and {second.label} have no values of the same capability, dataset, metric and key"
            f"{'' if any(of_models) else ' and model'}, so there is nothing to compare."
        )
    datasets = list(dict.fromkeys(names[1] for names in (*mine, *theirs)))
    every = sorted(dict.fromkeys([*mine, *theirs]), key=lambda names: datasets.index(names[1]))
    return list(_compared([(mine.get(names), theirs.get(names)) for names in every], readers, level))


def _named(values: Sequence[Measured], *, with_model: bool) -> Mapping[tuple[str, ...], Measured]:
    return {(one.capability, one.dataset, one.model if with_model else "", one.metric, one.key): one for one in values}


_Pair = tuple[Measured | None, Measured | None]


def _compared(pairs: Sequence[_Pair], readers: Sequence[DataReader], level: Level) -> Iterator[Difference]:
    """In the order of the pairs; those of one inference follow each other, so each table is read once."""
    places = sorted(range(len(pairs)), key=lambda place: _inferences(pairs[place]))
    found: dict[int, Difference] = {}
    for _, group in groupby(places, key=lambda place: _inferences(pairs[place])):
        for place in group:
            found[place] = _difference(*pairs[place], readers, level)
    return (found[place] for place in range(len(pairs)))


def _inferences(pair: _Pair) -> tuple[str, ...]:
    return tuple((one.inference_id or "") if one is not None else "" for one in pair)


def _difference(
    first: Measured | None, second: Measured | None, readers: Sequence[DataReader], level: Level
) -> Difference:
    if first is None or second is None or not (first.is_number and second.is_number):
        return Difference(first, second)
    (mine,), (theirs,) = readers[0].data_of([first]), readers[1].data_of([second])
    for data in (mine, theirs):
        if isinstance(data, str):
            return Difference(first, second, reason=data)
    assert not isinstance(mine, str)
    assert not isinstance(theirs, str)
    if (reason := unlike(mine, theirs)) is not None:
        return Difference(first, second, reason=reason)
    return _paired(first, second, mine, theirs, level)


def _paired(first: Measured, second: Measured, mine: AnyData, theirs: AnyData, level: Level) -> Difference:
    disagree = _disagreements(mine, theirs)
    ours, other = mine.contributions(), theirs.contributions()
    if ours is None or other is None:
        return Difference(first, second, disagree=disagree, reason=NOT_KNOWN)
    interval = difference(other, ours, level, mine.clusters)
    reason = "" if interval.is_known else interval.method.removeprefix("none: ")
    return Difference(first, second, interval if interval.is_known else None, disagree, reason)


def _disagreements(mine: AnyData, theirs: AnyData) -> int | None:
    if mine.predictions is None or theirs.predictions is None or len(mine.predictions) != len(theirs.predictions):
        return None
    unlike = [one != other for one, other in zip(mine.predictions, theirs.predictions, strict=True)]
    return int(np.any(unlike, axis=0).sum())
