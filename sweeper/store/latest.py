"""A store of the newest results alone, written beside the store that they come from.

A rerun keeps what was measured before, and capabilities of checkmaite give a rerun the `run_uid` of the run before. So
who joins `runs` and a payload table on `run_uid` counts such a run several times. In the store that is written here
each `run_uid` stands once, and only what counts: of each combination the newest completed attempt. Runs outside of
sweeps (`sweeper.jobs`, checkmaite) have no combination; of those with one `run_uid` the newest is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from sweeper.messages.outcome import FAILING
from sweeper.store import accepted_files, formats, outcome_files, sealed
from sweeper.store.arrow_columns import TIME
from sweeper.store.compute import pc
from sweeper.store.files import Files
from sweeper.store.live_files import retry_while_files_vanish
from sweeper.store.newest_attempts import COMPLETED, joined, newest
from sweeper.store.parquet import SCHEMA_FILE, encode, encode_large, new_name, read_all, union
from sweeper.store.schema import ATTEMPTS, RUN_TABLE
from sweeper.store.streamed import GROUP_BYTES, parts
from sweeper.store.tables import Tables

_RUN = pa.schema([("run_uid", pa.string()), ("job_id", pa.string()), ("status", pa.string()), ("finished_at", TIME)])
"""A run that counts, as `newest` takes it."""
_KEY = ("run_uid", "job_id")
Keep = Callable[[pa.Table], pa.Table]
"""Of some rows of a table, those that are written."""


@dataclass(frozen=True)
class Exported:
    """What was written."""

    uri: str
    runs: int
    rows: dict[str, int] = field(default_factory=dict[str, int])
    """How many rows each table has."""
    sharing: int = 0
    """How many combinations are left out, since a newer run of another one has their `run_uid`."""


def export_latest(source: Files, target: Files) -> Exported:
    """Write the newest results of a store to another one, which is empty.

    Parameters
    ----------
    source
        The store to read; others may write to it meanwhile.
    target
        Where to write. What is there already is not looked at: the caller does.

    Raises
    ------
    StoreError
        The source cannot be read, or changes faster than it can be read.
    OSError
        The target cannot be written.
    """
    attempts = retry_while_files_vanish(partial(_attempts, source))
    named = newest(attempts.filter(pc.equal(attempts["status"], COMPLETED)))
    named = named.filter(pc.is_valid(named["result_run_uid"]))
    payload = [table for table in Tables(source).names() if table not in (ATTEMPTS, RUN_TABLE)]
    others = [retry_while_files_vanish(partial(_outside_sweeps, source, table, attempts)) for table in payload]
    of_attempts = _as_runs(named["result_run_uid"], named["job_id"], named["finished_at"])
    chosen = newest(pa.concat_tables([of_attempts, *others]), ("run_uid",))
    formats.announce(target)
    rows = {table: _copy(source, target, table, partial(_of_runs, _keys(chosen, _KEY))) for table in payload}
    entities = retry_while_files_vanish(partial(_entities, source, chosen))
    rows[RUN_TABLE] = _copy(source, target, RUN_TABLE, partial(_of_runs, entities))
    rows[ATTEMPTS] = _copy(source, target, ATTEMPTS, partial(_of_attempts, _kept_attempts(attempts, named, chosen)))
    outcome_files.copy(source, target, filter(None, named["inference_id"].to_pylist()))
    accepted_files.copy(source, target, named["fingerprint"].combine_chunks())
    sharing = len(of_attempts) - len(pc.unique(of_attempts["run_uid"]))
    return Exported(target.uri, len(chosen), {table: n for table, n in sorted(rows.items()) if n}, sharing)


# Which runs count


def _attempts(source: Files) -> pa.Table:
    """What tells of every attempt whether it counts."""
    columns = ("attempt_id", "fingerprint", "status", "finished_at", "result_run_uid", "job_id", "inference_id")
    empty = Tables(source).attempts(columns).slice(0, 0)
    return union(ATTEMPTS, [empty, *parts(source, ATTEMPTS, columns)])


def _as_runs(run_uids: pa.ChunkedArray, job_ids: pa.ChunkedArray, ended: pa.ChunkedArray) -> pa.Table:
    status = pa.array([COMPLETED] * len(run_uids), pa.string())
    return pa.table([run_uids, job_ids, status, ended.cast(TIME)], schema=_RUN)


def _outside_sweeps(source: Files, table: str, attempts: pa.Table) -> pa.Table:
    """The runs of a payload table that belong to no combination, and when each was written."""
    attempted = _joined(attempts["result_run_uid"], attempts["job_id"])
    found = [_RUN.empty_table()]
    for rows in parts(source, table, (*_KEY, "fingerprint", "created_at")):
        mine = _with_columns(rows, {"job_id": pa.string(), "fingerprint": pa.string(), "created_at": TIME})
        mine = mine.filter(pc.is_null(mine["fingerprint"]))
        mine = mine.filter(pc.invert(pc.is_in(_joined(mine["run_uid"], mine["job_id"]), attempted)))
        found.append(_last_written(mine))
    return newest(pa.concat_tables(found), ("run_uid",))


def _last_written(rows: pa.Table) -> pa.Table:
    """Each run in these rows, with the time of the last of them."""
    ended = rows.group_by(list(_KEY)).aggregate([("created_at", "max")])
    return _as_runs(ended["run_uid"], ended["job_id"], ended["created_at_max"])


def _with_columns(rows: pa.Table, kinds: dict[str, pa.DataType]) -> pa.Table:
    """Rows with all of these columns; one that they lack is null."""
    for name, kind in kinds.items():
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(len(rows), kind))
    return rows


def _joined(run_uids: pa.ChunkedArray, job_ids: pa.ChunkedArray) -> pa.Array:
    return joined(pa.table([run_uids, job_ids], names=list(_KEY)), _KEY)


def _keys(rows: pa.Table, columns: Sequence[str]) -> pa.Array:
    return joined(_with_columns(rows, {"job_id": pa.string()}), columns)


def _entities(source: Files, chosen: pa.Table) -> pa.Array:
    """Which rows of `runs` belong to the runs that count: for one whose payload names no job, those of its newest."""
    unnamed = chosen.filter(pc.is_null(chosen["job_id"]))["run_uid"].combine_chunks()
    found = [chosen.filter(pc.is_valid(chosen["job_id"]))]
    for rows in parts(source, RUN_TABLE, (*_KEY, "created_at")) if len(unnamed) else ():
        mine = _with_columns(rows, {"job_id": pa.string(), "created_at": TIME})
        mine = mine.filter(pc.is_in(mine["run_uid"], unnamed))
        found.append(_last_written(mine))
    return _keys(newest(pa.concat_tables(found), ("run_uid",)), _KEY)


def _kept_attempts(attempts: pa.Table, named: pa.Table, chosen: pa.Table) -> pa.Array:
    """The attempts behind the runs that count, and the newest failed one of each combination, which ages its value."""
    counts = pc.is_in(_joined(named["result_run_uid"], named["job_id"]), _keys(chosen, _KEY))
    failing = newest(attempts.filter(pc.is_in(attempts["status"], pa.array(list(FAILING)))))
    kept = pa.concat_tables([named.filter(counts), failing])
    return _keys(kept, ("attempt_id", "status"))


# What is written


def _of_runs(keys: pa.Array, rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_in(_keys(rows, _KEY), keys))


def _of_attempts(keys: pa.Array, rows: pa.Table) -> pa.Table:
    return rows.filter(pc.is_in(joined(rows, ("attempt_id", "status")), keys))


def _copy(source: Files, target: Files, table: str, keep: Keep) -> int:
    """Write the rows of a table that are kept, and its schema file; returns how many. Begins again after a merge."""
    written: list[str] = []

    def copy() -> int:
        target.remove_all(table, written)
        written.clear()
        empty = _schema_file(source, target, table)
        return sum(
            _write(target, table, [*empty, *group], written) for group in _sized(map(keep, parts(source, table)))
        )

    return retry_while_files_vanish(copy)


def _schema_file(source: Files, target: Files, table: str) -> list[pa.Table]:
    """The schema file of a table, if it has one, copied."""
    if SCHEMA_FILE not in source.names(table):
        return []
    empty = list(read_all(source, table, [SCHEMA_FILE]).values())
    for rows in empty:
        sealed.put(target, table, SCHEMA_FILE, encode(rows))
    return empty


def _sized(tables: Iterable[pa.Table]) -> Iterable[list[pa.Table]]:
    """Tables with rows, together as large as one file is to be."""
    group: list[pa.Table] = []
    for rows in tables:
        group += [rows] if len(rows) else []
        if sum(part.nbytes for part in group) > GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


def _write(target: Files, table: str, group: Sequence[pa.Table], written: list[str]) -> int:
    rows = union(table, group)
    rows = rows.select([column.name for column in rows.schema if column.type != pa.null()])
    written.append(new_name())
    sealed.put(target, table, written[-1], encode_large(rows))
    return len(rows)
