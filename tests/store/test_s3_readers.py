"""The documented readings of a store in an object store, by programs that know nothing of sweeper."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import polars as pl
import pytest
from s3_server import KEYS, S3Server, s3_server
from store_parts import record

from sweeper.store import Store, open_store


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as started:
        yield started


@pytest.fixture(scope="module")
def store(server: S3Server) -> Store:
    """Single runs, a merged file and a schema file."""
    store = open_store("s3://results/kind=a", server.options)
    record(store, "a", 1.0)
    record(store, "b", 2.0)
    assert store.compact(grace_s=0).merged["scores"] == 2
    record(store, "c", 3.0)
    return store


def test_polars_reads_a_table(server: S3Server, store: Store):
    rows = pl.scan_parquet(
        f"{store.uri}/scores/*.parquet",
        storage_options={
            "aws_access_key_id": KEYS["key"],
            "aws_secret_access_key": KEYS["secret"],
            "aws_region": "us-east-1",
            "aws_endpoint_url": server.endpoint,
            "aws_allow_http": "true",
        },
        missing_columns="insert",
        extra_columns="ignore",
        hive_partitioning=False,
    ).collect()
    assert sorted(rows["output_value"].to_list()) == [1.0, 2.0, 3.0]
    assert "kind" not in rows.columns


def test_pandas_reads_a_table(server: S3Server, store: Store):
    from pyarrow.fs import S3FileSystem

    keys = {"access_key": KEYS["key"], "secret_key": KEYS["secret"], "region": "us-east-1"}
    files = S3FileSystem(**keys, endpoint_override=server.endpoint.removeprefix("http://"), scheme="http")
    rows = pd.read_parquet("results/kind=a/scores", filesystem=files, partitioning=None)
    assert sorted(rows["output_value"]) == [1.0, 2.0, 3.0]
    assert "kind" not in rows.columns
