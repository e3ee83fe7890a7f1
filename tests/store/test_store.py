from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_parts import BEGAN, ScoreRun, attempt, fail, fingerprint, record, values

from sweeper.errors import ConfigError, MissingExtraError, StoreError
from sweeper.messages.requests import Provenance
from sweeper.records import Record
from sweeper.store import DamagedFileWarning, Store, live_files, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def rows(store: Store, table: str) -> list[dict[str, Any]]:
    return store.table(table).to_pylist()


# What is written


def test_a_completed_run_is_in_all_three_tables(store: Store):
    uri = record(store, "a", 0.5, 0.7)
    assert uri is not None
    assert Path(uri).parent.name == "scores"
    assert [(row["output_key"], row["output_value"]) for row in rows(store, "scores")] == [("k0", 0.5), ("k1", 0.7)]
    assert {(row["entity_type"], row["entity_id"]) for row in rows(store, "runs")} == {
        ("dataset", "data"),
        ("model", "model"),
    }
    (done,) = rows(store, "attempts")
    assert (done["status"], done["payload_table"], done["duration_s"]) == ("completed", "scores", 0.0)
    payload = rows(store, "scores")[0]
    assert done["result_run_uid"] == payload["run_uid"]
    assert (payload["fingerprint"], payload["job_id"]) == (fingerprint("a"), done["job_id"])


def test_a_run_without_rows_is_still_completed(store: Store):
    assert record(store, "empty") is None
    assert store.attempt_states([fingerprint("empty")])[fingerprint("empty")].completed
    assert store.tables() == ["attempts"]


def test_times_are_microseconds_in_utc_as_checkmaite_needs_them(store: Store):
    record(store, "a", 1.0)
    for table in store.tables():
        for field in store.table(table).schema:
            if pa.types.is_timestamp(field.type):
                assert field.type == pa.timestamp("us", tz="UTC")


def test_nothing_but_attempts_and_payload_tables_has_a_run_uid_column(store: Store):
    record(store, "a", 1.0)
    assert "run_uid" not in store.attempts().column_names


def test_a_write_reads_nothing_and_leaves_no_temporary_file(store: Store, monkeypatch: pytest.MonkeyPatch):
    record(store, "a", 1.0)
    monkeypatch.setattr(pq, "ParquetFile", None)
    monkeypatch.setattr(os, "listdir", None)
    record(store, "b", 1.0)
    monkeypatch.undo()
    assert not list(Path(store.uri, ".sweeper", "tmp").iterdir())
    assert len(store.attempts()) == 2


def test_an_added_column_is_null_in_old_rows_and_a_changed_type_is_refused(store: Store):
    class Before(Record, table_name="grown"):
        value: float

    class After(Record, table_name="grown"):
        value: float
        note: str | None = None

    class Wrong(Record, table_name="grown"):
        value: str

    def write(row: Record) -> None:
        run = ScoreRun([])
        run.extract = lambda: [row]  # type: ignore[method-assign,return-value]
        open_store(store.uri).record(run, provenance=Provenance())

    write(Before(run_uid="1", value=1.0))
    write(After(run_uid="2", value=2.0, note="new"))
    assert sorted((r["value"], r["note"]) for r in rows(store, "grown")) == [(1.0, None), (2.0, "new")]
    assert pq.read_schema(Path(store.uri, "grown", "0_schema.parquet")).names[-1] == "note"
    with pytest.raises(StoreError, match="column of another type"):
        write(Wrong(run_uid="3", value="x"))


# What is looked up


def test_states_tell_the_newest_completed_attempt_else_the_newest(store: Store):
    fail(store, "a")
    record(store, "a", 1.0, second=1, code_revision="first")
    record(store, "a", 1.0, second=2, code_revision="second")
    fail(store, "a", "timeout", second=3)
    fail(store, "b")
    fail(store, "b", "lost", second=1)
    keys = [fingerprint(name) for name in ("a", "b", "never")]
    found = store.attempt_states(keys, details=True)
    assert set(found) == set(keys[:2])
    assert (found[keys[0]].completed, found[keys[0]].code_revision) == (True, "second")
    assert (found[keys[1]].completed, found[keys[1]].status) == (False, "lost")
    store.compact(grace_s=0)
    again = store.attempt_states(keys)
    assert again == found


