"""What a sweep answers in Python: rows under the names of its plan, whatever an earlier sweep called them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import report_parts
from store_parts import fingerprint, record

from sweeper.api import SweepResult, sweep
from sweeper.config import load
from sweeper.planning.order import order
from sweeper.running.prepare import prepare
from sweeper.store import open_store

CONF = """
defaults:
  - config
  - override capability: [evaluate]
  - override dataset: []
  - override model: []
  - override metric: []
  - _self_
job_backend: {kind: inline}
dataset:
  numbers: {_target_: parts.Numbers, n: 10}
model:
  same: {_target_: report_parts.Same}
metric:
  hits: {_target_: report_parts.Hits}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(CONF)
    return tmp_path


def ran(folder: Path, *overrides: str) -> SweepResult:
    return sweep(list(overrides), progress=False, config_dir=str(folder), config_name="small")


def scores(result: SweepResult) -> list[tuple[str, str, float]]:
    return [(row["dataset"], row["model"], round(row["value"], 3)) for row in result.rows]


def test_attempts_say_in_which_folder_their_paths_were_resolved(folder: Path):
    result = ran(folder)
    (attempt,) = result.store.attempts().to_pylist()
    assert attempt["working_folder"] == str(folder)
    assert [(row["caveat"], row["warning"]) for row in result.rows] == [(None, attempt["warnings"])]


def test_what_an_earlier_sweep_called_otherwise_has_the_name_of_the_plan(folder: Path):
    assert scores(ran(folder, "dataset.numbers.n=3")) == [("numbers", "same", 0.667)]
    result = ran(folder, "+dataset.three={_base_: numbers, n: 3}", "rerun=missing")
    assert scores(result) == [("numbers", "same", 0.5), ("three", "same", 0.667)]
    assert [line.split() for line in report_parts.tables_text(result.rows).splitlines()[2:3]] == [
        ["same", "0.5", "0.6667"]
    ]
    assert result.shared_ids == [("dataset", "numbers", ["numbers", "three"])]


def test_duplicates_that_were_kept_are_both_there(folder: Path):
    result = ran(folder, "+model.twin={_base_: same}", "duplicates=keep")
    assert scores(result) == [("numbers", "same", 0.5), ("numbers", "twin", 0.5)]
    again = ran(folder, "+model.other={_base_: same}", "duplicates=keep", "rerun=missing")
    assert scores(again) == [("numbers", "same", 0.5), ("numbers", "other", 0.5)]  # it is the same, so it is measured


def asked(spec: object, capability: str) -> tuple[str, ...]:
    return fingerprint(spec), capability, "data", "model", ""


def found(folder: Path, *wanted: tuple[str, ...]) -> list[tuple[Any, Any]]:
    rows = open_store(folder / "store").results_of(wanted).to_pylist()
    return [(row["capability"], row["value"]) for row in rows]


def test_the_newest_counts_and_each_of_several_names_has_its_own(folder: Path):
    store = open_store(folder / "store")
    record(store, "a", 1.0, second=1)
    record(store, "a", 2.0, second=2, capability="b")
    record(store, "c", 3.0, second=3)
    assert found(folder, asked("c", "c"), asked("a", "a")) == [("c", 3.0), ("a", 2.0)]
    assert found(folder, asked("a", "b"), asked("a", "a")) == [("b", 2.0), ("a", 1.0)]
    assert found(folder, asked("a", "new"), asked("a", "a")) == [("new", 2.0), ("a", 1.0)]
    assert found(folder, asked("a", "a"), asked("a", "a")) == [("a", 2.0)]
    assert found(folder, asked("none", "a")) == []
    assert found(folder) == []


def test_what_is_left_begins_with_the_model_that_took_longest_also_before_files_are_merged(folder: Path):
    slow = ["+model.slow={_target_: parts.Parity, name: slow, sleep_s: 0.2}", "dataset.numbers.n=3"]
    ran(folder, *slow)
    more = [*slow, "+dataset.more={_base_: numbers, n: 5}", "rerun=missing"]
    prepared = prepare(load(more, config_dir=str(folder), config_name="small"))
    assert not any(state.duration_s for state in prepared.states.values()), "names of files tell none"
    seconds = {block.models[0].name: block.seconds for block in prepared.work()}
    assert seconds["slow"] >= 0.2 > seconds["same"]
    assert [item.combination.models[0].name for item in order(prepared.work(), 1)] == ["slow", "same"]
