"""Whether a Parquet file in the folder of a table belongs to the table, and which of its rows say what they belong to.

A file with other columns is foreign as a whole. Rows of runs are looked at one by one: a row that does not say to which
run it belongs is left out, and the other rows of its file count. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pyarrow as pa

from sweeper.store.compute import pc
from sweeper.store.schema import ATTEMPTS, attempts_schema

_SAME = {
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
}
"""Types that other writers give to text and bytes, and ours: polars, and so checkmaite, writes large strings."""


_WIDENED = (pa.int64(), pa.float64())
"""Whole numbers in a column that became one of floats later."""
Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


def normalized(schema: pa.Schema) -> pa.Schema:
    """A schema with one type for all text and one for all bytes."""
    return pa.schema([pa.field(f.name, _SAME.get(f.type, f.type)) for f in schema])


class SchemaMatch:
    """Tells which files belong to a table, by its known columns.

    These are in the schema of this code for `attempts`, and in the schema file for other tables. Writers add new
    columns to that file, and refuse a column whose type has changed. A table to which only other programs write may
    have no schema file. Then it is not known which of two types is right: every file counts, and their union may fail.
    """

    def __init__(self, table: str, schema_file: pa.Schema | None) -> None:
        self._known = attempts_schema() if table == ATTEMPTS else schema_file
        self._types: Mapping[str, pa.DataType] = {f.name: f.type for f in normalized(self._known or pa.schema([]))}
        self._new: dict[str, pa.DataType] = {}
        self._table = table
        self._key = key_column(table) if key_column(table) in self._types else None

    def mismatch(self, schema: pa.Schema) -> str | None:
        """Why a file with these columns is foreign; `None` where it belongs to this table."""
        if self._known is None or schema == self._known:  # nearly every file
            return None
        if self._key is not None and self._key not in schema.names:
            return f"it has no column {self._key!r}, so it is not a file of this table"
        if len(set(schema.names)) < len(schema.names):
            return "it has several columns of one name"
        return self._conflict(normalized(schema))

    def _conflict(self, schema: pa.Schema) -> str | None:
        known = {**self._new, **self._types}
        for field in schema:
            wanted = known.get(field.name, field.type)
            if field.type != wanted and pa.null() not in (field.type, wanted) and (field.type, wanted) != _WIDENED:
                return f"its column {field.name!r} is {field.type}, and {wanted} in this table"
        self._new |= {f.name: f.type for f in schema if f.name not in known and f.type != pa.null()}
        return None

    def missing_key(self, rows: Rows) -> str | None:
        """Why a file of attempts is foreign: some rows do not name their combination, as all attempts do."""
        if self._table != ATTEMPTS or (place := rows.schema.get_field_index(key_column(ATTEMPTS))) < 0:
            return None
        return f"it has rows without a {key_column(ATTEMPTS)}" if rows.column(place).null_count else None


def key_column(table: str) -> str:
    """The column that says to what a row of a table belongs: an attempt to a combination, other rows to a run."""
    return "fingerprint" if table == ATTEMPTS else "run_uid"


def all_rows_have_key(table: str, parts: Iterable[pa.Table]) -> bool:
    """Whether all rows of these tables say to which run they belong. One look at all: there may be thousands."""
    key = key_column(table)
    columns = [part[key] for part in parts if len(part) and key in part.column_names]
    chunks = [chunk for column in columns if column.type == pa.string() for chunk in column.chunks]
    if table == ATTEMPTS or not chunks:
        return True
    if any(chunk.null_count for chunk in chunks):
        return False
    return pc.min(pc.binary_length(pa.chunked_array(chunks).combine_chunks())).as_py() > 0


def rows_with_key(table: str, rows: Rows) -> Rows:
    """The rows that say to which run they belong; a capability of a user or another program may have left that out.

    Attempts, and rows whose key column was not read, are returned unchanged.
    """
    place = -1 if table == ATTEMPTS else rows.schema.get_field_index(key_column(table))
    if place < 0 or normalized(rows.schema).field(place).type != pa.string():
        return rows
    return rows.filter(pc.greater(pc.fill_null(pc.binary_length(rows.column(place)), 0), 0))
