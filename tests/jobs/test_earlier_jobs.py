"""What a driver makes of the jobs of an earlier one, without checkmaite: which were lost, which have no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from sweeper.common.clock import now
from sweeper.jobs.checkmaite_ray import handle
from sweeper.jobs.checkmaite_ray.earlier import EarlierJobs, LostAttempt, StoredAttempts
from sweeper.jobs.checkmaite_ray.handle import CheckmaiteJob
from sweeper.jobs.checkmaite_ray.late_rows import LateRows
from sweeper.messages.requests import AttemptInfo
from sweeper.store import AttemptRow, open_store
from sweeper.store.job_files import KeptJob

INFO = AttemptInfo("a2", "f1", "later", "name", "evaluate", "digits", "svm", "accuracy", "{}", code_revision="abc")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (None, "no longer knows it"),
        ("completed", "its rows are no longer in the store"),
        ("failed", "ended as failed while no driver looked"),
        ("cancelled", "ended as cancelled while no driver looked"),
    ],
)
def test_a_job_that_left_no_row_was_lost_once_and_its_row_says_why(status: str | None, why: str):
    earlier = EarlierJobs({"j1": KeptJob("f1", "a1")}, {"j1": status} if status else {})
    (lost,) = earlier.take_lost("f1")
    assert lost.attempt_id == "a1"
    assert why in lost.why
    assert earlier.take_lost("f1") == []


@pytest.mark.parametrize(
    ("status", "job", "stored"),
    [
        ("running", KeptJob("f1", "a1"), frozenset[str]()),
        ("scheduling", KeptJob("f1", "a1"), frozenset[str]()),
        ("failed", KeptJob("f1", "a1"), frozenset({"a1"})),
        ("failed", KeptJob("f1", ""), frozenset[str]()),
    ],
)
def test_a_job_that_goes_on_or_has_its_row_or_is_of_no_known_attempt_was_not_lost(
    status: str, job: KeptJob, stored: frozenset[str]
):
    assert EarlierJobs({"j1": job}, {"j1": status}, StoredAttempts(stored)).take_lost("f1") == []


def test_a_job_is_rowless_where_it_had_completed_and_no_attempt_has_its_run():
    stored = StoredAttempts(completed=frozenset({("f1", "r1")}))
    earlier = EarlierJobs({}, {"j1": "completed", "j2": "completed", "j3": "running"}, stored)
    assert not earlier.is_rowless("j1", "f1", "r1")
    assert earlier.is_rowless("j2", "f1", "r2")
    assert earlier.is_rowless("j2", "f2", "r1")
    assert not earlier.is_rowless("j3", "f1", "r2")  # its worker has written its rows since, then it completed
    assert not earlier.is_rowless("j4", "f1", "r2")


def test_what_the_store_says_of_attempts_is_read_from_it(tmp_path: Path):
    store = open_store(tmp_path / "store")
    assert StoredAttempts.of(store) == StoredAttempts()
    store.write_attempts([AttemptRow.of(INFO, status="completed", submitted_at=now(), result_run_uid="r1")])
    assert StoredAttempts.of(store) == StoredAttempts(frozenset({"a2"}), frozenset({("f1", "r1")}))


def test_the_row_of_a_lost_attempt_is_written_and_kept_while_the_store_takes_nothing(tmp_path: Path):
    store = open_store(tmp_path / "store")
    rows = LateRows(store, "earlier")
    (tmp_path / "store").touch()
    rows.add(INFO, [LostAttempt("a1", "it is gone")])
    rows.write_now_and_then()
    rows.write_now_and_then()  # not again so soon
    (tmp_path / "store").unlink()
    rows.write()
    (row,) = store.attempts().to_pylist()
    told = {
        name: row[name] for name in ("attempt_id", "sweep_id", "status", "error_message", "dataset", "code_revision")
    }
    assert told == {
        "attempt_id": "a1",
        "sweep_id": "earlier",
        "status": "lost",
        "error_message": "it is gone",
        "dataset": "digits",
        "code_revision": None,
    }


class Said(NamedTuple):
    value: str


class Reference(NamedTuple):
    run_uid: str
    capability_id: str


@dataclass
class Answers:
    """checkmaite's handle on a job, as far as it can be had without a cluster: its status is what a test says."""

    value: str
    job_id: str = "j1"
    cancelled: int = 0

    @property
    def status(self) -> Said:
        return Said(self.value)

    @property
    def scheduling_info(self) -> Mapping[str, datetime | None]:
        return {}

    def cancel(self) -> bool:
        self.cancelled += 1
        return True

    def result(self, timeout: float | None = None) -> Reference:
        return Reference("r1", "c")

    def exception(self) -> BaseException | None:
        return RuntimeError("trouble\njob controller heartbeat expired")


@pytest.mark.parametrize(("found", "waits"), [(True, 0.0), (True, 3600.0), (False, 0.0)])
def test_a_submission_whose_driver_died_in_the_midst_of_it_is_given_up_after_a_while_and_made_anew(
    found: bool, waits: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handle, "ABANDONED_S", waits)
    job, remote = CheckmaiteJob("a2", "name", now()), Answers("pending")
    job.submitted(remote, found=found)
    assert not job.look()
    given_up = found and waits == 0
    assert remote.cancelled == given_up
    if given_up:
        remote.value = "cancelled"
        assert job.look()
        assert (job.ended, job.lost_before) == (False, None)  # it never began, so no attempt was lost


def test_a_job_that_was_found_and_then_lost_is_submitted_anew_and_its_attempt_was_lost():
    job, remote = CheckmaiteJob("a2", "name", now()), Answers("running")
    job.submitted(remote, found=True)
    assert not job.look()
    remote.value = "failed"
    assert job.look()
    assert job.lost_before == ("j1", "job controller heartbeat expired")
    earlier = EarlierJobs({"j1": KeptJob("f1", "a1")}, {"j1": "running"})
    assert earlier.lost_since("j1", "job controller heartbeat expired") == [
        LostAttempt("a1", "job controller heartbeat expired")
    ]


def test_a_job_of_this_driver_that_is_lost_has_ended():
    job = CheckmaiteJob("a2", "name", now())
    job.submitted(Answers("failed"))
    assert not job.look()
    assert job.ended
    assert isinstance(job.exception(), handle.LostJobError)
