"""What the tables mean: which attempt of a combination counts, and one flat row per measured value."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sweeper.store import catalog, journal, names
from sweeper.store.compute import pc
from sweeper.store.files import Files
from sweeper.store.parquet import VanishedError, warn_of_damage
from sweeper.store.schema import ATTEMPTS, TIME

if TYPE_CHECKING:
    from sweeper.store.store import Store

PAIR = " + "
"""Between the names of several parts on one axis."""
_STATE_COLUMNS = ("fingerprint", "status", "finished_at", "code_revision", "data_revision", "duration_s")
RESULTS = pa.schema(
    [
        *((name, pa.string()) for name in ("capability", "dataset", "model", "metric", "key")),
        ("value", pa.float64()),
        ("scope", pa.string()),
        ("higher_is_better", pa.bool_()),
        ("sweep", pa.string()),
        ("fingerprint", pa.string()),
        ("finished_at", TIME),
        ("duration_s", pa.float64()),
    ]
)
_FROM_ATTEMPTS = ("capability", "dataset", "model", "metric", "fingerprint", "finished_at", "duration_s")
_KEY_VALUE = (("output_key", "output_value"), ("key", "value"))
OVERALL = "overall"
"""The scope of a value that sums a run up; others are of a class, an item, a severity, a feature."""
_IDS = {"run_uid", "job_id", "fingerprint", "created_at"}


@dataclass(frozen=True, slots=True)
class AttemptState:
    """The newest completed attempt of a fingerprint, or where there is none its newest attempt."""

    completed: bool
    status: str
    code_revision: str | None = None
    data_revision: str | None = None
    duration_s: float | None = None


def states(files: Files, wanted: Collection[str], *, details: bool) -> dict[str, AttemptState]:
    """See `Store.attempt_states`: names tell of single attempts, only files of many rows are opened."""
    return catalog.steadily(lambda: _states(files, wanted, details))


Rank = tuple[bool, int]
"""Whether an attempt completed, and when: the greater counts."""


def _states(files: Files, wanted: Collection[str], details: bool) -> dict[str, AttemptState]:
    waiting = journal.waiting(files)
    singles, opened = _singles(files, catalog.live(files, ATTEMPTS, waiting), wanted)
    found: dict[str, tuple[Rank, AttemptState]] = {}
    if details:
        opened += [name for _, _, name in singles.values()]
    else:
        found = {key: (rank, AttemptState(rank[0], status)) for key, (rank, status, _) in singles.items()}
    table = catalog.read_chosen(files, ATTEMPTS, opened, waiting, _STATE_COLUMNS)
    for key, rank, state in _read_states(table, wanted) if table is not None else ():
        if key not in found or rank >= found[key][0]:
            found[key] = (rank, state)
    return {key: state for key, (_, state) in found.items()}


def _singles(
    files: Files, live: Sequence[str], wanted: Collection[str]
) -> tuple[dict[str, tuple[Rank, str, str]], list[str]]:
    """The attempt that counts of each fingerprint by the names of files: rank, status and name; and the other files."""
    singles: dict[str, tuple[Rank, str, str]] = {}
    others: list[str] = []
    sizes: Mapping[str, int] = {}
    for name in live:
        said = names.parse(name)
        if said is None:
            others.append(name)
        elif said.fingerprint in wanted:
            sizes = sizes or files.sizes(ATTEMPTS)
            if _is_whole(files, name, said.size, sizes):
                rank = (said.status == "completed", said.milliseconds)
                if said.fingerprint not in singles or rank >= singles[said.fingerprint][0]:
                    singles[said.fingerprint] = (rank, said.status, name)
    return singles, others


def _is_whole(files: Files, name: str, size: int, sizes: Mapping[str, int]) -> bool:
    if name not in sizes:
        raise VanishedError(f"{files.uri}/{ATTEMPTS}/{name} is gone since it was listed.")
    if sizes[name] != size:
        warn_of_damage(files, ATTEMPTS, name, f"it has {sizes[name]} bytes and was written with {size}.")
    return sizes[name] == size


def _read_states(table: pa.Table, wanted: Collection[str]) -> Iterator[tuple[str, Rank, AttemptState]]:
    table = table.filter(pc.is_in(table["fingerprint"], pa.array(list(wanted), pa.string())))
    for row in newest(table).to_pylist():
        completed = row["status"] == "completed"
        rank = (completed, int(row["finished_at"].timestamp() * 1000) if row["finished_at"] else 0)
        details = (row["code_revision"], row["data_revision"], row["duration_s"])
        yield row["fingerprint"], rank, AttemptState(completed, row["status"], *details)


def newest(attempts: pa.Table) -> pa.Table:
    """One attempt per fingerprint: the newest completed one, else the newest."""
    completed = pc.equal(attempts["status"], "completed").cast(pa.int8())
    ordered = attempts.append_column("_rank", completed).sort_by(
        [("fingerprint", "ascending"), ("_rank", "descending"), ("finished_at", "descending")]
    )
    if not len(ordered):
        return attempts
    keys = ordered["fingerprint"].combine_chunks()
    first = pa.concat_arrays([pa.array([True]), pc.not_equal(keys[1:], keys[:-1])])
    return ordered.filter(first).drop_columns(["_rank"])


def entities(store: Store, fingerprints: Collection[str]) -> set[tuple[str, str, str]]:
    """Axis, name of the choice and the object's own id, for every part that is alone on its axis."""
    attempts = counting(store, fingerprints, None).select(["result_run_uid", "dataset", "model", "metric"])
    runs = catalog.read_live(store.files, "runs", ["run_uid", "entity_type", "entity_id"])
    if runs is None:
        return set()
    named = runs.join(attempts, "run_uid", "result_run_uid", "inner").to_pylist()
    return {(r["entity_type"], r[r["entity_type"]], r["entity_id"]) for r in named if PAIR not in r[r["entity_type"]]}


