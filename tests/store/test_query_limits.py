"""A query reads the tables of its store and nothing else, unless it is let."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import typed
from store_parts import record

from sweeper.errors import ConfigError
from sweeper.store import Store, open_store

pytest.importorskip("duckdb")
REACHES = [
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "SELECT * FROM read_parquet('s3://bucket/x')",
    "COPY (SELECT 1) TO '{folder}/made.csv'",
    "COPY (SELECT 1) TO '{folder}/made.parquet' (FORMAT parquet)",
    "CREATE TABLE t AS SELECT 1; COPY t FROM '{file}'",
    "ATTACH '{folder}/made.db'",
    "EXPORT DATABASE '{folder}/made'",
    "IMPORT DATABASE '{folder}'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{file}'",
    "SET enable_external_access = true; SELECT * FROM read_text('{file}')",
    "RESET enable_external_access",
    "SET lock_configuration = false; SELECT 1",
    "SET home_directory = '{folder}'; SELECT 1",
    "SET log_query_path = '{folder}/made.log'; SELECT 1",
    "PRAGMA profiling_output = '{folder}/made.json'",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "SELECT getenv('HOME')",
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "store")
    record(store, "a", 1.0)
    return store


@pytest.mark.parametrize("query", REACHES)
def test_a_query_reaches_nothing_beside_its_tables(store: Store, query: str, tmp_path: Path):
    secret = tmp_path / "secret.csv"
    secret.write_text("sentinel-7f3a\n1\n")
    before = sorted(tmp_path.rglob("made*"))
    with pytest.raises(ConfigError) as refused:
        store.sql(query.format(file=secret, folder=tmp_path))
    assert "sentinel" not in str(refused.value)
    assert sorted(tmp_path.rglob("made*")) == before


def test_views_times_and_json_need_no_file(store: Store):
    (row,) = store.sql(
        "SELECT count(*) AS n, max(finished_at) AT TIME ZONE 'Europe/Berlin' AS at, '{\"a\": 1}'::JSON -> 'a' AS one "
        "FROM results JOIN attempts USING (fingerprint, finished_at)"
    ).to_pylist()
    assert (row["n"], row["one"]) == (1, "1")


def test_who_lets_it_may_use_files(store: Store, tmp_path: Path):
    file = tmp_path / "known.csv"
    file.write_text("model,limit\na,0.5\n")
    query = f"SELECT limit FROM read_csv('{file}')".replace("limit ", '"limit" ')
    at = f"analytics_store.uri={store.uri}"
    status, _, err = typed("query", query, at)
    assert (status, "add --allow-files" in err) == (2, True)
    status, out, _ = typed("query", query, "--allow-files", "--format", "csv", at)
    assert (status, "0.5" in out) == (0, True)
