"""What is compared: the values of a model, of a sweep, of a store, or those of an earlier time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.comparison.measured import Measured, measured_of
from sweeper.comparison.repeats import aggregated, without_repeats
from sweeper.comparison.stored_repeats import stored_repeats
from sweeper.errors import ConfigError, near_match
from sweeper.records import OVERALL

if TYPE_CHECKING:
    from sweeper.store import Store, Table

MODEL, SWEEP, STORE, DATE = "model", "sweep", "store", "date"
KINDS = (MODEL, SWEEP, STORE, DATE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LEAST = 8
"""So many characters of the id of a sweep stand for it, the day when it began."""
_NAMED = 10
"""So many names are listed in a message."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes
    ----------
    kind
        What it is: `model`, `sweep`, `store` or `date`.
    label
        It in words.
    store
        Where its values are.
    values
        Those that sum a run up; of several with the same names, the newest.
    """

    kind: str
    label: str
    store: Store
    values: tuple[Measured, ...]


def side(text: str, home: Store, opened: Callable[[str], Store], repeats: Sequence[str] = ()) -> Side:
    """The side that a word names.

    Parameters
    ----------
    text
        Name of a model; id of a sweep, how it begins, or its name, then its newest sweep; date or time (ISO 8601, UTC
        unless it says otherwise; a date alone is its end); path or URI of a store. `model:`, `sweep:`, `date:` or
        `store:` before it says which, where it could be several.
    home
        The store in which models, sweeps and dates are looked up.
    opened
        Gives the store at a path or URI.
    repeats
        Swept keys that only repeat a run: the mean over the runs stands in their place. Without any, a sweep has those
        that it was run with.

    Raises
    ------
    ConfigError
        It is none of these, or several.
    """
    kind, _, rest = text.partition(":")
    if kind in KINDS and rest:
        return _made(kind, rest, home, opened, repeats)
    kinds = [kind for kind in KINDS if _may_be(kind, text, home, repeats)]
    if len(kinds) == 1:
        return _made(kinds[0], text, home, opened, repeats)
    if kinds:
        words = " or ".join(f"{kind}:{text}" for kind in kinds)
        raise ConfigError(f"{text!r} is the name of a {' and of a '.join(kinds)}; write {words}.")
    raise ConfigError(_unknown(text, home))


def _may_be(kind: str, text: str, home: Store, repeats: Sequence[str]) -> bool:
    if kind == MODEL:
        return text in _models(home, repeats)
    if kind == SWEEP:
        return _sweep(text, home) is not None
    if kind == STORE:
        return "://" in text or Path(text).expanduser().is_dir()
    return _time(text) is not None


def _made(kind: str, text: str, home: Store, opened: Callable[[str], Store], repeats: Sequence[str]) -> Side:
    if kind == MODEL:
        return _of_model(text, home, repeats)
    if kind == SWEEP:
        return _of_sweep(text, home, repeats)
    if kind == DATE:
        return _of_date(text, home, repeats)
    store = opened(text)
    return Side(STORE, f"store {store.uri}", store, _values(store.results(), repeats))


def _of_model(name: str, home: Store, repeats: Sequence[str]) -> Side:
    values = tuple(value for value in _values(home.results(), repeats) if value.model == name)
    if not values:
        raise ConfigError(_unknown(name, home))
    return Side(MODEL, f"model {name}", home, values)


def _of_sweep(text: str, home: Store, repeats: Sequence[str]) -> Side:
    found = _sweep(text, home)
    if found is None:
        raise ConfigError(_unknown(text, home))
    sweep_id, name, ended = found
    rows = home.results_of(home.asked_combinations(sweep_id), until=ended)
    kept = repeats or stored_repeats(home, [sweep_id])
    return Side(SWEEP, f"sweep {sweep_id} ({name})", home, _values(rows, kept))


def _of_date(text: str, home: Store, repeats: Sequence[str]) -> Side:
    until = _time(text)
    if until is None:
        raise ConfigError(f"{text!r} is no date or time of ISO 8601; write 2026-03-15 or 2026-03-15T09:30.")
    return Side(DATE, f"as of {until:%Y-%m-%d %H:%M} UTC", home, _values(home.results_at(until), repeats))


def _values(rows: Table, repeats: Sequence[str]) -> tuple[Measured, ...]:
    from sweeper.store.compute import pc  # not before it is needed: so is what it imports

    newest: dict[tuple[str, ...], Mapping[str, Any]] = {}
    # There may be thousands of values by class and slice for each that sums a run up.
    for row in rows.filter(pc.equal(rows["scope"], OVERALL)).to_pylist():
        names = tuple(row[name] or "" for name in ("capability", "dataset", "model", "metric", "key"))
        if names not in newest or newest[names]["finished_at"] < row["finished_at"]:
            newest[names] = row
    return tuple(map(measured_of, aggregated(newest.values(), repeats)))


def _models(home: Store, repeats: Sequence[str] = ()) -> list[str]:
    names = {name for name in home.attempts(("model",))["model"].to_pylist() if name}
    return sorted({without_repeats(name, repeats) for name in names})


def _sweep(text: str, home: Store) -> tuple[str, str, datetime | None] | None:
    """As `find_sweep`; an id may also be that of a sweep with nothing to run, which has the values of its beginning."""
    found = find_sweep(text, home)
    if found is not None:
        return found
    ids = [sweep_id for sweep_id in home.sweep_ids() if len(text) >= LEAST and sweep_id.startswith(text)]
    if not ids:
        return None
    from sweeper.store.sweep_files import read_header  # not before it is needed: so is what it imports

    header = read_header(home.files, max(ids))
    return header.sweep_id, header.name, header.began


def find_sweep(text: str, home: Store, before: str | None = None) -> tuple[str, str, datetime | None] | None:
    """Id, name and end of the newest sweep that this could be; `None` if there is none.

    Parameters
    ----------
    text
        Its id, how that begins, or its name.
    before
        Only sweeps with a smaller id, which began before that one, are looked at.
    """
    known = known_sweeps(home)
    ends = {sweep: end for sweep, end in known.items() if before is None or sweep[0] < before}
    ids = [(sweep_id, name) for sweep_id, name in ends if text in (sweep_id, name)]
    ids = ids or [(sweep_id, name) for sweep_id, name in ends if len(text) >= LEAST and sweep_id.startswith(text)]
    return (*max(ids), ends[max(ids)]) if ids else None


def known_sweeps(home: Store) -> dict[tuple[str, str], datetime | None]:
    """Id and name of each sweep that attempted something, with its end."""
    ends: dict[tuple[str, str], datetime | None] = {}
    for row in home.attempts(("sweep_id", "sweep_name", "finished_at")).to_pylist():
        key, end = (row["sweep_id"] or "", row["sweep_name"] or ""), row["finished_at"]
        known = ends.setdefault(key, end)
        ends[key] = max((each for each in (known, end) if each is not None), default=None)
    return ends


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if _DAY.match(text) else None  # the id of a sweep may be a time without -
    except ValueError:
        return None
    if found is None:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found + timedelta(days=1, microseconds=-1) if len(text) <= len("2026-03-15") else found


def _unknown(text: str, home: Store) -> str:
    models = _models(home)
    sweeps = sorted({name for name in home.attempts(("sweep_name",))["sweep_name"].to_pylist() if name})
    listed, hint = ", ".join(models[:_NAMED]) or "none", near_match(text, [*models, *sweeps])
    return (
        f"{text!r} is no model, sweep or date of the store {home.uri}, and no store.{hint} "
        f"Models with results: {listed}; names of sweeps: {', '.join(sweeps[:_NAMED]) or 'none'}."
    )
