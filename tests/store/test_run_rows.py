"""The rows of one completed run, before anything is written."""

from __future__ import annotations

from datetime import timedelta

from store_parts import BEGAN, ScoreRun, attempt

from sweeper.messages.requests import AttemptInfo, Provenance
from sweeper.records import columns
from sweeper.store import AttemptRow
from sweeper.store.run_rows import RunFacts, completed_rows, measured_rows

JOB = Provenance(job_id="job", submitted_at=BEGAN)
FACTS = RunFacts(BEGAN, BEGAN + timedelta(seconds=2), 0.5, "host", None, "a warning")


def test_what_a_run_measured_is_rows_of_its_table_and_of_runs_in_this_order():
    run = ScoreRun([1.0, 2.0])
    rows = measured_rows(run, run.extract(), JOB, "f" * 64)
    assert [(each.table, len(each.rows)) for each in rows] == [("scores", 2), ("runs", 2)]
    assert {row["fingerprint"] for row in rows[0].rows} == {"f" * 64}
    assert {row["job_id"] for each in rows for row in each.rows} == {"job"}


def test_a_run_that_names_no_parts_has_no_rows_in_runs():
    run = ScoreRun([1.0], dataset_metadata=[], model_metadata=[])
    assert [each.table for each in measured_rows(run, run.extract(), JOB, None)] == ["scores"]


def test_a_run_without_records_measured_nothing():
    assert measured_rows(ScoreRun([]), [], JOB, None) == []


def test_the_completed_attempt_has_what_is_known_of_the_run():
    run, info = ScoreRun([1.0]), attempt("a")
    (rows,) = completed_rows(run, run.extract(), JOB, info, FACTS)
    (row,) = rows.rows
    assert row.items() >= vars(info).items()
    assert row.items() >= FACTS._asdict().items()
    told = {name: row[name] for name in ("status", "duration_s", "result_run_uid", "payload_table", "submitted_at")}
    assert told == {
        "status": "completed",
        "duration_s": 2.0,
        "result_run_uid": run.run_uid,
        "payload_table": "scores",
        "submitted_at": BEGAN,
    }


def test_an_attempt_that_measured_nothing_has_no_payload_table_and_a_job_outside_a_sweep_no_attempt():
    (rows,) = completed_rows(ScoreRun([]), [], JOB, attempt("a"), FACTS)
    assert rows.rows[0]["payload_table"] is None
    assert completed_rows(ScoreRun([]), [], JOB, None, FACTS) == []


def test_what_is_known_of_an_attempt_before_it_runs_are_columns_of_the_same_types():
    types = {name: kind for name, (kind, _) in columns(AttemptRow).items()}
    info = {name: kind for name, (kind, _) in columns(AttemptInfo).items()}
    assert types.items() >= info.items()
