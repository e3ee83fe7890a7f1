"""Quick runs share Ray tasks, and nothing that one of them does becomes another one's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from patience import LIMIT_S
from runner_bench import Bench
from shared_task_parts import DATASETS, MODELS, obedient, tasks

from sweeper.jobs.ray_simple import shared_tasks

ALL = len(DATASETS) * len(MODELS)
LAST = "d5 m5"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def all_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is."""
    monkeypatch.setattr(shared_tasks, "QUICK_S", LIMIT_S)
    monkeypatch.setattr(shared_tasks, "BUDGET_S", 10 * LIMIT_S)


def statuses(bench: Bench) -> Counter[str]:
    """Of all attempts; each combination has one."""
    rows = bench.store.attempts().to_pylist()
    assert len(rows) == len({row["fingerprint"] for row in rows})
    assert len(bench.store.table("tiny")) == sum(row["status"] == "completed" for row in rows)
    return Counter(row["status"] for row in rows)


def runs_in(notes: Path) -> Counter[str]:
    """How many runs each task made."""
    return Counter(task for of_pair in tasks(notes).values() for task in of_pair)


@pytest.mark.usefixtures("all_is_quick")
def test_quick_runs_share_tasks_and_each_has_its_own_attempt(ray_bench: Bench, notes: Path):
    assert ray_bench.run(obedient(notes), max_in_flight=16).counts["completed"] == ALL
    assert statuses(ray_bench) == {"completed": ALL}
    made = runs_in(notes)
    assert made.total() == ALL
    assert 1 < max(made.values()) <= 16 // (2 * 2), "two tasks for each of the two places"


@pytest.mark.usefixtures("all_is_quick")
def test_as_few_in_flight_as_there_are_places_share_nothing(ray_bench: Bench, notes: Path):
    assert ray_bench.run(obedient(notes), max_in_flight=3).counts["completed"] == ALL
    assert set(runs_in(notes).values()) == {1}


def test_what_takes_its_time_shares_no_task(ray_bench: Bench, notes: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shared_tasks, "QUICK_S", 0.0)
    assert ray_bench.run(obedient(notes), max_in_flight=16).counts["completed"] == ALL
    assert set(runs_in(notes).values()) == {1}


@pytest.mark.usefixtures("all_is_quick")
def test_one_that_fails_is_alone_in_that(ray_bench: Bench, notes: Path):
    outcome = ray_bench.run(obedient(notes, {"d3 m3": "raise", LAST: "raise"}), max_in_flight=16)
    assert (outcome.counts["completed"], outcome.counts["failed"]) == (ALL - 2, 2)
    assert statuses(ray_bench) == {"completed": ALL - 2, "failed": 2}
    assert {failure.message for failure in outcome.failures} == {"as told"}
    assert all(len(of_pair) == 1 for of_pair in tasks(notes).values()), "nothing ran twice"


@pytest.mark.usefixtures("all_is_quick")
def test_one_that_kills_its_worker_is_lost_alone(ray_bench: Bench, notes: Path):
    outcome = ray_bench.run(obedient(notes, {"d3 m3": "die", LAST: "die"}), max_in_flight=16)
    assert (outcome.counts["completed"], outcome.counts["lost"]) == (ALL - 2, 2)
    assert statuses(ray_bench) == {"completed": ALL - 2, "lost": 2}
    lost = {
        row["dataset"] + " " + row["model"] for row in ray_bench.store.attempts().to_pylist() if row["status"] == "lost"
    }
    assert lost == {"d3 m3", LAST}
    assert all(len(of_pair) == 1 for of_pair in tasks(notes).values()), "nothing ran twice"


@pytest.mark.usefixtures("all_is_quick")
def test_one_that_kills_its_worker_is_tried_again_as_its_choice_says(ray_bench: Bench, notes: Path):
    outcome = ray_bench.run(obedient(notes, {"d3 m3": "die"}), max_in_flight=16, retries=2)
    assert (outcome.counts["completed"], outcome.counts["lost"]) == (ALL - 1, 1)
    assert {pair: len(of_pair) for pair, of_pair in tasks(notes).items() if len(of_pair) > 1} == {"d3 m3": 3}


