"""The same store in an object store: a real S3 API, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore
from s3_server import s3_server
from store_parts import BEGAN, attempt, fail, fingerprint, record, values

from sweeper.cli.commands import run_command
from sweeper.errors import StoreError
from sweeper.report import html
from sweeper.store import AttemptRow, Store, open_store
from sweeper.store.object_files import ObjectFiles


@pytest.fixture(scope="module")
def options() -> Iterator[dict[str, Any]]:
    with s3_server() as server:
        yield server.options


@pytest.fixture
def store(options: dict[str, Any], request: pytest.FixtureRequest) -> Store:
    return open_store(f"s3://results/{request.node.name}", options)


def test_writes_views_and_merges_as_on_a_disk(store: Store):
    store.files.check()
    uri = record(store, "a", 1.0, 2.0)
    assert uri is not None
    assert uri.startswith("s3://results/")
    record(store, "b", 3.0, second=1)
    fail(store, "c")
    expected = [("a", "k0", 1.0), ("a", "k1", 2.0), ("b", "k0", 3.0)]
    assert values(store) == expected
    assert store.tables() == ["attempts", "runs", "scores"]
    found = store.attempt_states([fingerprint(n) for n in "abc"])
    assert [found[fingerprint(n)].status for n in "abc"] == ["completed", "completed", "failed"]
    assert store.compact(grace_s=0).merged["attempts"] == 3
    assert values(store) == expected
    assert store.attempt_states([fingerprint("c")])[fingerprint("c")].status == "failed"
    assert store.check().sound
    assert store.sql("SELECT count(*) AS n FROM scores").to_pylist() == [{"n": 3}]


def test_a_bucket_that_is_not_there_is_told_without_secrets(options: dict[str, Any]):
    with pytest.raises(StoreError, match="no-such-bucket") as caught:
        open_store("s3://no-such-bucket/x", options).files.check()
    assert "testing-secret" not in str(caught.value)


def test_a_sweep_writes_there_and_plans_against_it(options: dict[str, Any], capsys: pytest.CaptureFixture[str]):
    import io

    grid = ["capability=[evaluate]", "dataset=[digits]", "model=[logreg,naive_bayes]", "metric=[accuracy]"]
    where = [
        "analytics_store.uri=s3://results/sweep",
        f"+analytics_store.storage_options.endpoint_url='{options['endpoint_url']}'",
        "+analytics_store.storage_options.key=testing",
        "+analytics_store.storage_options.secret=testing-secret",
        "job_backend.kind=inline",
    ]
    out, err = io.StringIO(), io.StringIO()
    assert run_command([*grid, *where], out, err) == 0, err.getvalue()
    assert "results: s3://results/sweep" in out.getvalue()
    again = io.StringIO()
    assert run_command([*grid, *where, "--rerun-only-missing"], again, err) == 0, err.getvalue()
    assert "nothing to run; 2 skipped" in again.getvalue()
    said = out.getvalue() + err.getvalue() + again.getvalue()
    assert "testing-secret" not in said
    written = open_store("s3://results/sweep", options)
    assert "testing-secret" not in str([written.table(name).to_pylist() for name in written.tables()])


def test_a_report_shows_what_runs_wrote_into_an_object_store(store: Store):
    uri = store.write_artifact("reports/job/report.md", b"# From afar")
    assert uri.startswith("s3://results/")
    assert store.linked_artifact(uri) == b"# From afar"
    assert store.linked_artifact(uri.replace("/job/", "/none/")) is None
    store.write_attempts([AttemptRow.of(attempt("a"), status="completed", finished_at=BEGAN, report_uri=uri)])
    assert "<h4>From afar</h4>" in html(store)


def test_a_check_looks_at_what_the_server_has_and_not_at_what_was_read_before(store: Store, options: dict[str, Any]):
    record(store, "a", 1.0)
    assert values(store) == [("a", "k0", 1.0)]
    (name,) = store.files.names("attempts")
    outside = open_store(store.uri, options)
    outside.files.put("attempts", name, b"damaged")
    assert values(store) == [("a", "k0", 1.0)]  # it was sound when this process read it
    assert not store.check().sound


def test_files_that_are_gone_hide_none_that_are_to_be_removed(tmp_path: Path):
    """Google Cloud Storage and Azure refuse to delete what is not there, as a folder does; S3 does not say so."""
    files = ObjectFiles("s3://results/gone", {})
    files._store = LocalStore(tmp_path)
    names = [f"{number:02}.parquet" for number in range(60)]
    for name in names[1:]:
        files.put("scores", name, b"1")
    files.remove_all("scores", names)
    assert files.names("scores") == []
