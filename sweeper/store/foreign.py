"""Whether a Parquet file in the folder of a table is one of that table, and which of its rows say what they are of.

A file of other columns is foreign as a whole. Rows of runs are judged one by one: one that does not say to which run it
belongs is left out, and the others of its file count. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pyarrow as pa

from sweeper.store.compute import pc
from sweeper.store.schema import ATTEMPTS, attempts_schema

_PLAIN = {
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
}
"""Types that other writers give to what we call text and bytes: polars, and so checkmaite, writes large strings."""


_WIDENED = (pa.int64(), pa.float64())
"""Whole numbers in a column that has had other numbers since."""
Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


def plain(schema: pa.Schema) -> pa.Schema:
    """A schema with one type for all text and one for all bytes."""
    return pa.schema([pa.field(f.name, _PLAIN.get(f.type, f.type)) for f in schema])


class Judge:
    """Tells which files are of a table, by what is known of its columns.

    That is the schema of our own code for `attempts`, and elsewhere the schema file, into which whoever writes adds new
    columns and which refuses a column whose type changed. Where a table has none (only others write to it), nobody can
    say which of two types is right: then every file counts, and uniting them may fail.
    """

    def __init__(self, table: str, announced: pa.Schema | None) -> None:
        self._known = attempts_schema() if table == ATTEMPTS else announced
        self._types: Mapping[str, pa.DataType] = {f.name: f.type for f in plain(self._known or pa.schema([]))}
        self._new: dict[str, pa.DataType] = {}
        self._table = table
        self._key = key_of(table) if key_of(table) in self._types else None

    def against(self, schema: pa.Schema) -> str | None:
        """Why a file with these columns is foreign; `None` where it is of this table."""
        if self._known is None or schema == self._known:  # nearly every file
            return None
        if self._key is not None and self._key not in schema.names:
            return f"it has no column {self._key!r}, so it is no file of this table"
        if len(set(schema.names)) < len(schema.names):
            return "it has several columns of one name"
        return self._conflict(plain(schema))

    def _conflict(self, schema: pa.Schema) -> str | None:
        known = {**self._new, **self._types}
        for field in schema:
            wanted = known.get(field.name, field.type)
            if field.type != wanted and pa.null() not in (field.type, wanted) and (field.type, wanted) != _WIDENED:
                return f"its column {field.name!r} is {field.type}, and {wanted} in this table"
        self._new |= {f.name: f.type for f in schema if f.name not in known and f.type != pa.null()}
        return None

    def without_key(self, rows: Rows) -> str | None:
        """Why attempts are foreign that do not say which combination they are of: whoever writes them does say it."""
        if self._table != ATTEMPTS or (place := rows.schema.get_field_index(key_of(ATTEMPTS))) < 0:
            return None
        return f"it has rows without a {key_of(ATTEMPTS)}" if rows.column(place).null_count else None


def key_of(table: str) -> str:
    """The column that says what a row of a table belongs to: the combination of an attempt, else a run."""
    return "fingerprint" if table == ATTEMPTS else "run_uid"


def are_of_runs(table: str, parts: Iterable[pa.Table]) -> bool:
    """Whether all rows of these tables say to which run they belong, asked of all at once: there may be thousands."""
    key = key_of(table)
    columns = [part[key] for part in parts if len(part) and key in part.column_names]
    chunks = [chunk for column in columns if column.type == pa.string() for chunk in column.chunks]
    if table == ATTEMPTS or not chunks:
        return True
    if any(chunk.null_count for chunk in chunks):
        return False
    return pc.min(pc.binary_length(pa.chunked_array(chunks).combine_chunks())).as_py() > 0


def of_a_run(table: str, rows: Rows) -> Rows:
    """The rows that belong to a run: a user's capability, or a writer of another package, may not have said to which.

    Attempts, and rows of which that was not read, are given back as they are.
    """
    place = -1 if table == ATTEMPTS else rows.schema.get_field_index(key_of(table))
    if place < 0 or plain(rows.schema).field(place).type != pa.string():
        return rows
    return rows.filter(pc.greater(pc.fill_null(pc.binary_length(rows.column(place)), 0), 0))
