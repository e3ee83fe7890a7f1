"""What is compared: the values of a model, of a sweep, of a store, or those of an earlier time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.comparison.measured import Measured, measured_of
from sweeper.comparison.repeats import aggregated, without_repeats
from sweeper.comparison.stored_repeats import stored_repeats
from sweeper.comparison.sweeps import known_sweeps, sweep_of
from sweeper.errors import ConfigError, near_match
from sweeper.records import OVERALL

if TYPE_CHECKING:
    from sweeper.store import Store, Table

MODEL, SWEEP, STORE, DATE = "model", "sweep", "store", "date"
KINDS = (MODEL, SWEEP, STORE, DATE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
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


@dataclass(frozen=True)
class Sides:
    """Finds what words name.

    Attributes
    ----------
    home
        The store in which models, sweeps and dates are looked up.
    opened
        Gives the store at a path or URI.
    repeats
        Swept keys that only repeat a run: the mean over the runs stands in their place. Without any, a sweep has those
        that it was run with.
    """

    home: Store
    opened: Callable[[str], Store]
    repeats: Sequence[str] = ()

    def named(self, text: str) -> Side:
        """The side that a word names.

        Parameters
        ----------
        text
            Name of a model; id of a sweep, how it begins, or its name, then its newest sweep; date or time (ISO 8601,
            UTC unless it says otherwise; a date alone is its end); path or URI of a store. `model:`, `sweep:`, `date:`
            or `store:` before it says which, where it could be several.

        Raises
        ------
        ConfigError
            It is none of these, or several.
        """
        kind, _, rest = text.partition(":")
        if kind in KINDS and rest:
            return self._made(kind, rest)
        kinds = [kind for kind in KINDS if self._may_be(kind, text)]
        if len(kinds) == 1:
            return self._made(kinds[0], text)
        if kinds:
            words = " or ".join(f"{kind}:{text}" for kind in kinds)
            raise ConfigError(f"{text!r} is the name of a {' and of a '.join(kinds)}; write {words}.")
        raise self._unknown(text)

    def _may_be(self, kind: str, text: str) -> bool:
        if kind == MODEL:
            return text in self._models
        if kind == SWEEP:
            return sweep_of(text, self.home) is not None
        if kind == STORE:
            return "://" in text or Path(text).expanduser().is_dir()
        return _time(text) is not None

    def _made(self, kind: str, text: str) -> Side:
        of_kind = {MODEL: self._of_model, SWEEP: self._of_sweep, DATE: self._of_date, STORE: self._of_store}
        return of_kind[kind](text)

    def _of_model(self, name: str) -> Side:
        values = tuple(value for value in _values(self.home.results(), self.repeats) if value.model == name)
        if not values:
            raise self._unknown(name)
        return Side(MODEL, f"model {name}", self.home, values)

    def _of_sweep(self, text: str) -> Side:
        found = sweep_of(text, self.home)
        if found is None:
            raise self._unknown(text)
        sweep_id, name, ended = found
        rows = self.home.results_of(self.home.asked_combinations(sweep_id), until=ended)
        repeats = self.repeats or stored_repeats(self.home, [sweep_id])
        return Side(SWEEP, f"sweep {sweep_id} ({name})", self.home, _values(rows, repeats))

    def _of_date(self, text: str) -> Side:
        until = _time(text)
        if until is None:
            raise ConfigError(f"{text!r} is no date or time of ISO 8601; write 2026-03-15 or 2026-03-15T09:30.")
        values = _values(self.home.results_at(until), self.repeats)
        return Side(DATE, f"as of {until:%Y-%m-%d %H:%M} UTC", self.home, values)

    def _of_store(self, uri: str) -> Side:
        store = self.opened(uri)
        return Side(STORE, f"store {store.uri}", store, _values(store.results(), self.repeats))

    @cached_property
    def _models(self) -> list[str]:
        names = {name for name in self.home.attempts(("model",))["model"].to_pylist() if name}
        return sorted({without_repeats(name, self.repeats) for name in names})

    def _unknown(self, text: str) -> ConfigError:
        sweeps = sorted({name for _, name in known_sweeps(self.home) if name})
        listed, hint = ", ".join(self._models[:_NAMED]) or "none", near_match(text, [*self._models, *sweeps])
        return ConfigError(
            f"{text!r} is no model, sweep or date of the store {self.home.uri}, and no store.{hint} "
            f"Models with results: {listed}; names of sweeps: {', '.join(sweeps[:_NAMED]) or 'none'}."
        )


def _values(rows: Table, repeats: Sequence[str]) -> tuple[Measured, ...]:
    from sweeper.store.compute import pc  # not before it is needed: so is what it imports

    newest: dict[tuple[str, ...], Mapping[str, Any]] = {}
    # There may be thousands of values by class and slice for each that sums a run up.
    for row in rows.filter(pc.equal(rows["scope"], OVERALL)).to_pylist():
        names = tuple(row[name] or "" for name in ("capability", "dataset", "model", "metric", "key"))
        if names not in newest or newest[names]["finished_at"] < row["finished_at"]:
            newest[names] = row
    return tuple(map(measured_of, aggregated(newest.values(), repeats)))


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if _DAY.match(text) else None  # the id of a sweep may be a time without -
    except ValueError:
        return None
    if found is None:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found + timedelta(days=1, microseconds=-1) if len(text) <= len("2026-03-15") else found
