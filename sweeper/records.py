"""Rows of payload tables: flat, scalar, frozen classes, checked when they are defined.

The field names and rules are those of checkmaite's records, so that both write to one store; nothing here needs Arrow.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Union, dataclass_transform

from sweeper.errors import SchemaError

SCALAR_TYPES: tuple[type, ...] = (str, int, float, bool, bytes, datetime)
"""What a column can hold."""
OVERALL = "overall"
"""The scope of a value that sums a run up; others are of a class, an item, a severity, a feature."""
AREA = ".area"
"""What the key of a value ends in that sums a metric up over several conditions, such as the strengths of noise."""


def utc_now() -> datetime:
    """The present, timezone-aware, in UTC."""
    return datetime.now(UTC)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of the rows of one payload table: `class MyRecord(Record, table_name="my_table"):` with annotated fields.

    A subclass becomes a frozen, keyword-only dataclass. Fields are `str`, `int`, `float`, `bool`, `bytes` or
    `datetime`, or one of these with `None`; give a field that older files may lack `None` as its default. A run over
    one dataset names it in `dataset_id`.

    Raises
    ------
    SchemaError
        When the class is defined: no table name, or a field that is not a scalar.
    """

    table_name: ClassVar[str] = ""
    _columns: ClassVar[Mapping[str, tuple[type, bool]]]
    """Settled where the class is defined: a worker cannot always resolve the annotations of a notebook."""

    run_uid: str
    created_at: datetime = field(default_factory=utc_now)

    def __init_subclass__(cls, table_name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.table_name = table_name or cls.table_name
        if not cls.table_name and "__annotations__" not in cls.__dict__:
            return  # what a worker first makes of a class defined in a notebook: empty, and filled in afterwards
        if not cls.table_name:
            raise SchemaError(
                f'{cls.__qualname__} names no table: write `class {cls.__name__}(Record, table_name="...")`.'
            )
        if "__dataclass_fields__" not in cls.__dict__:
            dataclass(frozen=True, kw_only=True)(cls)
            cls._columns = columns(cls)


@cache
def columns(record_class: type) -> Mapping[str, tuple[type, bool]]:
    """Name -> (scalar type, nullable) of each column of a record class, in the order of its fields.

    Raises
    ------
    SchemaError
        A field is not a scalar.
    """
    if (settled := record_class.__dict__.get("_columns")) is not None:
        return settled
    hints = typing.get_type_hints(record_class)
    names = [f.name for f in dataclasses.fields(record_class)]
    return {name: scalar_type(record_class, name, hints[name]) for name in names}


def scalar_type(record_class: type, name: str, hint: Any) -> tuple[type, bool]:
    options = typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)
    kinds = [option for option in options if option is not types.NoneType]
    if len(kinds) != 1 or kinds[0] not in SCALAR_TYPES:
        allowed = ", ".join(kind.__name__ for kind in SCALAR_TYPES)
        raise SchemaError(
            f"Field {name!r} of {record_class.__qualname__} is {hint!r}; a column holds one of {allowed}, or one of "
            "these with None. Give several values as several records."
        )
    return kinds[0], len(kinds) != len(options)
