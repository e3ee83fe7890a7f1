"""From a plan to what its sweep asked for, and from that back to the combinations that are left of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import itemgetter
from typing import Any

from sweeper.common.columns import Column, Digests
from sweeper.errors import ConfigError, near_match
from sweeper.messages.asked import AskedChoice, AskedSweep, SweepHeader
from sweeper.messages.left_of import Completed, Done
from sweeper.planning.combinations import Combinations, Identified, Planned, PlannedItems
from sweeper.planning.fingerprint import digest, fingerprints, spec_of
from sweeper.planning.grid import Grid, kept_by_rules
from sweeper.vocabulary import AXES, Arity, Choice, Runtime

LEFT = "asked for by {} and not completed since"
DONE = "completed since {} began"
SKIPPED = "skipped by {} too: {}"
NEWEST = 5
"""How many ids of sweeps a message names."""


def asked_for(header: SweepHeader, items: Sequence[Planned]) -> AskedSweep:
    """What a sweep with this plan asks for."""
    planned = PlannedItems.of(items)
    places: dict[Choice, int] = {}
    columns = {
        axis: column.compact().mapped(lambda slot: tuple(places.setdefault(choice, len(places)) for choice in slot))
        for axis, column in zip(AXES, planned.identified.combinations.axes, strict=True)
    }
    run, reasons = (planned.verdicts.mapped(itemgetter(part)) for part in (0, 1))
    return AskedSweep(header, [*map(_told, places)], planned.identified.fingerprints, columns, run, reasons)


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


def remaining(asked: AskedSweep, completed: Completed) -> PlannedItems:
    """Every combination that a sweep covered: what it was to run and did not complete runs, the rest is skipped.

    Parameters
    ----------
    completed
        What that sweep or a later one has completed.

    Raises
    ------
    ConfigError
        A combination that is to run has another fingerprint now: another version of sweeper wrote it down.
    """
    is_done, sweep_id = Done(asked, completed), asked.header.sweep_id
    pairs = Identified(combinations(asked), Digests.of(asked.fingerprints))
    ended = (run and is_done(one.names, key) for (one, key), run in zip(pairs, asked.run, strict=True))
    verdicts = (
        (run and not end, _reason(sweep_id, run, end, reason))
        for run, end, reason in zip(asked.run, ended, asked.reasons, strict=True)
    )
    items = PlannedItems(pairs, Column.of(verdicts))
    _check_identity(items.where(items.runs), asked.header)
    return items


def narrowed(items: PlannedItems, grid: Grid) -> PlannedItems:
    """The same, of which only what the rules of a grid keep runs.

    Raises
    ------
    ConfigError
        A rule matches nothing of what is left.
    """
    if not (grid.only or grid.exclude):
        return items
    left = items.where(items.runs)
    kept = iter(kept_by_rules(left.identified.combinations, grid))
    verdicts = ((True, item.reason) if item.run and next(kept) else (False, _outside(item)) for item in items)
    return PlannedItems(items.identified, Column.of(verdicts))


def _outside(item: Planned) -> str:
    return f"{item.reason}, and left out by only or exclude" if item.run else item.reason


def _reason(sweep_id: str, run: bool, ended: bool, reason: str) -> str:
    if not run:
        return reason if reason.startswith(SKIPPED[:10]) else SKIPPED.format(sweep_id, reason)
    return (DONE if ended else LEFT).format(sweep_id)


def combinations(asked: AskedSweep) -> Combinations:
    """The combinations of a sweep, in its order."""
    choices = [_choice(choice) for choice in asked.choices]
    return Combinations(
        asked.columns[axis].mapped(lambda places: tuple(choices[place] for place in places)) for axis in AXES
    )


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


def _check_identity(items: PlannedItems, header: SweepHeader) -> None:
    now = fingerprints(items.identified.combinations)
    for item, fingerprint in zip(items, now, strict=True) if now != items.identified.fingerprints else ():
        if fingerprint != item.fingerprint:
            raise ConfigError(
                f"{item.combination.label()} of sweep {header.sweep_id} has another fingerprint here: it was written "
                f"by sweeper {header.sweeper_version or '?'}. Resume it with that version, or run the sweep anew."
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
    there = f"The newest it has are {_newest(known)}." if known else "It has none yet."
    raise ConfigError(f"resume={wanted}: the store has no such sweep.{near_match(wanted, known)} {there}")


def _newest(ids: Sequence[str]) -> str:
    return ", ".join(ids[: -NEWEST - 1 : -1])
