"""Completed attempts whose rows are gone: a file of their payload table was lost, or could not be read.

A run writes its payload before its attempt, so an attempt that completed has its rows, unless something was lost since.
As long as it says that it completed, nobody runs it again. Rows in `runs` are not missed: a run need not have any.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from sweeper.store import journal, live_files
from sweeper.store.compute import pc
from sweeper.store.files import Files
from sweeper.store.finding import Finding, Kind
from sweeper.store.newest_attempts import COMPLETED
from sweeper.store.parquet import read_all
from sweeper.store.rewriting import keep_only
from sweeper.store.schema import ATTEMPTS, TABLE_SEPARATOR
from sweeper.vocabulary import AXES

NAMED = 3
"""So many attempts of one file are named, the others counted."""
_OF_ATTEMPT = ("result_run_uid", "job_id")
_OF_PAYLOAD = ("run_uid", "job_id")
"""The columns by which a view finds the rows of an attempt."""
_NEEDED = (*_OF_ATTEMPT, *AXES, "status", "payload_table", "further_tables")


@dataclass(frozen=True)
class Rowless:
    """The completed attempts in one file whose rows are gone."""

    name: str
    keys: frozenset[str]
    """What finds the rows of each."""
    labels: tuple[str, ...]
    """Each in words, the first few: `evaluate · digits · svm · accuracy`."""
    tables: tuple[str, ...]
    """Where the rows should be."""

    def finding(self) -> Finding:
        """The same for people."""
        more = f" and {len(self.keys) - NAMED} more" if len(self.keys) > NAMED else ""
        reason = f"{', '.join(self.labels)}{more} completed, and the rows in {', '.join(self.tables)} are gone"
        return Finding(ATTEMPTS, self.name, reason, Kind.ROWLESS)


def found(files: Files, *, sure: bool) -> list[Rowless]:
    """The files with such attempts. With `sure`, no table is judged that has a file which cannot be read just now."""
    completed = _completed(files)  # before the payload: an attempt that appears meanwhile has its rows too
    tables = {table for rows in completed.values() for table in rows["payload_table"].unique().to_pylist()}
    there = {table: _keys_in(files, table, sure=sure) for table in sorted(tables)}
    gone = (_gone(name, rows, there) for name, rows in completed.items())
    return [one for one in gone if one is not None]


def take_out(files: Files, rowless: Rowless) -> None:
    """Move these attempts to the quarantine, so that they do not count as completed any more."""

    def others(rows: pa.Table) -> pa.Table:
        is_one = pc.is_in(_keys(rows, _OF_ATTEMPT), pa.array(sorted(rowless.keys), pa.string()))
        return rows.filter(pc.invert(pc.and_(is_one, pc.equal(rows["status"], COMPLETED))))

    keep_only(files, ATTEMPTS, rowless.name, others)


def _completed(files: Files) -> dict[str, pa.Table]:
    """The completed attempts that measured something, by file, each once for each table that it filled.

    Those that wait in a journal have their rows there.
    """

    def look() -> Mapping[str, pa.Table]:
        names = live_files.live(files, ATTEMPTS, journal.waiting(files))
        return read_all(files, ATTEMPTS, names, _NEEDED)

    read = live_files.retry_while_files_vanish(look)
    return {name: rows for name, every in read.items() if len(rows := _measuring(every))}


def _measuring(rows: pa.Table) -> pa.Table:
    if not set(_OF_ATTEMPT) | {"payload_table", "status"} <= set(rows.column_names):
        return rows.slice(0, 0)
    known = pc.and_(pc.is_valid(rows["payload_table"]), pc.is_valid(rows["result_run_uid"]))
    rows = rows.filter(pc.and_(known, pc.equal(rows["status"], COMPLETED)))
    return pa.concat_tables([rows, _in_further_tables(rows)])


def _in_further_tables(rows: pa.Table) -> pa.Table:
    """The attempts that filled more than one table, once for each of the others, which stands as `payload_table`."""
    if "further_tables" not in rows.column_names:
        return rows.slice(0, 0)
    rows = rows.filter(pc.is_valid(rows["further_tables"])).combine_chunks()
    names = pc.split_pattern(rows["further_tables"].combine_chunks(), TABLE_SEPARATOR)
    further = rows.take(pc.list_parent_indices(names))
    return further.set_column(rows.column_names.index("payload_table"), "payload_table", pc.list_flatten(names))


def _keys_in(files: Files, table: str, *, sure: bool) -> pa.Array | None:
    """What finds the rows that a table has; `None` where that cannot be said."""

    def look() -> tuple[Sequence[pa.Table], bool]:
        waiting = journal.waiting(files)
        names = live_files.live(files, table, waiting)
        read = read_all(files, table, names, _OF_PAYLOAD)
        rows = [segment.tables[table] for segment in waiting.values() if table in segment.tables]
        return [*read.values(), *rows], len(read) == len(names)

    parts, whole = live_files.retry_while_files_vanish(look)
    return _together(_keys(part, _OF_PAYLOAD) for part in parts) if whole or not sure else None


def _together(keys: Iterable[pa.Array]) -> pa.Array:
    return pa.chunked_array(list(keys), pa.string()).unique()


def _keys(rows: pa.Table, columns: Collection[str]) -> pa.Array:
    """One text for each row; a column that is not there counts as empty."""
    parts = [_text(rows, name) for name in columns]
    return pc.binary_join_element_wise(*parts, "\0")


def _text(rows: pa.Table, name: str) -> pa.Array:
    if name not in rows.column_names or rows[name].type != pa.string():
        return pa.repeat("", len(rows))
    return pc.fill_null(rows[name], "").combine_chunks()


def _gone(name: str, rows: pa.Table, there: Mapping[str, pa.Array | None]) -> Rowless | None:
    parts = list(_without(rows, there))
    if not parts:
        return None
    gone = pa.concat_tables(parts)
    keys = _keys(gone, _OF_ATTEMPT).to_pylist()
    labels = dict(zip(keys, map(_label, gone.select(_axes(gone)).to_pylist()), strict=True))
    tables = tuple(sorted(gone["payload_table"].unique().to_pylist()))
    return Rowless(name, frozenset(keys), tuple(labels.values())[:NAMED], tables)


def _without(rows: pa.Table, there: Mapping[str, pa.Array | None]) -> Iterator[pa.Table]:
    """The attempts whose rows are not there, table by table."""
    for table in rows["payload_table"].unique().to_pylist():
        if (known := there[table]) is None:
            continue
        mine = rows.filter(pc.equal(rows["payload_table"], table))
        gone = mine.filter(pc.invert(pc.is_in(_keys(mine, _OF_ATTEMPT), known)))
        if len(gone):
            yield gone


def _axes(rows: pa.Table) -> list[str]:
    return [axis for axis in AXES if axis in rows.column_names]


def _label(row: Mapping[str, str | None]) -> str:
    return " · ".join(name for name in row.values() if name)
