"""What a run measured, as the rows of its payload tables: checked, with one type for each column.

A record is any object with `table_name`, `run_uid`, `created_at` and `model_dump()`, or a `sweeper.Record`. Where its
class declares columns (a `Record`, a pydantic model, annotations) they are those; otherwise they are taken from the
values of all records of the run.
"""

from __future__ import annotations

import re
import typing
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TypeGuard

import numpy as np
import pyarrow as pa

from sweeper.common.text import escaped
from sweeper.errors import SchemaError
from sweeper.records import SCALAR_TYPES, Record, columns, scalar_type
from sweeper.store.arrow_columns import TIME, Row, plain_value
from sweeper.store.schema import ADDED_COLUMNS, ARROW, ATTEMPTS, RUN_TABLE, PayloadRecord, RecordedRun, Rows

RESERVED = (ATTEMPTS, RUN_TABLE, "results", "completed", "asked", "accepted")
"""Tables and views of the store itself."""
_TABLE = re.compile(r"\w[\w.-]{0,199}")
_EXACT = {*SCALAR_TYPES, type(None)}
_CONTRACT = "a record has table_name, run_uid, created_at and model_dump(), or is a sweeper.Record"


def records_of(run: RecordedRun, *, same_uid: bool) -> list[PayloadRecord]:
    """The records of a run, each with a `run_uid`: with `same_uid` that of the run, by which they are found again.

    Raises
    ------
    SchemaError
        The `run_uid` of the run is not a text, or `extract()` gives something else than records of this run.
    """
    who = f"capability {getattr(run, 'capability_id', type(run).__name__)!r}"
    uid = getattr(run, "run_uid", None)
    if not _is_uid(uid):
        raise SchemaError(
            f"The run of {who} has run_uid={uid!r}; it must be a text that is not empty, by which the rows of the run "
            "are found again. Give each run one of its own, such as uuid.uuid4().hex."
        )
    records = _as_list(run.extract(), who)
    for record in records:
        _check_record(record, uid if same_uid else None, who)
    return records


def _as_list(extracted: object, who: str) -> list[PayloadRecord]:
    if isinstance(extracted, str | bytes | Mapping) or not isinstance(extracted, Iterable):
        raise SchemaError(
            f"extract() of {who} gave a {type(extracted).__name__}; it must give a list of records, which may be empty."
        )
    return list(extracted)