def test_results_are_one_row_per_value_of_the_newest_completed_attempt(store: Store):
    record(store, "a", 1.0, second=1)
    record(store, "a", 2.0, 3.0, second=2)
    record(store, "b", 4.0)
    fail(store, "c")
    assert values(store) == [("a", "k0", 2.0), ("a", "k1", 3.0), ("b", "k0", 4.0)]
    assert len(store.attempts()) == 4
    newest = {row["capability"]: row["finished_at"].second for row in store.completed().to_pylist()}
    assert newest == {"a": 2, "b": 0}
    assert store.sql("SELECT capability FROM completed ORDER BY 1").to_pylist() == [
        {"capability": "a"},
        {"capability": "b"},
    ]
    only_b = store.results(fingerprints=[fingerprint("b")]).to_pylist()
    assert [(row["capability"], row["value"]) for row in only_b] == [("b", 4.0)]
    assert len(store.results(sweep_id="sweep")) == 3
    assert len(store.results(sweep_id="another")) == 0


def test_values_of_one_key_at_several_strengths_and_of_several_images_are_told_apart(store: Store):
    class Strength(Record, table_name="strengths"):
        theta_key: str
        theta_value: float
        metric_key: str
        metric_value: float

    class Map(Record, table_name="maps"):
        image_index: int
        entropy: float

    def write(name: str, *rows: Record) -> None:
        run = ScoreRun([], run_uid=name)
        run.extract = lambda: [*rows]  # type: ignore[method-assign,return-value]
        store.record(run, provenance=Provenance(job_id=name), attempt=attempt(name), finished_at=BEGAN)

    at = {"theta_key": "factor", "metric_key": "accuracy", "run_uid": "s"}
    write("s", *(Strength(**at, theta_value=x, metric_value=1 - x) for x in (0.25, 0.5)))
    write("m", *(Map(run_uid="m", image_index=i, entropy=float(i)) for i in range(2)))
    found = {(row["key"], row["scope"], row["value"]) for row in store.results().to_pylist()}
    assert found == {
        ("accuracy at factor=0.25", "overall", 0.75),
        ("accuracy at factor=0.5", "overall", 0.5),
        ("entropy", "image 0", 0.0),
        ("entropy", "image 1", 1.0),
    }


def test_an_empty_store_has_empty_views(store: Store):
    assert (len(store.attempts()), len(store.results()), store.tables()) == (0, 0, [])
    with pytest.raises(StoreError, match="no table 'scores'; it has none"):
        store.table("scores")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=12))
def test_whatever_is_written_and_merged_the_views_follow_the_last_completed(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[str, bool, bool]]
):
    store = open_store(tmp_path_factory.mktemp("store"))
    expected: dict[str, float] = {}
    for second, (name, completes, merges) in enumerate(history):
        if completes:
            record(store, name, float(second), second=second)
            expected[name] = float(second)
        else:
            fail(store, name, second=second)
        if merges:
            store.compact(grace_s=0)
    assert values(open_store(store.uri)) == sorted((name, "k0", value) for name, value in expected.items())
    found = store.attempt_states([fingerprint(name) for name in "abc"])
    assert {key for key, state in found.items() if state.completed} == {fingerprint(name) for name in expected}
    assert len(store.attempts()) == len(history)


# What keeps it in order


def test_a_merge_changes_no_answer_and_leaves_few_files(store: Store):
    for i in range(30):
        record(store, f"c{i}", float(i), second=i)
    before = values(store), len(store.table("runs"))
    done = store.compact(grace_s=0)
    assert done.merged == {"attempts": 30, "runs": 30, "scores": 30}
    assert (values(store), len(store.table("runs"))) == before
    assert len(list(Path(store.uri, "attempts").glob("*.parquet"))) == 1
    assert len(list(Path(store.uri, "scores").glob("*.parquet"))) == 2  # and the schema file, which survives
    assert str(store.compact(grace_s=0)) == "nothing to merge"
    record(store, "later", 99.0, second=99)
    assert len(values(store)) == 31


def test_young_files_are_left_alone(store: Store):
    record(store, "a", 1.0)
    record(store, "b", 1.0)
    assert store.compact(grace_s=60).merged == {}


def test_a_second_compaction_at_the_same_time_stands_back(store: Store):
    record(store, "a", 1.0)
    Path(store.uri, ".sweeper", "compact.lock").write_text("somebody")
    assert "another compaction is at work" in str(store.compact(grace_s=0))


