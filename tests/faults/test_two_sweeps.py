"""Two sweeps at once on one store, each with a Ray of its own: between them little is done twice."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from command_line import write_configs
from invariant import assert_nothing_lost
from sweep_process import SweepProcess

from sweeper.store import open_store

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes below /proc"),
]
WINDOW = 16
"""What one driver with two processors has in flight: so much may be done twice, says docs/policies.md."""
RUNNING = 4
"""What runs in both: an inference is seen by the first of its readers that completes."""
SIDE = 12
SHARED = ("rerun=missing", "job_backend.num_cpus=2")


def write_grid(folder: Path, *, metrics: int, run_s: float, inference_s: float) -> list[str]:
    """Models and datasets, each beside each, with so many metrics; returns what asks for all of them."""
    tiny = "{{_target_: parts.Tiny, sleep_s: {}, _sweep_: {{arity: {{datasets: ONE, models: ONE, metrics: ZERO}}}}}}"
    model = "{{_target_: parts.Parity, name: model{}, sleep_s: {}, passes: {}}}"
    (folder / "passes").mkdir()
    files = {"capability/tiny": f"tiny: {tiny.format(run_s)}"}
    for i in range(SIDE):
        files[f"model/model{i}"] = f"model{i}: {model.format(i, inference_s, folder / 'passes')}"
        files[f"dataset/dataset{i}"] = f"dataset{i}: {{_target_: parts.Numbers, name: dataset{i}}}"
    for i in range(metrics):
        files[f"metric/metric{i}"] = f"metric{i}: {{_target_: parts.Hits, name: metric{i}}}"
    write_configs(folder / "conf", files)
    sides = [("model", SIDE), ("dataset", SIDE // max(1, metrics)), ("metric", metrics)]
    asked = [f"{axis}=[{','.join(f'{axis}{i}' for i in range(count))}]" for axis, count in sides if count]
    return [*asked, f"capability=[{'evaluate' if metrics else 'tiny'}]"]


def runs_of_both(folder: Path, asked: list[str]) -> int:
    """How many runs two sweeps that begin together need for 144 combinations."""
    sweeps = [SweepProcess(folder, *asked, *SHARED, "--json", name=name) for name in ("first", "second")]
    try:
        assert [sweep.wait() for sweep in sweeps] == [0, 0], sweeps[0].err
    finally:
        for sweep in sweeps:
            sweep.end()
    documents = [json.loads(sweep.out) for sweep in sweeps]
    store = open_store(str(folder / "analytics_store"))
    planned = set(store.attempts()["fingerprint"].to_pylist())
    statuses = assert_nothing_lost(store, planned, completed=planned)
    assert len(planned) == SIDE * SIDE
    assert {end for ends in statuses.values() for end in ends} == {"completed"}
    for one in documents:
        assert one["counts"]["completed"] + one.get("completed_meanwhile", 0) == one["plan"]["run"]
        assert one["counts"]["not_attempted"] == 0
    runs = sum(len(ends) for ends in statuses.values())
    assert runs == sum(one["counts"]["completed"] for one in documents)
    return runs


def test_no_more_than_one_window_of_quick_runs_is_done_twice(tmp_path: Path):
    asked = write_grid(tmp_path, metrics=0, run_s=0.1, inference_s=0.0)
    doubled = runs_of_both(tmp_path, asked) - SIDE * SIDE
    print(f"{doubled} of {SIDE * SIDE} runs twice")
    assert doubled <= WINDOW


@pytest.mark.slow
@pytest.mark.parametrize("metrics", [1, 4])
def test_no_more_than_one_window_of_inferences_is_made_twice(tmp_path: Path, metrics: int):
    asked = write_grid(tmp_path, metrics=metrics, run_s=0.0, inference_s=1.0)
    doubled = runs_of_both(tmp_path, asked) - SIDE * SIDE
    inferences = len(list((tmp_path / "passes").iterdir())) - SIDE * SIDE // metrics
    print(f"{doubled} of {SIDE * SIDE} runs and {inferences} of {SIDE * SIDE // metrics} inferences twice")
    assert doubled <= WINDOW
    assert inferences <= WINDOW // metrics + RUNNING
