"""A clock that is set back makes no old result the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from invariant import assert_nothing_lost
from store_parts import BEGAN, record, values

import sweeper
from sweeper.common import clock
from sweeper.store import open_store

pytestmark = pytest.mark.faults
YESTERDAY = timedelta(days=1)
TINY = {
    "_target_": "parts.Tiny",
    "_sweep_": {"arity": dict.fromkeys(("datasets", "models", "metrics"), "ZERO")},
}


def sweep(folder: Path, kind: str, **settings: object) -> sweeper.SweepResult:
    config = {
        "capability": {"tiny": TINY},
        "analytics_store": {"uri": str(folder)},
        "job_backend": {"kind": kind},
        **settings,
    }
    return sweeper.sweep(config, progress=False)


@pytest.mark.parametrize("merged", [False, True])
def test_what_runs_after_a_clock_was_set_back_is_the_newest(
    tmp_path: Path, kind: str, merged: bool, monkeypatch: pytest.MonkeyPatch
):
    """The clock of the driver; the workers of a Ray have the right one, which is that of the machine."""
    first = sweep(tmp_path, kind)
    if merged:
        first.store.compact(grace_s=0)
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) - YESTERDAY)
    second = sweep(tmp_path, kind)
    store = open_store(tmp_path)
    rows = sorted(store.attempts().to_pylist(), key=lambda row: row["finished_at"])
    assert [row["sweep_id"] for row in rows] == [first.sweep_id, second.sweep_id]
    assert rows[0]["finished_at"] < rows[1]["submitted_at"] < rows[1]["finished_at"]
    assert 0 <= rows[1]["duration_s"] < 3600
    (newest,) = store.completed().to_pylist()
    assert newest["sweep_id"] == second.sweep_id
    assert_nothing_lost(store, {row["fingerprint"] for row in rows})


def test_a_failure_after_a_clock_was_set_back_makes_the_value_older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    gone = tmp_path / "gone"
    config = {"capability": {"tiny": {**TINY, "_target_": "clock_parts.FailsOnceThere", "path": str(gone)}}}
    sweep(tmp_path / "store", "inline", **config)
    gone.touch()
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) - YESTERDAY)
    result = sweep(tmp_path / "store", "inline", **config)
    assert result.counts["failed"] == 1
    (completed,) = open_store(tmp_path / "store").completed().to_pylist()
    assert completed["newest_status"] == "failed"
    monkeypatch.undo()
    assert sweep(tmp_path / "store", "inline", rerun="failed", **config).plan.to_run


def test_a_store_without_attempts_leaves_times_as_they_are(tmp_path: Path):
    before = clock.now()
    sweep(tmp_path, "inline")
    (row,) = open_store(tmp_path).attempts().to_pylist()
    assert before <= row["submitted_at"] <= row["finished_at"] <= clock.now()


def test_times_only_ever_move_on():
    later = clock.now() + YESTERDAY
    assert clock.after(None) <= clock.now()
    assert clock.after(later) > later
    started, ended = clock.span_after(clock.now(), later)
    assert later < ended
    assert timedelta() <= ended - started < timedelta(hours=1)
    assert clock.from_microseconds(0) is None
    assert clock.from_microseconds(1_500_000) == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("days", [-1, 1])
def test_the_time_in_the_name_of_an_attempt_is_that_of_its_end_or_of_its_writing(tmp_path: Path, days: int):
    """The later of both: the first decides which attempt is the newest, the second how long a file has been there."""
    store, written = open_store(tmp_path), clock.now()
    ended = written + timedelta(days=days)
    record(store, "a", 1.0, second=round((ended - BEGAN).total_seconds()))
    (path,) = Path(store.uri, "attempts").glob("*.parquet")
    named = clock.from_microseconds(int(path.name.split("_")[0]) * 1000)
    assert named is not None
    assert named >= max(written, ended) - timedelta(seconds=1)
    assert values(store) == [("a", "k0", 1.0)]
