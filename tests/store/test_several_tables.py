"""A run may fill several tables: `results` shows the first, all of them are written before the completed attempt."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from store_parts import BEGAN, ScoreRun, attempt, fingerprint, record, values

from sweeper import Record, open_store
from sweeper.errors import SchemaError
from sweeper.messages.requests import Provenance
from sweeper.store import Store
from sweeper.store.latest import export_latest


class CountRecord(Record, table_name="score_counts"):
    """A row of a second table."""

    label: str
    output_key: str
    output_value: float


class NoteRecord(Record, table_name="score_notes"):
    """A row of a third one."""

    note: str | None = None


class ScoredAndCounted(ScoreRun):
    """A run that fills three tables, their rows not in the order of the tables."""

    def extract(self) -> list[Any]:
        scores = super().extract()
        counts = [CountRecord(run_uid=self.run_uid, label=name, output_key="n", output_value=9.0) for name in "xy"]
        return [scores[0], *counts, NoteRecord(run_uid=self.run_uid), *scores[1:]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def write(store: Store, name: str | None, *, second: float = 0, may_wait: bool = False) -> str | None:
    ended = BEGAN + timedelta(seconds=second)
    return store.record(
        ScoredAndCounted([1.0, 2.0]),
        provenance=Provenance(job_id=f"job {name} {second}", submitted_at=BEGAN, completed_at=ended),
        attempt=None if name is None else attempt(name),
        started_at=BEGAN,
        finished_at=ended,
        may_wait=may_wait,
    )


def counts(store: Store) -> dict[str, int]:
    return {table: len(store.table(table)) for table in ("scores", "score_counts", "score_notes", "runs", "attempts")}


@pytest.mark.parametrize("may_wait", [False, True])
def test_each_table_has_its_rows_whichever_way_they_are_written(
    store: Store, may_wait: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))
    for second, name in enumerate("abc"):
        place = write(store, name, second=second, may_wait=may_wait)
        assert place is not None
        assert "/scores/" in place
    expected = {"scores": 6, "score_counts": 6, "score_notes": 3, "runs": 6, "attempts": 3}
    assert counts(store) == expected
    store.flush_journals()
    store.compact(grace_s=0)
    assert counts(store) == expected
    assert store.check().sound


def test_the_first_table_is_that_of_the_values(store: Store):
    write(store, "a")
    (row,) = store.attempts().to_pylist()
    assert (row["payload_table"], row["further_tables"]) == ("scores", "score_counts, score_notes")
    assert values(store) == [("a", "k0", 1.0), ("a", "k1", 2.0)]
    assert {row["capability_table"] for row in store.table("runs").to_pylist()} == {"scores"}
    record(store, "b", 1.0)
    assert {row["further_tables"] for row in store.attempts().to_pylist() if row["capability"] == "b"} == {None}


def test_rows_of_all_tables_are_found_by_their_run(store: Store):
    write(store, "a")
    write(store, "b")
    for table in ("scores", "score_counts", "score_notes"):
        rows = store.table(table).to_pylist()
        assert {row["fingerprint"] for row in rows} == {fingerprint("a"), fingerprint("b")}
        assert {row["job_id"] for row in rows} == {"job a 0", "job b 0"}
        assert {row["run_uid"] for row in rows} == {row["result_run_uid"] for row in store.attempts().to_pylist()}


@pytest.mark.parametrize("table", ["scores", "score_counts", "score_notes"])
def test_rows_that_are_gone_from_one_table_are_missed(store: Store, table: str):
    for second, name in enumerate("ab"):
        write(store, name, second=second)
    record(store, "c", 1.0, second=3)
    sorted(Path(store.uri, table).glob("[1-9]*.parquet"))[0].unlink()
    (said,) = store.check().rowless
    assert said.endswith(f"a · data · model completed, and the rows in {table} are gone")
    store.check(repair=True)
    assert store.check().sound
    assert sorted(row["capability"] for row in store.attempts().to_pylist()) == ["b", "c"]


def test_an_attempt_that_lost_all_its_tables_is_named_once(store: Store):
    write(store, "a")
    for table in ("scores", "score_counts", "score_notes"):
        next(Path(store.uri, table).glob("[1-9]*.parquet")).unlink()
    (said,) = store.check().rowless
    assert said.endswith(": a · data · model completed, and the rows in score_counts, score_notes, scores are gone")


def test_an_export_has_all_tables_of_the_newest_run(store: Store, tmp_path: Path):
    for second in range(3):
        write(store, "a", second=second)
    write(store, None, second=5)
    target = open_store(tmp_path / "latest")
    found = export_latest(store.files, target.files)
    assert found.runs == 2
    assert counts(target) == {"scores": 4, "score_counts": 4, "score_notes": 2, "runs": 4, "attempts": 1}


@pytest.mark.parametrize("name", ["", "results", ["scores"], None, "a, b"])
def test_one_bad_name_of_several_fails_the_run_and_writes_nothing(store: Store, name: Any):
    class Bad(NoteRecord, table_name="bad"):
        pass

    Bad.table_name = name
    run = ScoreRun([1.0])
    mixed = [*run.extract(), Bad(run_uid=run.run_uid)]
    run.extract = lambda: mixed  # type: ignore[method-assign]
    with pytest.raises(SchemaError, match="cannot be called"):
        store.record(run, provenance=Provenance(), attempt=attempt("mixed"))
    assert not Path(store.uri, "scores").exists()
