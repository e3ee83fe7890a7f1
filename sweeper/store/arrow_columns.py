"""Arrow columns made of Python values without `pa.array`, and the plain values that a journal carries.

`pa.array` imports pandas where it is installed. That costs a worker, which may need no pandas, 0.2 s and 50 MB before
it can write its first row.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from importlib.util import find_spec
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweeper.common.clock import EPOCH, MICROSECOND
from sweeper.common.columns import Digests

Row = Mapping[str, object]
"""The values of one row by column; a column that it lacks is null."""
TIME = pa.timestamp("us", tz="UTC")
"""The one form of time that checkmaite's writer can append to."""
PYTHON_TYPES: Mapping[pa.DataType, type] = {
    pa.string(): str,
    pa.int64(): int,
    pa.float64(): float,
    pa.bool_(): bool,
    TIME: datetime,
}
"""The column types that are written here, each with the one Python type of its values."""
_TEXT, _FLAG = pa.string(), pa.bool_()
_NUMPY: Mapping[pa.DataType, str] = {pa.int64(): "i8", pa.float64(): "f8", TIME: "i8"}
_INT64 = 1 << 63
_T = TypeVar("_T")


class NotPlainError(ValueError):
    """A value is not exactly of the Python type of its column; `pa.array` must tell whether it fits."""


def plain_value(value: object) -> object:
    """A value as a plain Python one: scalars of numpy and torch, enumerations and subclasses are converted.

    A value without a plain form is returned unchanged.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    elif getattr(value, "ndim", None) == 0 and (item := getattr(value, "item", None)) is not None:
        value = item()
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


def stored_values(schema: pa.Schema, rows: Sequence[Row]) -> list[list[object]]:
    """The values of rows in the order of the columns, checked, with times as microseconds since 1970.

    Text that is not Unicode is not found here but when it is encoded, all values of a column at once.

    Raises
    ------
    NotPlainError
        A value is not exactly of the Python type of its column, or its column is not one of `PYTHON_TYPES`.
    """
    kinds = _known(schema).kinds
    return [
        [
            value if value is None or (kind is str and type(value) is str) else _stored_value(kind, value)
            for name, kind in kinds
            for value in (row.get(name),)
        ]
        for row in rows
    ]


class _Known(NamedTuple):
    """What is looked up of a schema for every row. It holds the schema, so that no other one gets the same `id`."""

    schema: pa.Schema
    kinds: Sequence[tuple[str, type | None]]
    is_plain: bool


_schemas: dict[int, _Known] = {}
"""By `id`, since hashing a schema costs a hundred times as much."""
_MOST_KNOWN = 1000


def _known(schema: pa.Schema) -> _Known:
    known = _schemas.get(id(schema))
    if known is None:
        if len(_schemas) >= _MOST_KNOWN:
            _schemas.clear()
        kinds = [(column.name, PYTHON_TYPES.get(column.type)) for column in schema]
        known = _schemas[id(schema)] = _Known(schema, kinds, all(kind is not None for _, kind in kinds))
    return known


def are_plain(schema: pa.Schema) -> bool:
    """Whether every column has one of the types in `PYTHON_TYPES`."""
    return _known(schema).is_plain


def _stored_value(kind: type | None, value: object) -> object:
    if type(value) is not kind:
        raise NotPlainError
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotPlainError
        return (value - EPOCH) // MICROSECOND
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise NotPlainError
    return value


# As Arrow columns


def conversion_imports_pandas() -> bool:
    """Whether the next `pa.array` of this process would import pandas."""
    return "pandas" not in sys.modules and _pandas_is_installed()


@cache
def _pandas_is_installed() -> bool:
    return find_spec("pandas") is not None


def batch(schema: pa.Schema, rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows as an Arrow batch; a column that a row lacks is null.

    Raises
    ------
    NotPlainError
        As `stored_values`.
    """
    checked = stored_values(schema, rows)
    try:
        columns = [column([row[place] for row in checked], field.type) for place, field in enumerate(schema)]
    except UnicodeEncodeError as error:
        raise NotPlainError from error
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def column(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """An Arrow column of values that are as `stored_values` returns them."""
    if isinstance(values, Digests):
        return texts(values)
    present = [value is not None for value in values]
    if not any(present):
        return pa.nulls(len(values), kind)
    valid = None if all(present) else _bits(present)
    if kind == _TEXT:
        whole = texts([value if isinstance(value, str) else "" for value in values])
        return whole if valid is None else pa.Array.from_buffers(kind, len(values), [valid, *whole.buffers()[1:]])
    return pa.Array.from_buffers(kind, len(values), [valid, _numbers(values, kind)])


def _numbers(values: Sequence[object], kind: pa.DataType) -> pa.Buffer:
    """The last buffer of a column, see https://arrow.apache.org/docs/format/Columnar.html."""
    if kind == _FLAG:
        return _bits(_without_nulls(values, False))
    return pa.py_buffer(np.array(_without_nulls(values, 0), _NUMPY[kind]))


def _without_nulls(values: Sequence[_T], instead: _T) -> list[_T]:
    return [instead if value is None else value for value in values]


def _bits(flags: Sequence[object] | npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(flags, bool), bitorder="little"))


def of_array(values: npt.NDArray[np.generic], present: npt.NDArray[np.bool_]) -> pa.Array:
    """An Arrow column of the numbers in an array; those that are not `present` are null."""
    valid = None if present.all() else _bits(present)
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [valid, data])


def texts(values: Sequence[str]) -> pa.Array:
    """An Arrow column of text without nulls."""
    if isinstance(values, Digests):
        whole = values.text()
        offsets = array("i", range(0, len(whole) + 1, 2 * Digests.SIZE))
        return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(whole))
    encoded, offsets = bytearray(), array("i", [0])
    for value in values:
        encoded += value.encode()
        offsets.append(len(encoded))
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(encoded))
