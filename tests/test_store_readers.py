"""One store, every reader: pandas, polars and DuckDB see in its files what sweeper sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from store_parts import fail, record

from sweeper.records import Record
from sweeper.request import Provenance
from sweeper.store import Store, open_store

Rows = list[tuple[Any, ...]]
COLUMNS: Mapping[str, Sequence[str]] = {
    "attempts": (
        "attempt_id",
        "fingerprint",
        "capability",
        "status",
        "error_message",
        "duration_s",
        "number",
        "job_id",
    ),
    "runs": ("run_uid", "capability_id", "capability_table", "entity_type", "entity_id", "user_id", "run_event_id"),
    "scores": ("run_uid", "dataset_id", "output_key", "output_value", "fingerprint", "job_id"),
}


def reads(uri: str, table: str, columns: Sequence[str]) -> dict[str, Rows]:
    """The rows of a table, sorted, as each reader gives them that knows nothing of sweeper, and as sweeper does."""
    folder, names = Path(uri, table), list(columns)
    files, listed = str(folder / "*.parquet"), ", ".join(columns)
    store = open_store(uri)
    frame = pd.read_parquet(folder, columns=names).astype(object)
    found: dict[str, Rows] = {
        "polars": pl.scan_parquet(files, missing_columns="insert").select(names).collect().rows(),
        "duckdb": duckdb.sql(f"SELECT {listed} FROM read_parquet('{files}', union_by_name=true)").fetchall(),
        "pandas": list(frame.where(frame.notna(), None).itertuples(index=False, name=None)),
        "sweeper": [tuple(row.values()) for row in store.table(table).select(names).to_pylist()],
        "sweeper.sql": [tuple(row.values()) for row in store.sql(f"SELECT {listed} FROM {table}").to_pylist()],
    }
    return {reader: in_order(rows) for reader, rows in found.items()}


def in_order(rows: Rows) -> Rows:
    """Rows that may hold `None`, in an order that does not depend on who read them."""
    return sorted(rows, key=repr)


def assert_all_equal(found: Mapping[str, Rows], count: int) -> None:
    """So many rows, and the same for each reader."""
    assert {reader: len(rows) for reader, rows in found.items()} == dict.fromkeys(found, count)
    (reader, first), *others = found.items()
    for other, rows in others:
        assert rows == first, f"{other} and {reader} differ"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


@pytest.mark.parametrize("state", ["single files", "merged", "merged and single files"])
def test_every_reader_finds_the_same_rows_in_every_table(store: Store, state: str):
    for number in range(6):
        record(store, f"c{number}", number / 7, float(number), second=number)
    fail(store, "broken")
    fail(store, "late", "timeout")
    counts = {"attempts": 8, "runs": 12, "scores": 12}
    if state != "single files":
        store.compact(grace_s=0)
    if state == "merged and single files":
        record(store, "after", 0.25)
        counts = {"attempts": 9, "runs": 14, "scores": 13}
    for table, count in counts.items():
        assert_all_equal(reads(store.uri, table, COLUMNS[table]), count)


def test_every_reader_finds_an_added_column_null_in_old_rows(store: Store):
    class Before(Record, table_name="grown"):
        value: float

    class After(Record, table_name="grown"):
        value: float
        note: str | None = None
        items: int | None = None

    for uid, row in {"a": Before(run_uid="a", value=0.5), "b": After(run_uid="b", value=1.5, note="new")}.items():
        open_store(store.uri).record(_Run(uid, row), provenance=Provenance())
    expected: Rows = [("a", 0.5, None, None), ("b", 1.5, "new", None)]
    for _ in range(2):
        found = reads(store.uri, "grown", ("run_uid", "value", "note", "items"))
        assert found == dict.fromkeys(found, expected)
        store.compact(grace_s=0)


class _Run:
    """A run of one row that names nothing it ran on."""

    capability_id = "grown"

    def __init__(self, run_uid: str, row: Record) -> None:
        self.run_uid, self._row = run_uid, row

    def extract(self) -> list[Record]:
        return [self._row]
