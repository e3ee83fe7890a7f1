"""The rule that some combinations match and others do not, to run just these again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from sweeper.common.quoting import quoted
from sweeper.vocabulary import AXES, NAME_SEPARATOR

Names = tuple[str, ...]
"""Of a combination on the four axes, those of several parts joined."""
_ORDER = ("model", "dataset", "capability", "metric")
"""Whom a person suspects first."""
MOST_NAMES = 6
"""A rule with more names on one axis is no help."""


def rule_for(wanted: Collection[Names], others: Collection[Names]) -> str | None:
    """The shortest rule that all of `wanted` match and none of `others`, as an override has it; `None` if none does."""
    usable = [axis for axis in _ORDER if all(names[AXES.index(axis)] for names in wanted)]
    for axes in _choices_of(usable):
        allowed = {axis: dict.fromkeys(names[AXES.index(axis)] for names in wanted) for axis in axes}
        if not any(_matches(names, allowed) for names in others):
            return _text(allowed) if all(len(names) <= MOST_NAMES for names in allowed.values()) else None
    return None


def _choices_of(axes: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for number in range(1, len(axes) + 1):
        yield from combinations(axes, number)


def _matches(names: Names, allowed: Mapping[str, Collection[str]]) -> bool:
    return all(_covered(names[AXES.index(axis)], values) for axis, values in allowed.items())


def _covered(joined: str, values: Collection[str]) -> bool:
    """Whether a rule with these names takes in what stands on an axis: as a whole, or each of its parts."""
    return joined in values or all(name in values for name in joined.split(NAME_SEPARATOR))


def _text(allowed: Mapping[str, Collection[str]]) -> str:
    axes = (
        f"{axis}: {next(iter(shown)) if len(shown) == 1 else '[' + ', '.join(shown) + ']'}"
        for axis, shown in ((axis, [quoted(name) for name in names]) for axis, names in allowed.items())
    )
    return f"{{{', '.join(axes)}}}"
