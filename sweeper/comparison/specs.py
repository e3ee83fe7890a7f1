"""In what the specs of two sides differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sweeper.comparison.differences import Difference
from sweeper.comparison.measured import Measured
from sweeper.comparison.sides import Side

_PLACES = {"capability": "capability", "datasets": "dataset", "models": "model", "metrics": "metric"}
"""The keys of the stored spec of a combination, and the axis of each."""
_REVISIONS = ("code_revision", "data_revision", "sweeper_version")
_Attempt: TypeAlias = tuple[str, datetime | None]
"""A fingerprint, and when the attempt ended."""
ABSENT = "(absent)"


@dataclass(frozen=True)
class SpecDifference:
    """One key in which the specs of a part differ, or a revision that differs."""

    axis: str
    """`capability`, `dataset`, `model` or `metric`; of revisions the name of the column of `attempts`."""
    name: str
    """The name of the choice on side A, and on side B if it is another one; of revisions empty."""
    key: str
    first: str
    second: str

    @property
    def text(self) -> str:
        """It in one line."""
        where = " ".join(part for part in (self.axis, self.name) if part)
        return f"{where}: {self.key}: {self.first} -> {self.second}" if self.key else f"{where}: differs"


def spec_differences(first: Side, second: Side, found: Sequence[Difference]) -> list[SpecDifference]:
    """Every key in which parts of the same names have different specs, each once; then the revisions that differ."""
    pairs = [(one.first, one.second) for one in found if one.first and one.second]
    mine, theirs = _attempts(first, [a for a, _ in pairs]), _attempts(second, [b for _, b in pairs])
    lines: dict[SpecDifference, None] = {}
    for a, b in pairs:
        of_a, of_b = mine.get(_attempt(a)), theirs.get(_attempt(b))
        if of_a is not None and of_b is not None:
            names = {axis: _both(getattr(a, axis), getattr(b, axis)) for axis in _PLACES.values()}
            if a.fingerprint != b.fingerprint:
                lines |= dict.fromkeys(_of_specs(of_a, of_b, names))
            lines |= dict.fromkeys(_of_revisions(of_a, of_b))
    return sorted(lines, key=lambda line: line.axis in _REVISIONS)


def _attempt(value: Measured) -> _Attempt:
    return value.fingerprint, value.finished_at


def _attempts(one: Side, values: Iterable[Measured]) -> Mapping[_Attempt, Mapping[str, Any]]:
    """The attempts that measured these values."""
    attempts = one.store.attempts(("fingerprint", "finished_at", "status", "spec", *_REVISIONS))
    wanted = {value.fingerprint for value in values}
    mine = attempts.filter([key in wanted for key in attempts["fingerprint"].to_pylist()]).to_pylist()
    return {(row["fingerprint"], row["finished_at"]): row for row in mine if row["status"] == "completed"}


def _both(first: str, second: str) -> str:
    return first if first == second else f"{first}, {second}"


def _of_specs(mine: Mapping[str, Any], theirs: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[SpecDifference]:
    one, other = _parsed(mine["spec"]), _parsed(theirs["spec"])
    for place, axis in _PLACES.items():
        flat, against = dict(_flat(one.get(place))), dict(_flat(other.get(place)))
        for key in dict.fromkeys([*flat, *against]):
            if flat.get(key, ABSENT) != against.get(key, ABSENT):
                yield SpecDifference(axis, names[axis], key, flat.get(key, ABSENT), against.get(key, ABSENT))


def _parsed(spec: str | None) -> Mapping[str, Any]:
    try:
        content = json.loads(spec or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every value inside of a spec, as JSON under its dotted key; a list of one part is that part."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and (len(value) > 1 or not key):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{key}.{place}" if key else "" if len(value) == 1 else str(place))
    else:
        yield key, json.dumps(value)


def _of_revisions(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[SpecDifference]:
    for name in _REVISIONS:
        if mine[name] != theirs[name] and None not in (mine[name], theirs[name]):
            yield SpecDifference(name, "", "", mine[name], theirs[name])