def _is_uid(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_record(record: object, uid: str | None, who: str) -> None:
    if not (isinstance(record, Record) or (hasattr(record, "table_name") and hasattr(record, "model_dump"))):
        raise SchemaError(f"extract() of {who} gave a {type(record).__name__}; {_CONTRACT}.")
    own = getattr(record, "run_uid", None)
    if not _is_uid(own) or own != (uid or own):
        expected = (
            "a text that is not empty" if uid is None else f"that of its run, {uid!r}, by which it is found again"
        )
        raise SchemaError(
            f"extract() of {who} gave a {type(record).__name__} with run_uid={own!r}; it must be {expected}."
        )
    if not isinstance(created := getattr(record, "created_at", None), datetime):
        raise SchemaError(
            f"extract() of {who} gave a {type(record).__name__} with created_at={created!r}; it must be a datetime."
        )


def tables_of(records: Sequence[PayloadRecord]) -> list[str]:
    """The tables that the records of one run fill. The first has the values that the view `results` shows."""
    return list(_by_table(records))


def payload_rows(records: Sequence[PayloadRecord], fingerprint: str | None, job_id: str | None) -> list[Rows]:
    """The rows of one run, table by table in the order of `tables_of`.

    A column whose values are all `None` has the type null, unless its class declares one.

    Raises
    ------
    SchemaError
        A name that a table or column cannot have, or a column with values of several types.
    """
    return [_rows_of(table, mine, fingerprint, job_id) for table, mine in _by_table(records).items()]


def _by_table(records: Sequence[PayloadRecord]) -> dict[str, list[PayloadRecord]]:
    by_table: dict[str, list[PayloadRecord]] = {}
    for record in records:
        by_table.setdefault(_table_name(record.table_name), []).append(record)
    return by_table


def _rows_of(table: str, records: Sequence[PayloadRecord], fingerprint: str | None, job_id: str | None) -> Rows:
    """The rows of one table."""
    kind = type(records[0])
    if is_declared(kind) and all(type(record) is kind for record in records):
        schema = payload_schema(kind)
        own = _own_columns(schema)
        rows = [_plain_row(record, own) for record in records]
    else:
        schema, rows = _from_values(table, records)
    added = {"fingerprint": fingerprint, "job_id": job_id}
    return Rows(table, schema, [row | added for row in rows])


@cache
def is_declared(kind: type) -> bool:
    """Whether a class of records declares its columns."""
    return issubclass(kind, Record) or hasattr(kind, "model_fields")


def _own_columns(schema: pa.Schema) -> list[str]:
    return schema.names[: -len(ADDED_COLUMNS)]


@cache
def payload_schema(record_class: type) -> pa.Schema:
    """The columns of a payload table: the fields of its record class, and those that sweeper adds."""
    kinds = columns(record_class) if issubclass(record_class, Record) else _pydantic_columns(record_class)
    table = getattr(record_class, "table_name", None)
    return _checked(table, {name: ARROW[kind] for name, (kind, _) in kinds.items()})


def _pydantic_columns(record_class: type) -> Mapping[str, tuple[type, bool]]:
    """The columns of checkmaite's pydantic records."""
    fields = getattr(record_class, "model_fields", {})
    kinds = {name: scalar_type(record_class, name, field.annotation) for name, field in fields.items()}
    return {name: kinds[name] for name in ("run_uid", "created_at", *kinds) if name in kinds}


def is_table_name(name: object) -> TypeGuard[str]:
    """Whether this can be the name of a table, and so of a folder."""
    return isinstance(name, str) and _TABLE.fullmatch(name) is not None


def _table_name(name: object) -> str:
    if is_table_name(name) and name.casefold() not in RESERVED:
        return name
    raise SchemaError(
        f"A payload table cannot be called {name!r}: a name has letters, digits, `_`, `-` and `.`, begins with a "
        f"letter, a digit or `_`, and differs from those of the store itself ({', '.join(RESERVED)})."
    )


def _checked(table: object, kinds: Mapping[str, pa.DataType]) -> pa.Schema:
    """The schema of a payload table with these columns of its own; the names are checked."""
    _table_name(table)
    added = [name for name, _ in ADDED_COLUMNS]
    for name, count in Counter(name.casefold() for name in (*kinds, *added)).items():
        if count > 1 and name in added:
            raise SchemaError(f"Table {table!r} cannot have a column {name!r} of its own: sweeper adds one. Rename it.")
        if count > 1:
            raise SchemaError(f"Table {table!r} has several columns {name!r}: SQL does not tell case apart.")
    if odd := [name for name in kinds if not name.strip() or not name.isprintable()]:
        raise SchemaError(f"Table {table!r} cannot have a column {odd[0]!r}: its name must be text that can be seen.")
    return pa.schema([*kinds.items(), *ADDED_COLUMNS])


# Records without declared columns


def _from_values(table: object, records: Sequence[PayloadRecord]) -> tuple[pa.Schema, list[dict[str, object]]]:
    """The columns that the values of these records have, and the values."""
    rows = [_dumped(record) for record in records]
    types = _inferred(table, rows, _hints(records))
    fitted = [{name: _fitted(value, types[name]) for name, value in row.items()} for row in rows]
    return _checked(table, types), fitted


def _dumped(record: PayloadRecord) -> dict[str, object]:
    """The plain values of a record by column, `run_uid` and `created_at` first."""
    if isinstance(record, Record):
        return _plain_row(record, columns(type(record)))
    dumped = getattr(record, "model_dump", dict)()  # `records_of` has seen that it is there
    if not isinstance(dumped, Mapping) or not all(isinstance(name, str) for name in dumped):
        raise SchemaError(f"model_dump() of {type(record).__name__} must give a mapping of column names to values.")
    every: dict[str, object] = {"run_uid": record.run_uid, "created_at": record.created_at}
    every.update({escaped(str(name)): value for name, value in dumped.items() if name != "table_name"})
    return {name: plain_value(value) for name, value in every.items()}


def _plain_row(record: object, names: Iterable[str]) -> dict[str, object]:
    """The values of some attributes; those of types that Arrow does not know become plain."""
    row = {name: getattr(record, name) for name in names}
    for name, value in row.items():
        if type(value) not in _EXACT and not isinstance(value, np.generic):
            row[name] = plain_value(value)
    return row


def _fitted(value: object, kind: pa.DataType) -> object:
    return float(value) if kind == pa.float64() and type(value) is int else value


def _hints(records: Sequence[PayloadRecord]) -> dict[str, type]:
    """The types of columns by the annotations of these classes; an annotation that is not a scalar is passed over."""
    hints: dict[str, type] = {}
    for kind in {type(record) for record in records}:
        hints |= _hinted(kind)
    return hints


@cache
def _hinted(kind: type) -> Mapping[str, type]:
    try:
        hints = typing.get_type_hints(kind)
    except Exception:  # noqa: BLE001 - annotations of a foreign class may name anything, and values say the rest
        return {}
    scalars: dict[str, type] = {}
    for name, hint in hints.items():
        try:
            scalars[name] = scalar_type(kind, name, hint)[0]
        except SchemaError:  # not a scalar: the values say what it is
            continue
    return scalars


def _inferred(table: object, rows: Sequence[Row], hints: Mapping[str, type]) -> dict[str, pa.DataType]:
    names = dict.fromkeys(name for row in rows for name in row)
    fixed = {"run_uid": pa.string(), "created_at": TIME}
    return {
        name: fixed.get(name) or _column_type(table, name, hints.get(name), [row.get(name) for row in rows])
        for name in names
    }


def _column_type(table: object, name: str, hint: type | None, values: Sequence[object]) -> pa.DataType:
    """One type for all values of a column: whole numbers beside others are floats, `None` fits every type."""
    kinds = {type(value) for value in values} - {type(None)}
    if hint is not None and (kinds <= {hint} or (hint is float and kinds <= {int, float})):
        return ARROW[hint]
    if kinds == {int, float}:
        return ARROW[float]
    if len(kinds) > 1 or not kinds <= ARROW.keys():
        got = " and ".join(sorted(kind.__name__ for kind in kinds))
        allowed = ", ".join(kind.__name__ for kind in SCALAR_TYPES)
        raise SchemaError(
            f"Column {name!r} of table {table!r} has values of {got}; a column holds one of {allowed}, and None. "
            "Give several values as several records."
        )
    return ARROW[kinds.pop()] if kinds else pa.null()
