"""The schema file of each table: an empty file that sorts first and has every column, with its type.

Readers that take the columns of the first file for those of the table (pandas, checkmaite) see all columns that way.
The file is read and written once per process, table and set of columns, never for each run.
"""

from __future__ import annotations

import pyarrow as pa

from sweeper.errors import SchemaError
from sweeper.store import sealed
from sweeper.store.files import Files
from sweeper.store.parquet import SCHEMA_FILE, VanishedError, encode, read_all

_NUMBERS = {pa.int64(), pa.float64()}


class SchemaFiles:
    """The schema files of a store, as far as this process has read or written them."""

    def __init__(self) -> None:
        self._known: dict[str, pa.Schema] = {}
        self._written: dict[str, tuple[pa.Schema, pa.Schema]] = {}

    def announce(self, files: Files, table: str, schema: pa.Schema) -> pa.Schema:
        """Add these columns to the schema file of a table, and return the schema to write their rows with.

        Whole numbers are written as floats where the table has floats. A column of the type null, which has no value
        yet, is in the schema file only, since readers disagree on such a column in a file beside others with values.

        Raises
        ------
        SchemaError
            The table has a column of another type.
        """
        last, written = self._written.get(table, (None, schema))
        if last == schema:
            return written
        known = self._known.get(table)
        if known is None or not _covers(known, schema):
            known = self._known[table] = _merge(files, table, schema)
        fields = [known.field(name) for name in schema.names]
        written = pa.schema([field for field in fields if field.type != pa.null()])
        self._written[table] = schema, written
        return written


def _merge(files: Files, table: str, schema: pa.Schema) -> pa.Schema:
    """Add columns to the schema file of a table; returns all of its columns."""
    try:
        known = read_all(files, table, [SCHEMA_FILE]).get(SCHEMA_FILE)
    except VanishedError:  # the first write to this table
        known = None
    merged = united(table, known.schema if known is not None else pa.schema([]), schema)
    if known is None or merged != known.schema:
        sealed.put(files, table, SCHEMA_FILE, encode(pa.Table.from_batches([], merged)))
    return merged


def _covers(known: pa.Schema, schema: pa.Schema) -> bool:
    types = {field.name: field.type for field in known}
    return all(f.name in types and _wider(types[f.name], f.type) == types[f.name] for f in schema)


def united(table: str, known: pa.Schema, new: pa.Schema) -> pa.Schema:
    """The columns of both schemas, those of `known` first.

    Raises
    ------
    SchemaError
        A column has different types in the two.
    """
    types = {field.name: field.type for field in known}
    for field in new:
        before = types.get(field.name, field.type)
        wider = _wider(before, field.type)
        if wider is None:
            raise SchemaError(
                f"Table {table!r} has a column of another type than what is to be written: {field.name!r} is {before} "
                f"in the store, and {field.type} now. Give the column another name, or write to another store."
            )
        types[field.name] = wider
    return pa.schema(list(types.items()))


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type that can hold the values of both; `None` where there is none."""
    if one == other or other == pa.null():
        return one
    if one == pa.null():
        return other
    return pa.float64() if {one, other} == _NUMBERS else None