def results(store: Store, fingerprints: Collection[str] | None, sweep_id: str | None) -> pa.Table:
    """See `Store.results`."""
    attempts = counting(store, fingerprints, sweep_id)
    parts: list[pa.Table] = []
    for table in pc.unique(attempts["payload_table"]).drop_null().to_pylist():
        mine = attempts.filter(pc.equal(attempts["payload_table"], table))
        parts += _values(mine, store.table(table))
    return pa.concat_tables(parts).select(RESULTS.names) if parts else RESULTS.empty_table()


def counting(store: Store, fingerprints: Collection[str] | None, sweep_id: str | None) -> pa.Table:
    """The newest completed attempt of each fingerprint, of those and of the sweep that are named."""
    attempts = store.attempts()
    attempts = attempts.filter(pc.equal(attempts["status"], "completed"))
    if fingerprints is not None:
        attempts = attempts.filter(pc.is_in(attempts["fingerprint"], pa.array(list(fingerprints), pa.string())))
    if sweep_id is not None:
        attempts = attempts.filter(pc.equal(attempts["sweep_id"], sweep_id))
    return newest(attempts)


def _values(attempts: pa.Table, payload: pa.Table) -> list[pa.Table]:
    """Measured values of these attempts, long: one table for each value column of the payload."""
    chosen = attempts.select([*_FROM_ATTEMPTS, "sweep_name", "result_run_uid", "job_id"])
    chosen = chosen.rename_columns(["sweep" if n == "sweep_name" else n for n in chosen.column_names])
    payload = payload.filter(pc.is_in(payload["run_uid"], chosen["result_run_uid"].combine_chunks()))
    return [
        chosen.join(values, ["result_run_uid", "job_id"], ["run_uid", "job_id"], "inner").cast(_typed(chosen))
        for values in _long(payload)
    ]


def _typed(chosen: pa.Table) -> pa.Schema:
    kinds = {**{f.name: f.type for f in RESULTS}, "result_run_uid": pa.string(), "job_id": pa.string()}
    order = [*chosen.column_names, "key", "value", "scope", "higher_is_better"]
    return pa.schema([(name, kinds[name]) for name in order])


def _long(payload: pa.Table) -> Iterator[pa.Table]:
    """One row per value, from a pair of key and value columns, else from every numeric column."""
    has = set(payload.column_names)
    base = {name: payload[name] for name in ("run_uid", "job_id")}
    rest = {
        "scope": pc.fill_null(payload["scope"], OVERALL) if "scope" in has else pa.array([OVERALL] * len(payload)),
        "higher_is_better": payload["higher_is_better"]
        if "higher_is_better" in has
        else pa.nulls(len(payload), pa.bool_()),
    }
    for key, value in _KEY_VALUE:
        if {key, value} <= has:
            yield _columns(base, payload[key], payload[value], rest)
            return
    for field in payload.schema:
        if field.name not in _IDS and (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
            key_column = pa.array([field.name] * len(payload), pa.string())
            yield _columns(base, key_column, payload[field.name], rest)


def _columns(base: dict[str, Any], key: Any, value: Any, rest: dict[str, Any]) -> pa.Table:
    return pa.table({**base, "key": key, "value": pc.cast(value, pa.float64()), **rest})