def test_a_merge_that_passed_the_lock_beside_another_stands_back(store: Store, monkeypatch: pytest.MonkeyPatch):
    """As where a lock was left behind, or in an object store: both read, both note, and at most one goes on."""
    for i in range(4):
        record(store, f"c{i}", float(i))
    other = open_store(store.uri)
    real = live_files.is_contested

    def meanwhile(*asked: Any) -> bool:
        monkeypatch.setattr(live_files, "is_contested", real)
        Path(store.uri, ".sweeper", "compact.lock").rename(tmp := Path(store.uri, ".sweeper", "taken"))
        assert set(other.compact(grace_s=0).merged) == {"runs", "scores"}  # this one is at `attempts`, the first
        tmp.rename(Path(store.uri, ".sweeper", "compact.lock"))
        return real(*asked)

    monkeypatch.setattr(live_files, "is_contested", meanwhile)
    assert "attempts" in store.compact(grace_s=0).merged
    assert len(store.attempts()) == len(values(store)) == 4


def test_damaged_and_foreign_files_are_named_left_out_and_moved_aside(store: Store):
    record(store, "a", 1.0)
    folder = Path(store.uri, "scores")
    whole = next(folder.glob("[1-9]*.parquet")).read_bytes()
    (folder / "0000000000001_torn.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "0000000000002_empty.parquet").write_bytes(b"")
    (folder / "notes.txt").write_text("mine")
    with pytest.warns(DamagedFileWarning, match=r"(torn|empty).*cannot be read"):
        assert values(store) == [("a", "k0", 1.0)]
    report = store.check()
    assert not report.sound
    assert len(report.damaged) == 2
    assert report.foreign == ("scores/notes.txt",)
    assert "0000000000001_torn" in str(report)
    store.check(repair=True)
    assert sorted(p.name for p in Path(store.uri, ".sweeper", "quarantine", "scores").iterdir()) == [
        "0000000000001_torn.parquet",
        "0000000000002_empty.parquet",
        "notes.txt",
    ]
    assert store.check().sound
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert values(store) == [("a", "k0", 1.0)]


FOREIGN = {
    "another type": ("attempts", {"fingerprint": [1, 2], "status": ["completed", "failed"]}, "'fingerprint' is int64"),
    "another type elsewhere": ("attempts", {"fingerprint": ["x"], "host": [1.5]}, "'host' is double, and string in"),
    "no fingerprint": ("attempts", {"status": ["completed"]}, "no column 'fingerprint'"),
    "null fingerprints": ("attempts", {"fingerprint": ["x", None]}, "rows without a fingerprint"),
    "only nulls": ("attempts", {"fingerprint": [None]}, "rows without a fingerprint"),
    "another payload": ("scores", {"run_uid": ["x"], "output_value": ["much"]}, "'output_value' is string, and double"),
    "no run": ("scores", {"output_value": [1.0]}, "no column 'run_uid'"),
    "another run": ("runs", {"run_uid": [7]}, "'run_uid' is int64, and string in this table"),
}


@pytest.mark.parametrize("name", ["foreign.parquet", "0000000000001_foreign.parquet", "-.parquet"])
@pytest.mark.parametrize(("table", "columns", "reason"), FOREIGN.values(), ids=list(FOREIGN))
def test_a_foreign_parquet_file_is_named_left_out_and_moved_aside(
    store: Store, table: str, columns: dict[str, list[Any]], reason: str, name: str
):
    record(store, "a", 1.0)
    fail(store, "b")
    seen = [values(store), *(rows(store, t) for t in store.tables())]
    known = store.attempt_states([fingerprint("a"), fingerprint("b"), "x"], details=True)
    pq.write_table(pa.table(columns), Path(store.uri, table, name))

    def the_same_is_seen() -> None:
        assert [values(store), *(rows(store, t) for t in store.tables())] == seen
        assert store.attempt_states([fingerprint("a"), fingerprint("b"), "x"], details=True) == known

    with pytest.warns(DamagedFileWarning, match=f"{table}/{name} cannot be read and is left out: .*{reason}"):
        the_same_is_seen()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)  # a merge names it only where it would have taken it
        store.compact(grace_s=0)
        assert values(store) == seen[0]
    report = store.check()
    assert not report.damaged
    (said,) = report.foreign
    assert said.startswith(f"{table}/{name}: ")
    assert reason in said
    store.check(repair=True)
    assert [p.name for p in Path(store.uri, ".sweeper", "quarantine", table).iterdir()] == [name]
    assert store.check().sound
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert values(store) == seen[0]


def test_foreign_files_that_differ_only_from_each_other_are_not_fatal(store: Store):
    record(store, "a", 1.0)
    for name, extra in (("one", 1), ("two", "text")):
        columns = {"fingerprint": [name], "status": ["completed"], "extra": [extra]}
        pq.write_table(pa.table(columns), Path(store.uri, "attempts", f"{name}.parquet"))
    with pytest.warns(DamagedFileWarning, match="two.parquet"):
        assert {row["fingerprint"] for row in rows(store, "attempts")} == {fingerprint("a"), "one"}


