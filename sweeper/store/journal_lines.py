"""The lines of a journal: each has all rows of one run, in JSON, and ends in a CRC of itself. Pure.

    {"tables":[["scores",[["run_uid","string"],...]]],"first":0,"rows":[[0,[["a1",...]]]],"crc":"1c291ca3"}

`tables` names the tables that no line before has named, with their columns, and `first` is the number of the first of
them. `rows` has the number of a table, and its rows. `crc` is the CRC-32 of the line up to the comma before it, in
eight hexadecimal digits. Lines of older versions have neither `crc` nor `first`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from sweeper.common import small_json
from sweeper.common.small_json import Damaged
from sweeper.store.arrow_columns import PYTHON_TYPES, TIME
from sweeper.store.parquet import union
from sweeper.store.payload import is_table_name

Values = Sequence[Sequence[object]]
"""Rows of one table, each with a value for each column."""
_TYPES = {str(kind): kind for kind in PYTHON_TYPES}
_UNFIT = (ValueError, TypeError, OverflowError, pa.ArrowException)
"""What Arrow raises for a value that does not fit its column."""
_CRC = re.compile(rb',"crc":"([0-9a-f]{8})"\}$')
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
"""Made once, since a line is written for each run."""
_LAST = 2**16
"""More tables than this are in no segment."""


class Waiting(NamedTuple):
    """The rows in one segment."""

    tables: Mapping[str, pa.Table]
    damaged: int
    """Lines that cannot be read."""


NOTHING = Waiting({}, 0)


def line(first: int, new: Sequence[tuple[str, pa.Schema]], rows: Sequence[tuple[int, Values]]) -> bytes:
    """All rows of one run as a line. `new` are the tables, from number `first` on, that no line before has named."""
    content: dict[str, object] = {"rows": rows}
    if new:
        tables = [[table, [[column.name, str(column.type)] for column in schema]] for table, schema in new]
        content = {"tables": tables, "first": first, **content}
    body = _JSON.encode(content).encode()[:-1]
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def parsed(data: bytes) -> Waiting:
    """The rows of a segment. A last line that is cut off belongs to a run that was not recorded."""
    lines = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
    try:
        return Waiting(*_together(lines))
    except _UNFIT:  # some line has a value that does not fit its column: find out which, line by line
        return Waiting(*_together(lines, one_by_one=True))


class Tail:
    """Reads a segment as it grows, without Arrow, which would cost a look at a few lines many times their reading."""

    def __init__(self) -> None:
        self._read: list[_Columns | None] = []
        self.taken = 0
        """How many bytes were read: whole lines."""

    def take(self, data: bytes, table: str, names: Sequence[str]) -> list[list[object]]:
        """What the lines that were appended say of a table: for each of its rows the values of these columns."""
        whole = data[: data.rfind(b"\n") + 1]
        self.taken += len(whole)
        for text in whole.split(b"\n")[:-1]:
            _take(text, self._read, one_by_one=False)
        known = [columns for columns in self._read if columns is not None]
        found = [values for columns in known if columns.table == table for values in columns.picked(names)]
        for columns in known:
            columns.rows.clear()
        return found


def is_cut_off(data: bytes) -> bool:
    """Whether a segment ends within a line."""
    return bool(data) and not data.endswith(b"\n")


@dataclass
class _Columns:
    """Rows of one table as they are read."""

    table: str
    schema: pa.Schema
    rows: list[Sequence[object]] = field(default_factory=list[Sequence[object]])

    def picked(self, names: Sequence[str]) -> list[list[object]]:
        """The values of these columns in each row."""
        places = [self.schema.get_field_index(name) for name in names]
        return [[row[place] if place >= 0 else None for place in places] for row in self.rows]

    def to_table(self) -> pa.Table:
        columns = list(zip(*self.rows, strict=True))
        return pa.table([_array(values, c.type) for values, c in zip(columns, self.schema, strict=True)], self.schema)


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.int64()).cast(kind) if kind == TIME else pa.array(values, kind)


class _Line(NamedTuple):
    """What one line says."""

    new: Sequence[_Columns]
    first: int | None
    rows: Sequence[tuple[int, Values]]


def _together(lines: Sequence[bytes], *, one_by_one: bool = False) -> tuple[dict[str, pa.Table], int]:
    """The rows of all lines by table, and how many lines cannot be read.

    With `one_by_one`, each line is first converted by itself, to find those with a value that does not fit.
    """
    read: list[_Columns | None] = []
    damaged = sum(not _take(text, read, one_by_one) for text in lines)
    return dict(_tables([columns for columns in read if columns is not None])), damaged


def _take(text: bytes, read: list[_Columns | None], one_by_one: bool) -> bool:
    """Add the rows of one line; false where it cannot be read."""
    said = _said(text)
    if said is None:
        return False
    if said.first is not None:  # the lines that named the tables before may be damaged
        read += [None] * (said.first - len(read))
    read += said.new
    rows = [(read[number] if 0 <= number < len(read) else None, values) for number, values in said.rows]
    fitting = [(table, values) for table, values in rows if table is not None and _fits(table, values, one_by_one)]
    if len(fitting) < len(rows):
        return False
    for table, values in fitting:
        table.rows.extend(values)
    return True


def _said(text: bytes) -> _Line | None:
    """What a line says; `None` where it is damaged."""
    crc = _CRC.search(text)
    if crc and int(crc[1], 16) != zlib.crc32(text[: crc.start()]):
        return None
    said = small_json.parsed(text, _shape if crc else _old_shape)
    return None if isinstance(said, Damaged) else said


def _old_shape(content: Any) -> _Line:
    if not content.keys() <= {"tables", "rows"}:
        raise ValueError("it has a CRC that cannot be made out, or other keys")
    return _shape(content)


def _shape(content: Any) -> _Line:
    new = [_Columns(_name(table), _schema(columns)) for table, columns in content.get("tables", ())]
    rows = [(_number(number), values) for number, values in content["rows"]]
    first = _number(content["first"]) if "first" in content else None
    return _Line(new, first, rows)


def _schema(columns: Any) -> pa.Schema:
    return pa.schema([(name, _TYPES[kind]) for name, kind in columns])


def _name(table: object) -> str:
    """A name that a folder of the store may have, whatever a damaged line says."""
    if not is_table_name(table):
        raise ValueError("it names no table")
    return table


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _LAST:
        raise ValueError("it has no number of a table")
    return value


def _fits(columns: _Columns, values: Values, one_by_one: bool) -> bool:
    """Whether these are rows of these columns."""
    try:
        if any(len(row) != len(columns.schema) for row in values):
            return False
        if one_by_one and values:
            _Columns(columns.table, columns.schema, list(values)).to_table()
    except _UNFIT:
        return False
    return True


def _tables(read: Sequence[_Columns]) -> Iterator[tuple[str, pa.Table]]:
    for name in dict.fromkeys(columns.table for columns in read):
        mine = [columns.to_table() for columns in read if columns.table == name and columns.rows]
        if mine:
            yield name, union(name, mine)
