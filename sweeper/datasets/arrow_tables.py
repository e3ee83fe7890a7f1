"""Reads Parquet and Arrow files that hold data of users. Tables of the store are read in `sweeper.store`."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sweeper.common.text import escaped
from sweeper.datasets.tables import Column, Flat, Table
from sweeper.datasets.values import is_number
from sweeper.errors import PartError


def read_parquet(path: Path) -> Table:
    """A Parquet file as a table; columns of lists, structures and bytes are left out.

    Raises
    ------
    PartError
        The file cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        read = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise PartError(f"The file {escaped(str(path))} cannot be read as Parquet: {error}.") from error
    columns = {name: flat_column(read.column(name)) for name in read.column_names if is_flat(read.schema.field(name))}
    return Table(escaped(str(path)), columns, range(read.num_rows))


def is_flat(field: Any) -> bool:
    """Whether a field of a schema has one text, number, truth value or time for each row."""
    from pyarrow import types

    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_string, types.is_large_string)
    return any(test(kind) for test in (*tests, types.is_temporal, types.is_null, types.is_string_view))


def flat_column(column: Any) -> Column:
    """The values of a flat column; times as ISO 8601 says them, `None` for what is missing, NaN or infinite."""
    return [_flat(value) for value in column.to_pylist()]


def _flat(value: object) -> Flat | None:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bool | str) or (isinstance(value, int | float) and is_number(value)):
        return value
    return None if value is None or isinstance(value, float) else str(value)
