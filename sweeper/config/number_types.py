"""Numbers keep the type that the user typed; what older versions would have made of them is known beside it.

Older versions gave a typed number the type of the number that it replaced (1 over 0.5 became 1.0), and stored results
under that. `max_features=1` and `max_features=1.0` mean different things, so no number is converted any more; a result
that was stored under the conversion is named where the same words ask for another one now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from sweeper.vocabulary import Choice, FormerChoice


@dataclass(frozen=True)
class ConvertedValue:
    """A value that older versions stored with other number types than it was typed with."""

    key: str
    typed: str
    stored: str

    def note(self) -> str:
        return f"{self.key}={self.typed}: stored as {self.stored}; type {self.stored} to reuse it"


EXACT = 2**53
"""Whole numbers below this are floats too."""


class ReplaceValue(Protocol):
    """What becomes of a value that is to replace another one, both as plain data."""

    def __call__(self, key: str, new: object, old: object) -> object: ...


class AsTyped:
    """Every value stays as it is typed; what older versions would have converted is noted down."""

    def __init__(self) -> None:
        self.retyped: dict[ConvertedValue, None] = {}

    def __call__(self, key: str, new: object, old: object) -> object:
        self.retyped |= dict.fromkeys(_differences(key, new, with_type_of(new, old)))
        return new


def converted(key: str, new: object, old: object) -> object:
    """The value as older versions set it."""
    return with_type_of(new, old)


def with_type_of(new: object, old: object) -> object:
    """`new` with the number type of what it replaces, at every depth: 1 over 0.5 is 1.0, 2.0 over 5 is 2."""
    if isinstance(new, Mapping):
        before: Mapping[object, object] = old if isinstance(old, Mapping) else {}
        return {key: with_type_of(value, before.get(key)) for key, value in new.items()}
    if isinstance(new, list):
        return _list_as_before(new, old if isinstance(old, list) else [])
    if isinstance(old, float) and isinstance(new, int) and not isinstance(new, bool):
        return float(new)
    if isinstance(old, int) and not isinstance(old, bool) and isinstance(new, float) and new.is_integer():
        return int(new)
    return new


def _list_as_before(new: list[object], old: list[object]) -> list[object]:
    """Items take the number type that all items of the replaced list have."""
    kinds = {type(item) for item in old}
    model = old[0] if len(kinds) == 1 and kinds <= {int, float} else None
    return [with_type_of(item, model) for item in new]


def with_former_choice(choice: Choice, before: Choice, retyped: Mapping[ConvertedValue, None]) -> Choice:
    """A choice with the spec that older versions made of the same words, where that is another one."""
    if choice.canonical == before.canonical:
        return choice
    where = ".".join((choice.axis, *choice.name.split("/")))
    differences = _differences(where, choice.spec, before.spec)
    notes = dict.fromkeys(value.note() for difference in differences for value in _by_typed_keys(difference, retyped))
    return replace(choice, former=FormerChoice(replace(before, runtime=choice.runtime), tuple(notes)))


def _by_typed_keys(value: ConvertedValue, retyped: Mapping[ConvertedValue, None]) -> list[ConvertedValue]:
    """By the keys that the user wrote: of a value that is interpolated, those that it may come from."""
    if value in retyped:
        return [value]
    return [other for other in retyped if (other.typed, other.stored) == (value.typed, value.stored)] or [value]


def _differences(key: str, new: object, before: object) -> Iterator[ConvertedValue]:
    """Values that differ, down to those that are no mappings."""
    if isinstance(new, Mapping) and isinstance(before, Mapping):
        for step, value in new.items():
            yield from _differences(f"{key}.{step}", value, before.get(step))
    elif repr(new) != repr(before):
        yield ConvertedValue(key, _shown(new), _shown(before))


def equal_numbers(values: Iterable[object]) -> list[list[str]]:
    """Values that are equal and written with other number types, as groups: 1 and 1.0."""
    groups: dict[str, dict[str, None]] = {}
    for value in values:
        groups.setdefault(repr(_as_floats(value)), {})[_shown(value)] = None
    return [list(group) for group in groups.values() if len(group) > 1]


def _as_floats(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _as_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_floats(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < EXACT:
        return float(value)
    return value


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=str)
