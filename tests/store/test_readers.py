"""One store, every reader: pandas, polars and DuckDB see in its files what sweeper sees."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from reader_parts import DUCKDB, POLARS, Rows, assert_all_equal, reads
from store_parts import fail, record

from sweeper import sweep
from sweeper.messages.requests import Provenance
from sweeper.records import Record
from sweeper.store import Store, open_store

PAGE = Path(__file__).parents[2] / "docs" / "reading-results.md"
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


@pytest.fixture(params=["store", "dataset_id=x/status=lost/run_uid=u/output_value=9/store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store, also in folders that Hive would take for columns, as Hydra makes them of overrides."""
    return open_store(tmp_path / request.param)


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


def test_the_readings_above_are_those_of_the_docs():
    page = PAGE.read_text()
    assert f"| DuckDB | `read_parquet(..., {DUCKDB})` |" in page
    polars = ", ".join(f"{name}={json.dumps(value)}" for name, value in POLARS.items()).replace("false", "False")
    assert f"| polars | `scan_parquet(..., {polars})` |" in page
    assert "| pandas | `read_parquet(..., partitioning=None)` |" in page


def test_what_is_not_a_number_comes_last_in_the_query_of_the_docs(store: Store):
    (query,) = re.findall(r'sweeper query "(SELECT model, dataset, value, [^"]* FROM results [^"]*)"', PAGE.read_text())
    for name, value in (("low", 0.5), ("nan", float("nan")), ("high", 0.75)):
        record(store, name, value, capability="evaluate", model=name, metric="accuracy")
    assert [row["model"] for row in store.sql(query).to_pylist()] == ["high", "low", "nan"]
    worst_first = query.replace("DESC", "ASC")
    assert [row["model"] for row in store.sql(worst_first).to_pylist()] == ["low", "high", "nan"]


@pytest.mark.parametrize("folder", ["store", "dataset_id=x/status=lost/store"])
def test_the_example_reads_what_is_stored(tmp_path: Path, folder: str, capsys: pytest.CaptureFixture[str]):
    words = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy,ece]"]
    where = [f"analytics_store.uri='{tmp_path / folder}'", "job_backend.kind=inline"]
    assert sweep([*words, *where], progress=False).exit_status == 0
    runpy.run_path(str(Path(__file__).parents[2] / "examples" / "read_results.py"))["main"](str(tmp_path / folder))
    said = capsys.readouterr().out
    assert "completed    2" in said
    assert "0.907" in said
    assert re.search(r"accuracy_score\s*│\s*1", said), said
