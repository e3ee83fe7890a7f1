"""The tables to compare by, and the verdicts on requirements, of the newest values of a store or of a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sweeper.comparison.by_datum import DataReader
from sweeper.comparison.stored_repeats import stored_repeats
from sweeper.messages.outcome import Gap
from sweeper.records import OVERALL
from sweeper.report.export.values import newest_values
from sweeper.report.leaderboard import Leaderboard
from sweeper.report.marks import made
from sweeper.report.reading.required import read_required
from sweeper.report.sweep_states import failures_of
from sweeper.store.compute import pc
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.comparison.judged import JudgedModel
    from sweeper.store import Store

_SWEEPS = 20
"""So many sweeps are asked for names that stand for the same as another, the newest."""
Row = Mapping[str, Any]


class Boards(NamedTuple):
    """What is shown, the verdicts first."""

    verdicts: tuple[JudgedModel, ...]
    """Of the newest sweep that required anything; none where only some values are shown."""
    tables: list[Leaderboard]


def read_boards(store: Store, sweep_id: str | None, only: Mapping[str, str], repeats: Sequence[str]) -> Boards:
    """Verdicts and tables of the newest values; parameters and errors as for `newest_values`.

    `repeats` are swept keys that only repeat a run, by default those of the newest sweep.
    """
    values = newest_values(store, sweep_id, only)
    rows = newest_by_names(values.filter(pc.equal(values["scope"], OVERALL)).to_pylist())
    sweeps = store.sweep_ids()[-_SWEEPS:] if sweep_id is None else [sweep_id]
    repeats = repeats or stored_repeats(store, sweeps, sweep_id)
    gaps = [] if sweep_id is None or only else _gaps(store, sweep_id, rows)
    required = None if only else read_required(store, sweep_id)
    tables = made(rows, gaps, store.same_names(sweeps), repeats, DataReader(store))
    return Boards(required.verdicts if required is not None else (), tables)


def newest_by_names(rows: Iterable[Row]) -> list[Row]:
    """Of several values with the same names, which had other specs, the newest."""
    newest: dict[tuple[str, ...], Row] = {}
    for row in rows:
        names = tuple(row[name] or "" for name in (*AXES, "key", "scope"))
        if names not in newest or newest[names]["finished_at"] < row["finished_at"]:
            newest[names] = row
    return list(newest.values())


def _gaps(store: Store, sweep_id: str, rows: Iterable[Row]) -> list[Gap]:
    """What of a sweep failed and has no value."""
    measured = {row["fingerprint"] for row in rows}
    failed = (one for one in failures_of(store, sweep_id) if one.fingerprint not in measured)
    return [Gap(one.fingerprint, *one.names, status=one.status) for one in failed]
