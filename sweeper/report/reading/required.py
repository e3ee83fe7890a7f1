"""What the sweeps of a store required, judged by the values that the store has now."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import compress
from typing import TYPE_CHECKING, TypeAlias

from sweeper.common.columns import Column
from sweeper.comparison.by_datum import DataReader
from sweeper.comparison.coverage import Names, names_of, needed
from sweeper.comparison.earlier import earlier_values
from sweeper.comparison.judging import Values, by_names, judge
from sweeper.errors import StoreError
from sweeper.messages.asked import AskedChoice, AskedSweep, SweepHeader
from sweeper.messages.outcome import NO_VALUES
from sweeper.report.report_data import Required
from sweeper.store import sweep_files
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.store import Store

NEWEST = 100
"""So many sweeps are asked what they required."""
_Slots: TypeAlias = list[Column[tuple[AskedChoice, ...]]]
_Named: TypeAlias = dict[str, list[Names]]
"""The names of combinations, by their fingerprint."""


def read_required(store: Store, sweep: str | None) -> Required | None:
    """The verdicts of the newest sweep that required anything, of this id or name where one is given.

    It is looked for among the newest sweeps, also those with nothing to run. One whose file cannot be read is passed
    over: `check` names it.
    """
    for sweep_id in reversed(store.sweep_ids()[-NEWEST:]):
        with suppress(StoreError):
            header = sweep_files.read_header(store.files, sweep_id)
            if header.requirements and sweep in (None, header.sweep_id, header.name):
                return _judged(store, store.asked_sweep(sweep_id))
    return None


def _judged(store: Store, asked: AskedSweep) -> Required:
    header = asked.header
    slots = _slots(asked)
    named = _named(header, slots, asked.fingerprints)
    values = _values(store, named)
    earlier = earlier_values(store, header.requirements, header.sweep_id)
    verdicts = judge(header.requirements, slots, values, DataReader(store), earlier, _ends(store, named, values))
    return Required(header.sweep_id, header.name, verdicts)


def _slots(asked: AskedSweep) -> _Slots:
    def of(places: tuple[int, ...]) -> tuple[AskedChoice, ...]:
        return tuple(asked.choices[place] for place in places)

    return [asked.columns[axis].mapped(of) for axis in AXES]


def _named(header: SweepHeader, slots: _Slots, fingerprints: Iterable[str]) -> _Named:
    """The combinations that the requirements are for, and those that they compare with."""
    wanted = compress(zip(fingerprints, names_of(slots), strict=True), needed(header.requirements, slots))
    named: _Named = {}
    for fingerprint, names in wanted:
        named.setdefault(fingerprint, []).append(names)
    return named


def _values(store: Store, named: _Named) -> Values:
    """Their newest values."""
    rows = store.results(named).to_pylist()
    return by_names(
        {**row, **dict(zip(AXES, names, strict=True))} for row in rows for names in named[row["fingerprint"]]
    )


def _ends(store: Store, named: _Named, values: Values) -> dict[Names, str]:
    """What became of those without a value that were attempted."""
    without = {key for key, of_key in named.items() if not values.keys() & set(of_key)}
    states = store.attempt_states(without) if without else {}
    ends = {key: NO_VALUES if state.completed else state.status for key, state in states.items()}
    return {names: end for key, end in ends.items() for names in named[key]}
