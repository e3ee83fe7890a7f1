"""`job_backend.kind=ray`: sweeps through checkmaite's own backend, on a real `ray start --head`.

Nearly all of the time goes into imports of checkmaite, some 10 s of a processor in each of its processes.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import psutil
import pytest

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")

from command_line import typed, write_configs
from forked_sweep import ForkedSweep, forks
from invariant import assert_nothing_lost
from patience import until
from ray_head import LIMIT_S, RayHead, free_port

from sweeper.store import Store, open_store
from sweeper.store.job_files import SweepJobs, read

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
  _sweep_: {{{more}arity: {{datasets: ZERO, models: ZERO, metrics: ZERO}}}}
"""
PARTS = ("dataset=[digits]", "model=[bayes]", "metric=[accuracy]")
NOTHING = ("dataset=[]", "model=[]", "metric=[]")
STORE = "analytics_store.uri=store"


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayHead]:
    head = RayHead(tmp_path_factory.mktemp("ray") / "head.log")
    try:
        forks(head.environment)  # which imports while Ray starts
        until(lambda: head.runs, LIMIT_S)
        yield head
    finally:
        head.kill()


@pytest.fixture(scope="module")
def context(head: RayHead) -> ForkServerContext:
    return forks(head.environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    held = HELD.format(folder=tmp_path, more="")
    short = HELD.format(folder=tmp_path, more="timeout_s: 1, ").replace("held", "short").replace("/go", "/never")
    write_configs(tmp_path / "conf", {**CONFIGS, "capability/held": held, "capability/short": short})
    (tmp_path / "notes").mkdir()
    return tmp_path


@pytest.fixture
def start(head: RayHead, context: ForkServerContext, folder: Path) -> Iterator[Callable[..., ForkedSweep]]:
    """Starts sweeps in the folder, and ends those that a test leaves."""
    started: list[ForkedSweep] = []

    def start(*overrides: str) -> ForkedSweep:
        started.append(ForkedSweep(context, folder, head.environment, *overrides, STORE))
        return started[-1]

    yield start
    for sweep in started:
        sweep.kill()


def notes(folder: Path) -> Counter[str]:
    """How often each run has begun."""
    return Counter(path.name.partition("-")[0] for path in written(folder))


def written(folder: Path, text: str = "") -> list[Path]:
    return [path for path in (folder / "notes").iterdir() if path.name.startswith(text) and path.read_text()]


def process_of(folder: Path, text: str) -> psutil.Process:
    """The worker of a run that has begun once."""
    (note,) = written(folder, text)
    return psutil.Process(int(note.read_text()))


def statuses(store: Store) -> dict[str, list[str]]:
    """By what the spec of a combination says in `text`, how its attempts ended."""
    ends: dict[str, list[str]] = {}
    for row in store.attempts().to_pylist():
        text = json.loads(row["spec"])["capability"].get("text", "evaluate")
        ends.setdefault(text, []).append(row["status"])
    return {text: sorted(of_one) for text, of_one in ends.items()}


def jobs_of(store: Store, place: int) -> set[str]:
    """Ids of the jobs of a sweep of the store, as far as it has written them down."""
    left = read(store.files, store.sweep_ids()[place])
    return set(left.jobs) if isinstance(left, SweepJobs) else set()


def on(head: RayHead) -> list[str]:
    return ["job_backend.kind=ray", f"job_backend.address={head.address}"]


def asked(store: Store) -> set[str]:
    return {key for sweep_id in store.sweep_ids() for key in store.asked_sweep(sweep_id).fingerprints}


def values(store: Store) -> dict[str, float]:
    rows = store.results().to_pylist()
    return {f"{row['capability']} {row['metric']} {row['key']}": row["value"] for row in rows if row["metric"]}


def test_a_driver_that_is_killed_loses_nothing_and_its_successor_submits_nothing_twice(
    head: RayHead, folder: Path, start: Callable[..., ForkedSweep]
):
    grid = ["--multirun", "capability=evaluate,held", *PARTS, "capability.held.text=a,b"]
    first = start(*grid, *on(head), "max_in_flight=2")
    first.until(lambda: len(notes(folder)) == 2)
    first.kill()
    assert "no predictions are shared" in first.said.split("2 CPU")[1][:500]
    process_of(folder, "b").kill()

    store = open_store(folder / "store")
    (sweep_id,) = store.sweep_ids()
    second = start(f"resume={sweep_id}")
    second.until(lambda: "which are awaited and not submitted again" in second.said)
    (folder / "go").touch()
    assert second.wait() == 0, second.said

    assert notes(folder) == {"a": 1, "b": 2}
    assert_nothing_lost(store, asked(store), completed=asked(store))
    assert statuses(store) == {"a": ["completed"], "b": ["completed", "lost"], "evaluate": ["completed"]}
    (lost,) = (row for row in store.attempts().to_pylist() if row["status"] == "lost")
    assert (lost["sweep_id"], lost["capability"], lost["error_type"]) == (sweep_id, "held[text=b]", "LostJobError")

    inline = ["capability=evaluate", *PARTS, "job_backend.kind=inline", f"analytics_store.uri={folder}/inline"]
    status, _, err = typed("--config-dir", str(folder / "conf"), *inline)
    assert status == 0, err
    measured = values(open_store(folder / "inline"))
    assert measured
    assert values(store) == measured

    shutil.rmtree(folder / "store" / "maite_evaluation")
    assert typed("check", "--repair", f"analytics_store.uri={folder}/store")[0] in (0, 1)
    third = start(f"resume={sweep_id}")
    assert third.wait() == 0, third.said
    assert values(store) == measured
    assert notes(folder) == {"a": 1, "b": 2}


def test_a_worker_that_is_killed_is_told_to_its_driver_which_tries_the_run_again(
    head: RayHead, folder: Path, start: Callable[..., ForkedSweep]
):
    grid = ["--multirun", "capability=held", *NOTHING, "capability.held.text=a,b", *on(head), "max_in_flight=2"]
    sweep = start(*grid, "retries=1")
    sweep.until(lambda: notes(folder) == {"a": 1, "b": 1})
    process_of(folder, "a").kill()
    sweep.until(lambda: notes(folder)["a"] == 2)
    (folder / "go").touch()
    assert sweep.wait() == 0, sweep.said
    store = open_store(folder / "store")
    assert notes(folder) == {"a": 2, "b": 1}
    assert statuses(store) == {"a": ["completed", "lost"], "b": ["completed"]}
    assert_nothing_lost(store, asked(store), completed=asked(store))


def test_an_interrupt_leaves_what_runs_to_the_sweep_that_resumes_it_and_a_second_one_ends_it(
    head: RayHead, folder: Path, start: Callable[..., ForkedSweep]
):
    grid = ["capability=[held,short]", *NOTHING, "capability.held.text=a", "capability.short.text=t"]
    first = start(*grid, *on(head), "grace_s=0.1")
    store = open_store(folder / "store")
    first.until(lambda: notes(folder)["a"] and statuses(store).get("t") == ["timeout"])
    assert "a timeout ends a run only while a driver waits" in first.said
    running = process_of(folder, "a")
    first.signal(signal.SIGINT)
    assert first.wait() == 130, first.said
    assert "and goes on without this process then" in first.said
    assert "left on the cluster, where they go on: 1" in first.said
    assert "1 not attempted" in first.said

    (first_id,) = store.sweep_ids()
    second = start(f"resume={first_id}")
    second.until(lambda: jobs_of(store, 0) & jobs_of(store, -1) and len(store.sweep_ids()) == 2)
    second.signal(signal.SIGINT)
    second.until(lambda: "stopping (interrupt)" in second.said)
    second.signal(signal.SIGINT)
    assert second.wait() == 130, second.said
    assert "still running or waiting for a place: 1" in second.said
    assert "a timeout ends a run only while a driver waits" in second.said
    assert notes(folder)["a"] == 1
    assert statuses(store)["a"] == ["cancelled"]
    until(lambda: not running.is_running())


def test_a_registry_that_dies_ends_the_sweep_and_what_it_knew_runs_again(
    head: RayHead, folder: Path, start: Callable[..., ForkedSweep]
):
    first = start("capability=held", *NOTHING, "capability.held.text=a", *on(head))
    first.until(lambda: notes(folder)["a"])
    old = process_of(folder, "a")
    (registry,) = head.processes("JobRegistry")
    registry.kill()
    assert first.wait() == 3, first.said
    assert "the actor that is checkmaite's registry of jobs has died" in first.said
    store = open_store(folder / "store")
    assert statuses(store) == {"a": ["lost"]}
    assert old.is_running()

    second = start(f"resume={store.sweep_ids()[0]}")
    second.until(lambda: notes(folder)["a"] == 2)
    assert "no longer known: 1, as its registry has forgotten them" in second.said
    until(lambda: not old.is_running())
    (folder / "go").touch()
    assert second.wait() == 0, second.said
    assert statuses(store) == {"a": ["completed", "lost"]}


@pytest.mark.slow
def test_jobs_that_went_with_their_cluster_are_named_and_run_again(
    head: RayHead, folder: Path, start: Callable[..., ForkedSweep]
):
    first = start("capability=held", *NOTHING, "capability.held.text=a", *on(head))
    first.until(lambda: notes(folder)["a"])
    first.kill()
    head.kill()
    (folder / "go").touch()
    head.start()
    until(lambda: head.runs, LIMIT_S)

    store = open_store(folder / "store")
    second = start(f"resume={store.sweep_ids()[0]}")
    assert second.wait() == 0, second.said
    assert "no longer known: 1, as the cluster was started anew since" in second.said
    assert notes(folder) == {"a": 2}
    assert statuses(store) == {"a": ["completed", "lost"]}
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