def test_attempts_of_an_older_version_may_lack_columns(store: Store):
    folder = Path(store.uri, "attempts")
    folder.mkdir(parents=True)
    old = {"fingerprint": ["x"], "status": ["completed"], "capability": ["score"]}
    pq.write_table(pa.table(old), folder / "0000000000001_old.parquet")
    assert values(store) == []
    assert [row["fingerprint"] for row in store.completed().to_pylist()] == ["x"]
    assert store.attempt_states(["x"], details=True)["x"].completed
    assert store.check().sound


def test_reading_opens_each_file_once(store: Store, monkeypatch: pytest.MonkeyPatch):
    for name in "abc":
        record(store, name, 1.0)
    opened: list[str] = []
    real = store.files.source
    monkeypatch.setattr(store.files, "source", lambda *place: (opened.append("/".join(place)), real(*place))[1])
    store.attempts()
    store.table("scores")
    assert len(opened) == len(set(opened)) == 3 + 4


def test_a_damaged_attempts_file_loses_no_other(store: Store):
    record(store, "a", 1.0)
    record(store, "b", 1.0)
    victim = next(Path(store.uri, "attempts").glob(f"*{fingerprint('b')}.parquet"))
    victim.write_bytes(b"PAR1")
    with pytest.warns(DamagedFileWarning):
        store.compact(grace_s=0)
    with pytest.warns(DamagedFileWarning):
        left = values(store)
    assert [name for name, _, _ in left] == ["a"]


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-9], lambda data: data + b"x"])
def test_a_damaged_attempts_file_is_not_taken_for_a_completed_attempt(store: Store, damage: Callable[[bytes], bytes]):
    record(store, "a", 1.0)
    record(store, "b", 1.0)
    victim = next(Path(store.uri, "attempts").glob(f"*{fingerprint('b')}.parquet"))
    victim.write_bytes(damage(victim.read_bytes()))
    for details in (False, True):
        with pytest.warns(DamagedFileWarning, match="was written with"):
            assert set(store.attempt_states(map(fingerprint, "ab"), details=details)) == {fingerprint("a")}


# Who else reads it


def test_pandas_polars_and_duckdb_read_the_same(store: Store):
    for i in range(5):
        record(store, f"c{i}", float(i), second=i)
    store.compact(grace_s=0)
    record(store, "late", 10.0)
    folder = Path(store.uri, "scores")
    sums = [
        float(pd.read_parquet(folder)["output_value"].sum()),
        float(pl.read_parquet(str(folder / "*.parquet"))["output_value"].sum()),
        duckdb.sql(f"SELECT sum(output_value) FROM read_parquet('{folder}/*.parquet')").fetchall()[0][0],
        store.sql("SELECT sum(output_value) AS s FROM scores").to_pylist()[0]["s"],
        store.sql("SELECT sum(value) AS s FROM results").to_pylist()[0]["s"],
    ]
    assert sums == [20.0] * 5


def test_names_in_a_query_have_no_case(store: Store):
    record(store, "a", 1.0)
    assert store.sql("select VALUE from Results").to_pylist() == store.sql("SELECT value FROM results").to_pylist()
    assert len(store.sql("SELECT * FROM SCORES")) == 1


def test_a_query_that_is_wrong_names_the_tables(store: Store):
    record(store, "a", 1.0)
    with pytest.raises(ConfigError, match=r"Tables and views: attempts, runs, scores, completed, results"):
        store.sql("SELECT * FROM score")


# Where it can be


@pytest.mark.parametrize("uri", ["ftp://host/store", "http://host/store"])
def test_an_address_that_can_hold_no_store_is_refused(uri: str):
    with pytest.raises(StoreError, match="it takes a path"):
        open_store(uri)


def test_an_extra_that_is_missing_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch):
    for name in ("obstore", "obstore.exceptions"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[azure\]'"):
        open_store("abfs://container/store", {"account_name": "x"})


def test_a_place_that_cannot_be_written_is_told_early(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        open_store(tmp_path / "file").files.check()
    with pytest.raises(StoreError, match="cannot be written"):
        open_store("/proc/nowhere/store").files.check()


def test_secrets_are_in_no_representation(tmp_path: Path):
    store = open_store("s3://bucket/x", {"key": "AKIA", "secret": "hush", "endpoint_url": "http://127.0.0.1:9"})
    assert "hush" not in repr(store) + str(vars(store))
    with pytest.raises(StoreError) as caught:
        store.files.check()
    assert "hush" not in str(caught.value)
