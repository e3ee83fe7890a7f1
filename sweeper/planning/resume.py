"""From a plan to what its sweep asked for, and from that back to the combinations that are left of it. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sweeper.errors import ConfigError, near_match
from sweeper.messages.asked import AskedChoice, AskedSweep, Column, SweepHeader
from sweeper.planning.decisions import Planned
from sweeper.planning.fingerprint import digest, fingerprint, spec_of
from sweeper.vocabulary import AXES, Arity, Choice, Combination, Runtime

LEFT = "asked for by {} and not completed since"
DONE = "completed since {} began"
SKIPPED = "skipped by {} too: {}"
NEWEST = 5
"""How many ids of sweeps a message names."""
Done = Collection[tuple[str, ...]]
"""Fingerprint and the names on the four axes of what has completed."""


def asked_for(header: SweepHeader, items: Sequence[Planned]) -> AskedSweep:
    """What a sweep with this plan asks for."""
    places: dict[Choice, int] = {}
    columns = {axis: _column((item.combination[i] for item in items), places) for i, axis in enumerate(AXES)}
    return AskedSweep(
        header,
        [_told(choice) for choice in places],
        [item.fingerprint for item in items],
        columns,
        [item.run for item in items],
        [item.reason for item in items],
    )


def _column(slots: Iterable[Any], places: dict[Choice, int]) -> Column:
    """The choices of one axis, each set of them once; `places` learns each choice."""
    seen: dict[Any, int] = {}
    codes = [seen.setdefault(slot, len(seen)) for slot in slots]
    sets = ((slot,) if isinstance(slot, Choice) else slot for slot in seen)
    return Column([tuple(places.setdefault(choice, len(places)) for choice in choices) for choices in sets], codes)


def _told(choice: Choice) -> AskedChoice:
    return AskedChoice(choice.axis, choice.name, choice.base, choice.canonical, _runtime_text(choice.runtime))


def _runtime_text(runtime: Runtime) -> str:
    values = {f.name: getattr(runtime, f.name) for f in fields(Runtime)}
    return json.dumps({k: v for k, v in values.items() if v not in (None, (), {})}, default=_arity_name)


def _arity_name(value: Any) -> str:
    if isinstance(value, Arity):
        return value.name
    raise TypeError(f"{value!r} is no plain data")


# And back


def remaining(asked: AskedSweep, done: Done) -> list[Planned]:
    """Every combination that a sweep covered: what it was to run and did not complete runs, the rest is skipped.

    Parameters
    ----------
    done
        What that sweep or a later one has completed.

    Raises
    ------
    ConfigError
        A combination that is to run has another fingerprint now: another version of sweeper wrote it down.
    """
    is_done = _Done(asked, done)
    items: list[Planned] = []
    for combination, key, run, reason in zip(
        combinations(asked), asked.fingerprints, asked.run, asked.reasons, strict=True
    ):
        ended = run and is_done(combination, key)
        items.append(Planned(combination, key, run and not ended, _reason(asked.header.sweep_id, run, ended, reason)))
    for item in items:
        _check_identity(item, asked.header)
    return items


def _reason(sweep_id: str, run: bool, ended: bool, reason: str) -> str:
    if not run:
        return reason if reason.startswith(SKIPPED[:10]) else SKIPPED.format(sweep_id, reason)
    return (DONE if ended else LEFT).format(sweep_id)


class _Done:
    """Whether a combination has completed; by its names too where one sweep asked for a fingerprint several times."""

    def __init__(self, asked: AskedSweep, done: Done) -> None:
        self._whole, self._fingerprints = done, {key for key, *_ in done}
        counted = Counter(key for key, run in zip(asked.fingerprints, asked.run, strict=True) if run)
        self._repeated = {key for key, n in counted.items() if n > 1}

    def __call__(self, combination: Combination, key: str) -> bool:
        return (key, *combination.names) in self._whole if key in self._repeated else key in self._fingerprints


def combinations(asked: AskedSweep) -> list[Combination]:
    """The combinations of a sweep, in its order."""
    choices = [_choice(choice) for choice in asked.choices]
    sets = [[tuple(choices[place] for place in places) for places in asked.columns[axis].values] for axis in AXES]
    rows = zip(*(asked.columns[axis].codes for axis in AXES), strict=True)
    first, *others = sets
    return [Combination(first[c][0], *(of[code] for of, code in zip(others, codes, strict=True))) for c, *codes in rows]


def _choice(asked: AskedChoice) -> Choice:
    spec = spec_of(asked.spec)
    return Choice(asked.axis, asked.name, spec, asked.spec, digest(asked.spec), asked.base, _runtime(asked.runtime))


def _runtime(text: str) -> Runtime:
    values: Mapping[str, Any] = json.loads(text)
    known = {f.name: values[f.name] for f in fields(Runtime) if f.name in values}
    typed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
    if "arity" in typed:
        typed["arity"] = {axis: Arity[name] for axis, name in typed["arity"].items()}
    return Runtime(**typed)


def _check_identity(item: Planned, header: SweepHeader) -> None:
    if item.run and fingerprint(item.combination) != item.fingerprint:
        raise ConfigError(
            f"{item.combination.label()} of sweep {header.sweep_id} has another fingerprint here: it was written by "
            f"sweeper {header.sweeper_version or '?'}. Resume it with that version, or run the sweep anew."
        )


def find_sweep_id(wanted: str, known: Sequence[str], attempted: Callable[[], Iterable[str]] = tuple) -> str:
    """The one id of a sweep that is, or begins with, what the user wrote.

    Parameters
    ----------
    known
        Ids of the sweeps of a store, the newest last.
    attempted
        Ids of all sweeps that ran something, asked for where none is known: older versions left no file.

    Raises
    ------
    ConfigError
        None does, or several do; the newest ids are named.
    """
    if wanted in known:
        return wanted
    begins = [sweep_id for sweep_id in known if sweep_id.startswith(wanted)]
    if len(begins) == 1:
        return begins[0]
    if begins:
        raise ConfigError(f"resume={wanted}: several sweeps begin so: {_newest(begins)}. Write more of the id.")
    if older := next((sweep_id for sweep_id in attempted() if sweep_id.startswith(wanted)), None):
        raise ConfigError(
            f"resume={wanted}: sweep {older} left no file of what it asked for, as those of sweeper 0.1. Run it again "
            "as it was run, with rerun=missing, which skips what has completed."
        )
    there = f"the newest it has are {_newest(known)}" if known else "it has none yet"
    raise ConfigError(f"resume={wanted}: the store has no such sweep; {there}.{near_match(wanted, known)}")


def _newest(ids: Sequence[str]) -> str:
    return ", ".join(ids[: -NEWEST - 1 : -1])
