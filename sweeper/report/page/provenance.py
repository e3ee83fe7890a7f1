"""Where values come from, as the page shows it: entries to link to, and which entry each value links to. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sweeper.report.leaderboard import Leaderboard
from sweeper.report.provenance import NamedSpec, Provenance
from sweeper.vocabulary import AXES

PLURAL = {"capability": "Capabilities", "dataset": "Datasets", "model": "Models", "metric": "Metrics"}
TARGET = "_target_"


@dataclass(frozen=True)
class Entry:
    """What one name stood for, or what all variants of a choice have in common."""

    anchor: str
    """Empty for what variants have in common."""
    name: str
    target: str
    """Its class or function; of a variant only where variants differ in it."""
    parameters: tuple[tuple[str, str], ...]
    """Key and value as JSON; of a variant those alone in which the variants of its choice differ."""
    sweeps: tuple[str, ...]
    """Where it stood for that, if the name stood for something else in other sweeps."""


@dataclass(frozen=True)
class AxisEntries:
    """All names of one axis."""

    axis: str
    title: str
    entries: tuple[Entry, ...]
    """What variants have in common stands before them."""


def entries_of(provenance: Provenance) -> list[AxisEntries]:
    """The names of each axis, in the order of the axes."""
    numbered = [(f"name-{place}", one) for place, one in enumerate(provenance.specs, start=1)]
    found: list[AxisEntries] = []
    for axis, group in groupby(numbered, key=lambda pair: pair[1].axis):
        variants = (list(some) for _, some in groupby(group, key=lambda pair: pair[1].base))
        found.append(AxisEntries(axis, PLURAL[axis], tuple(entry for some in variants for entry in _entries(some))))
    return found


def _entries(variants: Sequence[tuple[str, NamedSpec]]) -> Iterator[Entry]:
    """One entry for each variant; one that stands alone has all of its parameters."""
    every = [flat(json.loads(one.spec)) for _, one in variants]
    shared = _shared(every) if len(every) > 1 else {}
    if shared:
        yield Entry("", f"every {variants[0][1].base}", shared.get(TARGET, ""), _parameters(shared), ())
    names = [one.name for _, one in variants]
    for (anchor, one), parts in zip(variants, every, strict=True):
        own = {key: value for key, value in parts.items() if key not in shared}
        sweeps = one.sweeps if names.count(one.name) > 1 else ()
        yield Entry(anchor, one.name, own.get(TARGET, ""), _parameters(own), sweeps)


def _parameters(parts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, value in parts.items() if key != TARGET)


def _shared(every: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = every
    return {key: value for key, value in first.items() if all(one.get(key) == value for one in others)}


def flat(spec: Any, key: str = "") -> dict[str, str]:
    """A spec as keys with dots and their values as JSON; what is called stands bare, as a class does."""
    if isinstance(spec, dict) and spec:
        parts = (flat(value, f"{key}.{name}" if key else str(name)) for name, value in _mapping(spec).items())
        return {name: text for part in parts for name, text in part.items()}
    if key.rpartition(".")[2] == TARGET and isinstance(spec, str):
        return {key: spec}
    return {key: json.dumps(spec, ensure_ascii=False)}


def _mapping(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    return spec


@dataclass(frozen=True)
class Links:
    """To which entry of the page each value and name links."""

    names: Mapping[tuple[str, str], str]
    """Axis and name, the newest spec of those that it stood for."""
    attempts: Mapping[tuple[str, ...], str]
    """By the names of a combination: its attempt, where that is listed, else where attempts like it ran."""

    def name(self, axis: str, name: str) -> str:
        """The id of the entry of a name; empty where it has none."""
        return self.names.get((axis, name), "")

    def value(self, board: Leaderboard, line: str, column: str) -> str:
        """The id of the entry behind a value of a leaderboard; empty where it has none, as a mean over runs."""
        own = {"capability": board.capability, "metric": board.metric, board.side: line, board.top: column}
        return self.attempts.get(tuple(own.get(axis, "") for axis in AXES), "")


def links_of(provenance: Provenance) -> Links:
    names: dict[tuple[str, str], str] = {}
    for place, one in enumerate(provenance.specs, start=1):
        names.setdefault((one.axis, one.name), f"name-{place}")
    listed = range(len(provenance.environments))
    several = len(provenance.environments) > 1
    ran = {key: f"environment-{at + 1}" for key, at in provenance.environment_of.items() if several and at in listed}
    shown = {one.names: f"attempt-{place}" for place, one in enumerate(provenance.attempts, start=1)}
    return Links(names, {**ran, **shown})
