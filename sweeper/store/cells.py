"""Plain cells: the values that a journal carries, and that become Arrow columns without Arrow's own conversion.

That conversion, `pa.array`, imports pandas where it is installed: 0.2 s and 40 MB in a worker that may need neither.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")
"""The one form of time that checkmaite's writer can append to."""
KINDS: Mapping[pa.DataType, type] = {
    pa.string(): str,
    pa.int64(): int,
    pa.float64(): float,
    pa.bool_(): bool,
    TIME: datetime,
}
_NUMPY: Mapping[pa.DataType, str] = {pa.int64(): "i8", pa.float64(): "f8", TIME: "i8"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64 = 1 << 63


class NotPlainError(ValueError):
    """A value that is not plain: Arrow is to say whether its column can hold it."""


def plain(value: Any) -> Any:
    """The Python value that a cell holds: scalars of numpy and torch, enumerations and subclasses become plain ones.

    What has no plain form is given back as it is.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    elif getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, datetime) and type(value) is not datetime:
        return datetime.combine(value.date(), value.time(), value.tzinfo)
    return value


def cells(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """The values of rows in the order of the columns, checked, with times as microseconds since 1970.

    Whether text is Unicode shows when it is encoded, once for many cells.

    Raises
    ------
    NotPlainError
        A value is not exactly of the Python type of its column, or its column is of another kind than these.
    """
    kinds = _known(schema).kinds
    return [
        [
            value if value is None or (kind is str and type(value) is str) else _cell(kind, value)
            for name, kind in kinds
            for value in (row.get(name),)
        ]
        for row in rows
    ]


class _Known(NamedTuple):
    """What is asked of a schema for every row; with the schema, so that its identity stays its own."""

    schema: pa.Schema
    kinds: Sequence[tuple[str, type | None]]
    is_plain: bool


_schemas: dict[int, _Known] = {}
"""By identity, since hashing a schema costs a hundred times as much."""
_MOST_KNOWN = 1000


def _known(schema: pa.Schema) -> _Known:
    found = _schemas.get(id(schema))
    if found is None:
        if len(_schemas) >= _MOST_KNOWN:
            _schemas.clear()
        kinds = [(column.name, KINDS.get(column.type)) for column in schema]
        found = _schemas[id(schema)] = _Known(schema, kinds, all(kind is not None for _, kind in kinds))
    return found


def are_plain(schema: pa.Schema) -> bool:
    """Whether every column is of one of these kinds."""
    return _known(schema).is_plain


def _cell(kind: type | None, value: Any) -> Any:
    if type(value) is not kind:
        raise NotPlainError
    if kind is datetime:
        if value.tzinfo is None:
            raise NotPlainError
        return (value - _EPOCH) // _MICROSECOND
    if kind is int and not -_INT64 <= value < _INT64:
        raise NotPlainError
    return value


# As Arrow columns


def conversion_imports_pandas() -> bool:
    """Whether the next `pa.array` of this process would."""
    return "pandas" not in sys.modules and _pandas_is_installed()


@cache
def _pandas_is_installed() -> bool:
    return find_spec("pandas") is not None


def batch(schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> pa.RecordBatch:
    """Rows of plain cells as Arrow has them; what a row lacks is null.

    Raises
    ------
    NotPlainError
        As `cells`.
    """
    checked = cells(schema, rows)
    try:
        columns = [column([row[place] for row in checked], field.type) for place, field in enumerate(schema)]
    except UnicodeEncodeError as error:
        raise NotPlainError from error
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Values of one column, as `cells` gives them."""
    there = [value is not None for value in values]
    if not any(there):
        return pa.nulls(len(values), kind)
    valid = None if all(there) else _bits(there)
    return pa.Array.from_buffers(kind, len(values), [valid, *_data(values, kind)])


def _data(values: Sequence[Any], kind: pa.DataType) -> Sequence[pa.Buffer]:
    """The buffers of a column after that of its validity, as https://arrow.apache.org/docs/format/Columnar.html."""
    if kind == pa.string():
        return texts(_filled(values, "")).buffers()[1:]
    if kind == pa.bool_():
        return [_bits(_filled(values, False))]
    return [pa.py_buffer(np.array(_filled(values, 0), _NUMPY[kind]))]


def _filled(values: Sequence[Any], gap: Any) -> list[Any]:
    return [gap if value is None else value for value in values]


def _bits(flags: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(flags, bool), bitorder="little"))


def texts(values: Sequence[str]) -> pa.Array:
    """Text, none of it null, as Arrow has it."""
    encoded = [value.encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, encoded), np.int32, len(encoded)), out=offsets[1:])
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))
