"""The rows of a stored table as every reader gives them: pandas, polars, DuckDB and sweeper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl

from sweeper.store import open_store

Rows = list[tuple[Any, ...]]
DUCKDB = "union_by_name=true, hive_partitioning=false"
POLARS: dict[str, Any] = {"missing_columns": "insert", "extra_columns": "ignore", "hive_partitioning": False}


def reads(uri: str, table: str, columns: Sequence[str]) -> dict[str, Rows]:
    """The rows of a table, sorted, as each reader gives them that knows nothing of sweeper, and as sweeper does."""
    folder, names = Path(uri, table), list(columns)
    files, listed = str(folder / "*.parquet"), ", ".join(columns)
    store = open_store(uri)
    frame = pd.read_parquet(folder, columns=names, partitioning=None).astype(object)
    found: dict[str, Rows] = {
        "polars": pl.scan_parquet(files, **POLARS).select(names).collect().rows(),
        "duckdb": duckdb.sql(f"SELECT {listed} FROM read_parquet('{files}', {DUCKDB})").fetchall(),
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
