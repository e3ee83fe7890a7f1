"""Combinations, their fingerprints and the decisions on them, in columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from operator import eq, itemgetter
from typing import NamedTuple

from sweeper.common.columns import Column, Digests, Places, Rows, first_places
from sweeper.vocabulary import AXES, Choice, Combination, joined_names

Slot = tuple[Choice, ...]
"""What stands on one axis of a combination."""
Verdict = tuple[bool, str]
"""Whether a combination runs, and the reason in words."""


class Planned(NamedTuple):
    """One combination with its fingerprint and the decision on it."""

    combination: Combination
    fingerprint: str
    run: bool
    reason: str


class Combinations(Rows[Combination]):
    """Many combinations: for each axis, in the order of `AXES`, what stands on it."""

    def __init__(self, axes: Iterable[Column[Slot]]) -> None:
        self.axes = tuple(axes)

    @classmethod
    def of(cls, combinations: Iterable[Combination]) -> Combinations:
        """These combinations in columns."""
        if isinstance(combinations, Combinations):
            return combinations
        rows = [((capability,), *others) for capability, *others in combinations]
        return cls(Column.of(row[axis] for row in rows) for axis in range(len(AXES)))

    @classmethod
    def joined(cls, several: Iterable[Combinations]) -> Combinations:
        """The combinations of several, one after the other."""
        parts = list(several)
        return cls(Column.joined(part.axes[axis] for part in parts) for axis in range(len(AXES)))

    def __len__(self) -> int:
        return len(self.axes[0])

    def __iter__(self) -> Iterator[Combination]:
        capabilities, *others = self.axes
        return map(Combination, capabilities.mapped(_only), *others)

    def item(self, place: int) -> Combination:
        (capability,), datasets, models, metrics = (column.item(place) for column in self.axes)
        return Combination(capability, datasets, models, metrics)

    def take(self, places: Places) -> Combinations:
        return Combinations(column.take(places) for column in self.axes)

    def distinct(self) -> Combinations:
        """Each combination once, where it first comes."""
        return self.where(map(eq, first_places(zip(*self.axes, strict=True)), count()))

    def names(self) -> Iterator[tuple[str, ...]]:
        """What the parts of each are called, as `Combination.names`."""
        return zip(*(column.mapped(joined_names) for column in self.axes), strict=True)

    def choices(self) -> list[Choice]:
        """Every choice that takes part, once, axis by axis."""
        slots = (slot for column in self.axes for slot in column.used())
        return list(dict.fromkeys(choice for slot in slots for choice in slot))


def _only(slot: Slot) -> Choice:
    return slot[0]


class Identified(Rows[tuple[Combination, str]]):
    """Combinations, each with its fingerprint."""

    def __init__(self, combinations: Combinations, fingerprints: Digests) -> None:
        self.combinations, self.fingerprints = combinations, fingerprints

    @classmethod
    def of(cls, pairs: Iterable[tuple[Combination, str]]) -> Identified:
        """These pairs in columns."""
        if isinstance(pairs, Identified):
            return pairs
        rows = list(pairs)
        return cls(Combinations.of(combination for combination, _ in rows), Digests.of(key for _, key in rows))

    def __len__(self) -> int:
        return len(self.fingerprints)

    def __iter__(self) -> Iterator[tuple[Combination, str]]:
        return zip(self.combinations, self.fingerprints, strict=True)

    def item(self, place: int) -> tuple[Combination, str]:
        return self.combinations.item(place), self.fingerprints.item(place)

    def take(self, places: Places) -> Identified:
        return Identified(self.combinations.take(places), self.fingerprints.take(places))


class PlannedItems(Rows[Planned]):
    """Combinations, each with its fingerprint and the decision on it."""

    def __init__(self, identified: Identified, verdicts: Column[Verdict]) -> None:
        self.identified, self.verdicts = identified, verdicts

    @classmethod
    def of(cls, items: Iterable[Planned]) -> PlannedItems:
        """These items in columns."""
        if isinstance(items, PlannedItems):
            return items
        rows = list(items)
        identified = Identified.of((row.combination, row.fingerprint) for row in rows)
        return cls(identified, Column.of((row.run, row.reason) for row in rows))

    def __len__(self) -> int:
        return len(self.verdicts)

    def __iter__(self) -> Iterator[Planned]:
        return (Planned(*pair, *verdict) for pair, verdict in zip(self.identified, self.verdicts, strict=True))

    def item(self, place: int) -> Planned:
        return Planned(*self.identified.item(place), *self.verdicts.item(place))

    def take(self, places: Places) -> PlannedItems:
        return PlannedItems(self.identified.take(places), self.verdicts.take(places))

    @property
    def runs(self) -> Column[bool]:
        """Whether each of them runs."""
        return self.verdicts.mapped(itemgetter(0))
