from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from sweeper.errors import SchemaError
from sweeper.records import Record, columns


class Score(Record, table_name="scores"):
    dataset_id: str
    value: float | None = None


def test_a_record_is_frozen_typed_and_stamped():
    row = Score(run_uid="u", dataset_id="d", value=0.5)
    assert row.created_at.tzinfo is UTC
    assert abs((datetime.now(UTC) - row.created_at).total_seconds()) < 60
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.value = 1.0  # type: ignore[misc]


def test_columns_come_in_order_with_type_and_nullability():
    assert list(columns(Score).items()) == [
        ("run_uid", (str, False)),
        ("created_at", (datetime, False)),
        ("dataset_id", (str, False)),
        ("value", (float, True)),
    ]


def test_a_record_class_without_a_table_is_refused():
    with pytest.raises(SchemaError, match="Nameless names no table"):

        class Nameless(Record):
            value: float


@pytest.mark.parametrize("hint", [list[int], dict[str, int], int | str, object])
def test_what_is_no_scalar_is_refused_when_the_class_is_defined(hint):
    with pytest.raises(SchemaError, match=r"Field 'value' of .* a column holds one of str, int"):
        type(Record)("Bad", (Record,), {"__annotations__": {"value": hint}}, table_name="bad")


def test_a_subclass_of_a_record_extends_its_table():
    class Wider(Score):
        note: str = ""

    assert Wider.table_name == "scores"
    assert list(columns(Wider))[-1] == "note"