@pytest.mark.usefixtures("all_is_quick")
def test_nothing_runs_in_a_process_that_one_has_changed_for_good(ray_bench: Bench, notes: Path):
    assert ray_bench.run(obedient(notes, {"d3 m3": "stay"}), max_in_flight=16).counts["completed"] == ALL
    assert statuses(ray_bench) == {"completed": ALL}
    made = tasks(notes)
    of_its_task = [pair for pair, (task,) in made.items() if [task] == made["d3 m3"]]
    assert of_its_task[-1] == "d3 m3"
    assert not [row for row in ray_bench.store.attempts(("warnings",)).to_pylist() if row["warnings"]]


def test_those_behind_a_slow_one_run_elsewhere_once_it_has_ended(
    ray_bench: Bench, notes: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shared_tasks, "QUICK_S", LIMIT_S)
    monkeypatch.setattr(shared_tasks, "BUDGET_S", 0.5)
    slow = {f"d{i} m{i}": "sleep" for i in range(2, 6)}
    assert ray_bench.run(obedient(notes, slow, sleep_s=1.0), max_in_flight=16).counts["completed"] == ALL
    assert statuses(ray_bench) == {"completed": ALL}
    of_task = {task: [pair for pair, of_pair in tasks(notes).items() if of_pair[0] == task] for task in runs_in(notes)}
    assert all(sum(pair in slow for pair in pairs) <= 1 for pairs in of_task.values()), (
        "the time was over with the first"
    )


@pytest.mark.usefixtures("all_is_quick")
def test_an_interrupt_takes_back_what_waits_and_loses_nothing(ray_bench: Bench, notes: Path):
    items = obedient(notes, {"d3 m3": "sleep"}, sleep_s=2.0)
    outcome = ray_bench.interrupted(items, notes / "d3 m3", max_in_flight=16)
    assert (outcome.stopped_by, outcome.exit_status) == ("interrupt", 130)
    assert sum(outcome.counts.values()) == ALL
    assert outcome.counts["failed"] == outcome.counts["lost"] == 0
    made = statuses(ray_bench)
    assert made["completed"] == outcome.counts["completed"] == len(tasks(notes))
    assert made["cancelled"] == outcome.counts["cancelled"]


@pytest.mark.usefixtures("all_is_quick")
def test_a_second_interrupt_ends_what_runs_and_keeps_what_was_made(ray_bench: Bench, notes: Path):
    items = obedient(notes, {"d3 m3": "sleep"}, sleep_s=10 * LIMIT_S)
    outcome = ray_bench.interrupted(items, notes / "d3 m3", times=2, max_in_flight=16)
    assert outcome.exit_status == 130
    made = statuses(ray_bench)
    assert made["completed"] == outcome.counts["completed"] > 0
    assert made["cancelled"] == outcome.counts["cancelled"] >= 1
    assert set(made) == {"completed", "cancelled"}


@pytest.mark.usefixtures("all_is_quick")
def test_a_model_that_always_fails_is_left_out_in_time(ray_bench: Bench, notes: Path):
    fails = {f"d{i} m5": "raise" for i in range(6)}
    outcome = ray_bench.run(obedient(notes, fails), max_in_flight=16, max_same_error=2)
    assert 2 <= outcome.counts["failed"] <= 6
    assert outcome.counts["failed"] + outcome.counts["not_attempted"] + outcome.counts["cancelled"] == 6
    assert outcome.counts["completed"] == ALL - 6


@pytest.mark.usefixtures("all_is_quick")
def test_what_must_have_a_task_of_its_own_is_not_put_off(ray_bench: Bench, notes: Path):
    many = obedient(notes, datasets=[f"d{i}" for i in range(12)], models=[f"m{i}" for i in range(12)])
    (late,) = obedient(notes, datasets=["late"], models=["m0"])
    assert ray_bench.run([*many[:40], late, *many[40:]], max_in_flight=16).counts["completed"] == 145
    assert [*tasks(notes)].index("late m0") < 40 + 2 * 16
