"""What an interrupted sweep lets finish, what it takes back, and what it counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from invariant import assert_nothing_lost
from runner_bench import Bench, evaluations, planned, tiny

pytestmark = pytest.mark.faults


def test_the_first_interrupt_lets_an_inference_and_those_that_read_it_finish(bench: Bench, tmp_path: Path):
    """Six combinations read two inferences of three seconds; the interrupt comes in the middle of the first."""
    passes = tmp_path / "passes"
    passes.mkdir()
    items = evaluations(passes, sleep_s=3.0)
    outcome = bench.interrupted(items, passes / "pass-*", grace_s=600.0)
    counts = outcome.counts
    assert counts["completed"] >= (3 if bench.backend.default_window > 1 else 1), (
        "all readers, where they wait together"
    )
    assert counts["completed"] + counts["cancelled"] + counts["not_attempted"] == 6
    assert (outcome.stopped_by, outcome.exit_status, outcome.failures) == ("interrupt", 130, ())
    assert bench.progress.failures == []
    assert len([note for note in bench.progress.notes if "stopping" in note]) == 1
    assert_nothing_lost(bench.store, [item.fingerprint for item in items], tidy=False)


def test_readers_for_which_the_grace_is_too_short_are_cancelled(ray_bench: Bench, tmp_path: Path):
    passes = tmp_path / "passes"
    passes.mkdir()
    items = evaluations(passes, sleep_s=600.0)
    outcome = ray_bench.interrupted(items, passes / "pass-*", grace_s=0.5)
    assert (outcome.counts["cancelled"], outcome.counts["failed"], outcome.failures) == (6, 0, ())
    assert_nothing_lost(ray_bench.store, [item.fingerprint for item in items], tidy=False)


def test_what_waits_is_taken_back_and_what_runs_finishes(bench: Bench, tmp_path: Path):
    items = planned(*(tiny(f"t{i}", started=str(tmp_path / f"s{i}"), sleep_s=1.0) for i in range(12)))
    outcome = bench.interrupted(items, tmp_path / "s*", grace_s=600.0)
    assert outcome.counts["completed"] == len(list(tmp_path.glob("s[0-9]*")))
    assert outcome.exit_status == 130
    assert_nothing_lost(bench.store, [item.fingerprint for item in items], tidy=False)
