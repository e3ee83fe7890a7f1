"""An exported store has each run once, the newest that counts, for readers that know nothing of sweeper too."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet
import pytest
from command_line import typed
from s3_server import s3_server
from store_parts import BEGAN, ScoreRun, attempt, fail, record, values

from sweeper.errors import ConfigError
from sweeper.messages.requests import Provenance
from sweeper.store import Store, open_store, streamed
from sweeper.store.latest import Exported, export_latest

JOINED = "SELECT output_value FROM {payload} p JOIN {runs} r ON p.run_uid = r.run_uid WHERE entity_type = 'dataset'"


def write(store: Store, uid: str, value: float, second: int, name: str | None = None, **more: Any) -> None:
    """A run of this `run_uid`; without a name, one outside of sweeps."""
    ended = BEGAN + timedelta(seconds=second)
    store.record(
        ScoreRun([value], run_uid=uid),
        provenance=Provenance(job_id=uuid.uuid4().hex, submitted_at=BEGAN, completed_at=ended),
        attempt=None if name is None else attempt(name),
        started_at=BEGAN,
        finished_at=ended,
        **more,
    )


def exported(store: Store, folder: Path) -> tuple[Exported, Store]:
    target = open_store(folder)
    return export_latest(store.files, target.files), target


def read(folder: Path) -> list[float]:
    """The join on `run_uid` alone, by DuckDB over the files."""
    places: Mapping[str, str] = {
        key: f"read_parquet('{folder / table}/*.parquet', union_by_name=true, hive_partitioning=false)"
        for key, table in (("payload", "scores"), ("runs", "runs"))
    }
    return sorted(value for (value,) in duckdb.sql(JOINED.format(**places)).fetchall())


def uids(folder: Path, table: str) -> list[str]:
    """By plain pyarrow."""
    return sorted(pa.dataset.dataset(folder / table).to_table(columns=["run_uid"])["run_uid"].to_pylist())


@pytest.mark.parametrize("waits", [False, True], ids=["files", "journal"])
def test_a_rerun_that_gives_the_same_run_uid_stands_once_with_its_newest_value(tmp_path: Path, waits: bool):
    store = open_store(tmp_path / "store")
    for second, value in enumerate((1.0, 2.0, 3.0)):
        write(store, "same", value, second, "a", may_wait=waits)
    write(store, "other", 9.0, 0, "b", may_wait=waits)
    done, target = exported(store, tmp_path / "latest")
    assert read(tmp_path / "latest") == [3.0, 9.0]
    assert uids(tmp_path / "latest", "scores") == ["other", "same"]
    assert done == Exported(target.uri, 2, {"attempts": 2, "runs": 4, "scores": 2})
    assert values(target) == values(store)
    assert target.check().sound


def test_of_runs_with_uids_of_their_own_the_newest_of_each_combination_is_taken(tmp_path: Path):
    store = open_store(tmp_path / "store")
    record(store, "a", 1.0, second=1)
    record(store, "a", 2.0, second=2)
    record(store, "b", 5.0, second=1)
    _, target = exported(store, tmp_path / "latest")
    assert read(tmp_path / "latest") == [2.0, 5.0]
    assert len(target.attempts()) == 2


def test_runs_outside_of_sweeps_count_once_too(tmp_path: Path):
    store = open_store(tmp_path / "store")
    for value in (1.0, 2.0, 3.0):
        write(store, "job", value, 0)
    write(store, "swept", 4.0, 0, "a")
    done, target = exported(store, tmp_path / "latest")
    assert read(tmp_path / "latest") == [3.0, 4.0]
    assert (done.runs, len(target.attempts())) == (2, 1)


def test_a_store_without_attempts_is_exported_too(tmp_path: Path):
    store = open_store(tmp_path / "store")
    write(store, "job", 1.0, 0)
    write(store, "job", 2.0, 1)
    done, target = exported(store, tmp_path / "latest")
    assert (read(tmp_path / "latest"), done.rows) == ([2.0], {"runs": 2, "scores": 1})
    assert target.tables() == ["runs", "scores"]


def test_what_no_completed_attempt_names_is_left_out(tmp_path: Path):
    """A worker that died between its rows and its attempt, and a run that was killed for its time."""
    store = open_store(tmp_path / "store")
    write(store, "good", 1.0, 0, "a")
    write(store, "good", 7.0, 5, "a")
    newest = max(Path(store.uri, "attempts").glob("*.parquet"))
    newest.unlink()
    exported(store, tmp_path / "latest")
    assert read(tmp_path / "latest") == [1.0]


def test_a_failure_since_ages_the_value_there_as_here(tmp_path: Path):
    store = open_store(tmp_path / "store")
    record(store, "a", 1.0, second=1)
    fail(store, "a", second=2)
    fail(store, "never", second=2)
    fail(store, "a", status="lost", second=3)
    _, target = exported(store, tmp_path / "latest")
    here, there = store.results().to_pylist(), target.results().to_pylist()
    assert [row["caveat"] for row in there] == [row["caveat"] for row in here]
    assert there[0]["caveat"] is not None
    assert sorted(target.attempts()["status"].to_pylist()) == ["completed", "failed", "failed"]


def test_combinations_that_share_a_run_uid_are_counted(tmp_path: Path):
    store = open_store(tmp_path / "store")
    write(store, "same", 1.0, 1, "a")
    write(store, "same", 2.0, 2, "b")
    done, _ = exported(store, tmp_path / "latest")
    assert (done.runs, done.sharing) == (1, 1)
    assert read(tmp_path / "latest") == [2.0]


def test_a_store_that_is_merged_and_large_gives_the_same_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = open_store(tmp_path / "store")
    for place in range(6):
        write(store, f"uid{place % 3}", float(place), place, f"n{place % 3}")
    store.compact(grace_s=0)
    monkeypatch.setattr(streamed, "GROUP_BYTES", 1)
    _, target = exported(store, tmp_path / "latest")
    assert read(tmp_path / "latest") == [3.0, 4.0, 5.0]
    assert values(target) == values(store)


def test_rows_of_checkmaite_that_name_no_job_count_once(tmp_path: Path):
    """Its payload tables have neither `fingerprint` nor `job_id`; a rerun of ours of the same run is newer."""
    store = open_store(tmp_path / "store")
    write(store, "theirs", 1.0, 0)
    write(store, "both", 2.0, 0)
    for path in Path(store.uri, "scores").glob("[1-9]*.parquet"):
        pa.parquet.write_table(pa.parquet.read_table(path).drop_columns(["fingerprint", "job_id"]), path)
    ended = pa.compute.max(store.table("scores")["created_at"]).as_py() + timedelta(seconds=1)
    store.record(
        ScoreRun([3.0], run_uid="both"),
        provenance=Provenance(job_id="later", submitted_at=ended, completed_at=ended),
        attempt=attempt("a"),
        started_at=ended,
        finished_at=ended,
    )
    exported(store, tmp_path / "latest")
    assert read(tmp_path / "latest") == [1.0, 3.0]


def test_it_reads_an_object_store(tmp_path: Path):
    with s3_server() as server:
        store = open_store("s3://results/kind=a", server.options)
        for second, value in enumerate((1.0, 2.0)):
            write(store, "same", value, second, "a")
        exported(store, tmp_path / "latest")
        assert read(tmp_path / "latest") == [2.0]
        target = open_store("s3://results/latest", server.options)
        export_latest(store.files, target.files)
        assert values(target) == values(store)


# The command


@pytest.fixture
def uri(empty_folder: Path) -> str:
    store = open_store("store")
    write(store, "same", 1.0, 1, "a")
    write(store, "same", 2.0, 2, "a")
    return "analytics_store.uri=store"


def test_the_command_writes_the_store_and_says_what_it_holds(uri: str, empty_folder: Path):
    status, out, err = typed("export", "--latest", "latest", uri)
    assert (status, err) == (0, "")
    assert out == f"1 runs in {empty_folder / 'latest'}: 1 rows of attempts, 2 rows of runs, 1 rows of scores\n"
    assert read(empty_folder / "latest") == [2.0]


def test_a_folder_that_is_empty_is_taken_and_one_that_is_not_is_refused(uri: str, empty_folder: Path):
    Path("latest").mkdir()
    assert typed("export", "--latest", "latest", uri)[0] == 0
    status, out, err = typed("export", "--latest", "latest", uri)
    assert (status, out) == (2, "")
    assert f"{empty_folder / 'latest'} is not empty" in err
    assert "is within the store" in typed("export", "--latest", "store/latest", uri)[2]
    assert "is not a folder" in typed("export", "--latest", "latest/.sweeper/format.json", uri)[2]


def test_what_is_missing_is_named(empty_folder: Path):
    from sweeper.cli.arguments import parse

    with pytest.raises(ConfigError, match="--latest, which belongs to export"):
        parse(["query", "SELECT 1", "--latest", "x"])
    status, _, err = typed("export", "--latest", "latest", "analytics_store.uri=nothing")
    assert status == 2
    assert "There is no analytics store at" in err
    assert list(empty_folder.iterdir()) == []
