"""Arrow columns made of plain cells are those that Arrow makes, and whoever writes or looks up needs no pandas."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import HELPERS

from sweeper.store import open_store
from sweeper.store.arrow_columns import TIME, NotPlainError, batch, texts

Row = Mapping[str, Any]
TEXT = st.text(st.characters(codec="utf-8"))
ZONES = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES)
CELLS: Mapping[pa.DataType, st.SearchStrategy[Any]] = {
    pa.string(): TEXT,
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    TIME: TIMES,
}
SCHEMA = pa.schema([(str(kind), kind) for kind in CELLS])


def by_arrow(rows: Sequence[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_struct_array(pa.array(rows, pa.struct(list(SCHEMA))))


@given(st.lists(st.fixed_dictionaries({}, optional={str(kind): st.none() | cell for kind, cell in CELLS.items()})))
def test_they_are_those_that_arrow_makes(rows: list[Row]):
    made, expected = batch(SCHEMA, rows), by_arrow(rows)
    made.validate(full=True)
    assert made.schema == expected.schema
    assert repr(made.to_pylist()) == repr(expected.to_pylist())  # as text, so that NaN is NaN and -0.0 not 0.0


@given(st.lists(TEXT))
def test_texts_are_those_that_arrow_makes(values: list[str]):
    assert texts(values).equals(pa.array(values, pa.string()))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.float64(), 1),
        (pa.float64(), np.float64(1)),
        (pa.int64(), True),
        (pa.int64(), 2**63),
        (pa.string(), "\ud800"),
        (TIME, datetime(2026, 1, 1)),
        (pa.list_(pa.int64()), [1]),
    ],
)
def test_what_is_not_plain_is_left_to_arrow(kind: pa.DataType, value: object):
    with pytest.raises(NotPlainError):
        batch(pa.schema([("column", kind)]), [{"column": value}])


def test_a_column_of_any_kind_may_be_empty():
    made = batch(pa.schema([("column", pa.list_(pa.int64()))]), [{}, {"column": None}])
    assert made.to_pylist() == [{"column": None}] * 2


WRITES = """
for names in ("abc", "def"):
    store = open_store(sys.argv[1])
    record(store, names[0], 0.5)
    record(store, names[1], 0.5, may_wait=True)
    fail(store, names[2])
"""
LOOKS_UP = """
assert len(open_store(sys.argv[1]).attempt_states([fingerprint(name) for name in "abcdef"])) == 6
"""
SCRIPT = """
import sys
from sweeper.store import open_store
from store_parts import fail, fingerprint, record
{}
print("pandas" in sys.modules)
"""


def test_neither_writing_nor_looking_up_imports_pandas(tmp_path: Path):
    pytest.importorskip("pandas")
    assert imports_pandas(WRITES, tmp_path) == "False"
    open_store(tmp_path).flush_journals()
    assert imports_pandas(LOOKS_UP, tmp_path) == "False"


def imports_pandas(script: str, store: Path) -> str:
    command = [sys.executable, "-c", SCRIPT.format(script), str(store)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HELPERS)
    assert not done.returncode, done.stderr
    return done.stdout.strip()
