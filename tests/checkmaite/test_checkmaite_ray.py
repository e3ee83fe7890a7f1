"""`job_backend.kind=ray`: sweeps through checkmaite's own backend, on a real `ray start --head`.

Nearly all of the time goes into imports of checkmaite, some 10 s of a processor in each of its processes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")

from command_line import typed, write_configs
from invariant import assert_nothing_lost
from patience import until
from ray_head import LIMIT_S, RayHead, free_port

from sweeper.store import Store, open_store

CONFIGS = {
    "dataset/digits": """
digits:
  _target_: sweeper.datasets.Digits
  split: test
  _sweep_: {task: image_classification}
""",
    "model/bayes": """
bayes:
  _target_: sweeper.models.SklearnClassifier
  estimator: {_target_: sklearn.naive_bayes.GaussianNB}
  train: {_target_: sweeper.datasets.Digits, split: train}
  _sweep_: {task: image_classification}
""",
    "metric/accuracy": "accuracy: {_target_: sweeper.metrics.SklearnMetric, function: sklearn.metrics.accuracy_score}",
    "capability/evaluate": """
evaluate:
  _target_: sweeper.capabilities.Evaluate
  _sweep_:
    arity: {datasets: ONE, models: ONE, metrics: ONE}
    reads_predictions: true
    predictions_depend_on: [batch_size]
""",
}
HELD = """
held:
  _target_: fault_parts.Noted
  notes: {folder}/notes
  text: ""
  until: {folder}/go
  _sweep_: {{arity: {{datasets: ZERO, models: ZERO, metrics: ZERO}}}}
"""


class Sweep:
    """`python -m sweeper` in a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str], *overrides: str) -> None:
        command = [sys.executable, "-m", "sweeper", "--config-dir", "conf", *overrides]
        self._err = folder / f"{len(list(folder.glob('*.err')))}.err"
        with self._err.open("w") as err:
            self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=err, stderr=err)

    @property
    def said(self) -> str:
        return self._err.read_text()

    def wait(self) -> int:
        try:
            return self._process.wait(LIMIT_S)
        finally:
            self.kill()

    def kill(self) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait(LIMIT_S)

    def until(self, condition: object) -> None:
        """Wait until a condition holds while it runs."""
        assert callable(condition)
        until(lambda: condition() or self._process.poll() is not None, LIMIT_S)
        assert condition(), self.said


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayHead]:
    head = RayHead(tmp_path_factory.mktemp("ray") / "head.log")
    try:
        until(lambda: head.runs, LIMIT_S)
        yield head
    finally:
        head.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_configs(tmp_path / "conf", {**CONFIGS, "capability/held": HELD.format(folder=tmp_path)})
    (tmp_path / "notes").mkdir()
    return tmp_path


def notes(folder: Path) -> Counter[str]:
    """How often each run has begun."""
    return Counter(path.name.partition("-")[0] for path in (folder / "notes").iterdir())


def on(head: RayHead) -> list[str]:
    return ["job_backend.kind=ray", f"job_backend.address={head.address}"]


def asked(store: Store) -> set[str]:
    return {key for sweep_id in store.sweep_ids() for key in store.asked_sweep(sweep_id).fingerprints}


def values(store: Store) -> dict[str, float]:
    rows = store.results().to_pylist()
    return {f"{row['capability']} {row['metric']} {row['key']}": row["value"] for row in rows if row["metric"]}


def test_a_driver_that_is_killed_loses_nothing_and_its_successor_submits_nothing_twice(head: RayHead, folder: Path):
    parts = ["dataset=[digits]", "model=[bayes]", "metric=[accuracy]"]
    grid = ["--multirun", "capability=evaluate,held", *parts, "capability.held.text=a,b"]
    first = Sweep(folder, head.environment, *grid, *on(head), "max_in_flight=2", "analytics_store.uri=store")
    try:
        first.until(lambda: sum(notes(folder).values()) == 2)
    finally:
        first.kill()
    assert "no predictions are shared" in first.said.split("2 CPU")[1][:500]

    store = open_store(folder / "store")
    (sweep_id,) = store.sweep_ids()
    second = Sweep(folder, head.environment, f"resume={sweep_id}", "analytics_store.uri=store")
    try:
        second.until(lambda: "which are awaited and not submitted again" in second.said)
    finally:
        (folder / "go").touch()
    assert second.wait() == 0, second.said

    assert notes(folder) == {"a": 1, "b": 1}
    ends = assert_nothing_lost(store, asked(store), completed=asked(store))
    assert list(ends.values()) == [["completed"]] * 3

    there = Sweep(folder, head.environment, "capability=evaluate", *parts, "analytics_store.uri=simple")
    assert there.wait() == 0, there.said
    measured = values(store)
    assert measured
    assert measured == values(open_store(folder / "simple"))


def test_jobs_that_went_with_their_cluster_are_named_and_run_again(head: RayHead, folder: Path):
    grid = ["capability=held", "dataset=[]", "model=[]", "metric=[]", "capability.held.text=a"]
    first = Sweep(folder, head.environment, *grid, *on(head), "analytics_store.uri=store")
    try:
        first.until(lambda: sum(notes(folder).values()) == 1)
    finally:
        first.kill()
    head.kill()
    (folder / "go").touch()
    head.start()
    until(lambda: head.runs, LIMIT_S)

    store = open_store(folder / "store")
    second = Sweep(folder, head.environment, f"resume={store.sweep_ids()[0]}", "analytics_store.uri=store")
    assert second.wait() == 0, second.said
    assert "no longer known: 1, as the cluster was started anew since" in second.said
    assert notes(folder) == {"a": 2}
    assert_nothing_lost(store, asked(store), completed=asked(store))


def test_without_a_cluster_that_is_said_and_nothing_is_run(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    grid = ["--config-dir", "conf", "capability=held", "dataset=[]", "model=[]", "metric=[]", "job_backend.kind=ray"]
    for address, said in (
        (f"127.0.0.1:{free_port()}", "nobody answers at"),
        ("local", "needs a Ray cluster that outlives the driver"),
        ("null", "needs a Ray cluster that outlives the driver"),
    ):
        status, _, err = typed(*grid, f"job_backend.address={address}")
        assert status == 2, err
        assert said in err
        assert "Traceback" not in err
