"""The product as its users type it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from command_line import typed
from patience import LIMIT_S, until
from store_parts import record

from sweeper.errors import StoreError
from sweeper.store import Store, open_store

SMALL = ["capability=[evaluate]", "dataset=[digits,digits_dark]", "model=[logreg,naive_bayes]", "metric=[accuracy,ece]"]
INLINE = [*SMALL, "job_backend.kind=inline"]

pytestmark = pytest.mark.usefixtures("empty_folder")


def document(*argv: str) -> dict[str, Any]:
    return json.loads(typed(*argv, "--json")[1])


def process(*argv: str, **kwargs: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sweeper", *argv]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)


def test_a_sweep_ends_with_leaderboards_and_the_place_of_the_results(empty_folder: Path):
    status, out, err = typed(*INLINE)
    assert status == 0, err
    assert "evaluate: accuracy (higher is better)" in out
    assert "8 completed; 0 skipped" in out
    assert f"results: {empty_folder / 'analytics_store'}" in out
    assert "8 to run, 0 skipped" in err
    assert not (empty_folder / "outputs").exists()


def test_the_json_document_is_all_there_is_on_stdout():
    first = document(*INLINE)
    assert set(first) == {"sweep_id", "plan", "combinations", "counts", "failures", "results", "exit_status"}
    assert first["plan"] == {"total": 8, "run": 8, "skip": 0, "excluded": {}, "duplicates": 0}
    assert (first["counts"]["completed"], first["failures"], first["exit_status"]) == (8, [], 0)
    assert {tuple(c["models"]) for c in first["combinations"]} == {("logreg",), ("naive_bayes",)}
    assert len(first["results"]) == 8
    planned = document("plan", *INLINE)
    assert set(planned) == {"sweep_id", "plan", "combinations"}


@pytest.mark.parametrize("error", [OSError("disk full"), StoreError("changes too fast")], ids=["disk", "store"])
def test_what_goes_wrong_in_merging_hides_no_result(monkeypatch: pytest.MonkeyPatch, error: Exception):
    def fail(self: Store) -> None:
        raise error

    monkeypatch.setattr(Store, "compact_if_needed", fail)
    status, out, err = typed(*INLINE)
    assert (status, "8 completed" in out) == (0, True)
    assert f"were not merged; `sweeper compact` can be run later: {error}" in err


def test_only_what_is_missing_runs_again():
    typed(*INLINE[:-1], "job_backend.kind=inline", "metric=[accuracy]")
    again = document(*INLINE, "--rerun-only-missing")
    assert (again["plan"]["run"], again["plan"]["skip"], again["counts"]["completed"]) == (4, 4, 4)
    assert len(again["results"]) == 8
    status, out, _ = typed(*INLINE, "--rerun-only-missing")
    assert (status, "nothing to run; 8 skipped" in out) == (0, True)
    assert len(open_store("analytics_store").attempts()) == 8


def test_the_plan_says_why(empty_folder: Path):
    status, out, _ = typed("plan", *INLINE)
    assert status == 0
    assert out.count("evaluate · digits · logreg · accuracy  (rerun=all)") == 1
    assert "8 combinations: 8 to run, 0 skipped" in out
    assert not (empty_folder / "analytics_store").exists()


def test_a_failing_model_is_recorded_and_rerun_alone(empty_folder: Path):
    (empty_folder / "broken.py").write_text(
        "import os\n"
        "class Model:\n"
        "    metadata = {'id': 'broken', 'index2label': {}}\n"
        "    def __call__(self, batch):\n"
        "        if not os.path.exists('mended'): raise RuntimeError('weights are gone')\n"
        "        return [[1.0] + [0.0] * 9] * len(batch)\n"
    )
    grid = [*INLINE, "dataset=[digits]", "metric=[accuracy]", "+model.mine={_target_: broken.Model}"]
    status, out, err = typed(*grid)
    assert status == 1
    assert "RuntimeError: weights are gone" in err
    assert "2 completed, 1 failed" in out
    assert "python -m sweeper resume=" in out
    Path("mended").touch()
    again = document(*grid, "rerun=failed")
    assert [c["models"] for c in again["combinations"] if c["decision"] == "run"] == [["mine"]]
    assert (again["counts"]["completed"], again["exit_status"]) == (1, 0)


def test_output_that_nobody_reads_ends_quietly(empty_folder: Path):
    record(open_store("analytics_store"), "a", 1.0)
    running = process("query", "SELECT * FROM range(100000)", "--format", "csv")
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert (running.stderr.read(), running.wait(LIMIT_S)) == ("", 141)


@pytest.mark.parametrize("sql", ["", "/* nothing */"])
def test_a_query_without_an_answer_is_told(sql: str):
    record(open_store("analytics_store"), "a", 1.0)
    status, out, err = typed("query", sql)
    assert (status, out) == (2, "")
    assert err.startswith(f"sweeper: The query {sql!r} has no answer; give one that has, like 'SELECT * FROM results'.")


def test_different_models_with_one_id_are_named(empty_folder: Path):
    (empty_folder / "alike.py").write_text(
        "class Model:\n"
        "    metadata = {'id': 'same', 'index2label': {}}\n"
        "    def __init__(self, k): self.k = k\n"
        "    def __call__(self, batch): return [[float(i == self.k) for i in range(10)]] * len(batch)\n"
    )
    models = [f"+model.{name}={{_target_: alike.Model, k: {k}}}" for name, k in (("a", 1), ("b", 2))]
    _, out, err = typed(*INLINE, "dataset=[digits]", "metric=[accuracy]", *models)
    assert "note: models a, b all call themselves 'same'" in out, err


BAD_INPUT = [
    (["model=[logrge]"], ["logrge", "Did you mean 'logreg'?"]),
    (["model.svm.estimater.C=1", "model=[svm]"], ["estimater", "Did you mean 'estimator'?"]),
    (["rerunn=missing"], ["rerunn", "Did you mean 'rerun'?"]),
    (["rerun=mising"], ["mising", "Did you mean 'missing'?"]),
    (["dataset=[image_folder]"], ["image_folder.root", "???"]),
    (["model=[]"], ["model"]),
    (["exclude=[{model: forrest}]", "model=[logreg,forest]"], ["forrest", "Did you mean 'forest'?"]),
    (["+model.mine={_target_: no_such_package.Model}"], ["no_such_package"]),
    (["+model.mine={_target_: sweeper.models.SklearnClassifer}"], ["SklearnClassifer", "SklearnClassifier"]),
    (["--config-dir", "./no_such_folder"], ["no_such_folder"]),
    (["--config-name", "nightyl"], ["nightyl"]),
    (["model=logreg,svm"], ["--multirun"]),
    (["model=[svm", "dataset=[digits]"], ["model=[svm"]),
    (["+model.svm._sweep_.timeout=3", "model=[svm]"], ["timeout", "timeout_s"]),
    (["rerun=stale"], ["rerun_triggers"]),
    (["max_failures=0"], ["max_failures", "1 or more"]),
    (["--multirun", "rerun=all,missing"], ["rerun"]),
    (["zip=[[dataset,model]]", "dataset=[digits]", "model=[logreg,svm]"], ["zip"]),
    (["analytics_store.uri=/proc/nowhere/store"], ["/proc/nowhere"]),
    (["analytics_store.uri=ftp://host/store"], ["ftp"]),
]


@pytest.mark.parametrize(("argv", "named"), BAD_INPUT, ids=[" ".join(argv)[:50] for argv, _ in BAD_INPUT])
def test_bad_input_gets_one_clear_message_before_anything_starts(argv: list[str], named: list[str]):
    """Ray would only be started by its import, which none of these reaches."""
    already = "ray" in sys.modules
    status, out, err = typed(*INLINE[:-1], *argv)
    assert (status, out) == (2, "")
    assert err.startswith("sweeper: ")
    assert "Traceback" not in err
    for word in named:
        assert word in err
    assert already or "ray" not in sys.modules


def test_a_runtime_env_that_ray_refuses_is_told_without_a_traceback():
    running = process(*SMALL, "job_backend.runtime_env={env_vars: {N: 1}}")
    out, err = running.communicate(timeout=LIMIT_S)
    assert (running.returncode, out) == (2, "")
    assert "job_backend.runtime_env" in err
    assert "Traceback" not in err


def test_a_cluster_that_is_not_there_is_told():
    running = process(*SMALL, "job_backend.address=127.0.0.1:1")  # this process may have a Ray already
    out, err = running.communicate(timeout=LIMIT_S)
    assert (running.returncode, out) == (2, "")
    assert "nobody answers at 127.0.0.1:1" in err
    assert "Traceback" not in err


def test_the_three_spellings_of_a_grid_have_the_same_fingerprints(empty_folder: Path):
    (empty_folder / "conf" / "sweep").mkdir(parents=True)
    (empty_folder / "conf" / "sweep" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n"
        "  - override /capability: [evaluate]\n  - override /dataset: [digits, digits_dark]\n"
        "  - override /model: [logreg, naive_bayes]\n  - override /metric: [accuracy, ece]\n"
    )
    as_lists = document("plan", *SMALL)
    commas = [override.replace("[", "").replace("]", "") for override in SMALL]
    as_commas = document("plan", "--multirun", *commas)
    as_file = document("plan", "--config-dir", "conf", "+sweep=mine")
    keys = [{c["fingerprint"] for c in d["combinations"]} for d in (as_lists, as_commas, as_file)]
    assert keys[0] == keys[1] == keys[2]
    assert len(keys[0]) == 8


def test_cfg_shows_the_folded_config():
    shown = process("--multirun", "model=logreg,svm", "--cfg", "job")
    out, err = shown.communicate(timeout=LIMIT_S)
    assert shown.returncode == 0, err
    assert "logreg:" in out
    assert "svm:" in out


@pytest.mark.parametrize("name", ["quickstart", "model_selection", "nightly"])
def test_the_shipped_sweeps_can_be_planned_both_ways(name: str):
    overlay, primary = document("plan", f"+sweep={name}"), document("plan", "--config-name", name)
    assert overlay["plan"] == primary["plan"]
    assert overlay["plan"]["run"] > 0


def completed() -> set[str]:
    rows = open_store("analytics_store").attempts().to_pylist()
    return {row["fingerprint"] for row in rows if row["status"] == "completed"}


def kill_with_its_ray(sweep: subprocess.Popen[str]) -> None:
    """End a sweep as a crash of the machine does: no worker completes anything any more."""
    own = psutil.Process(sweep.pid).children(recursive=True)
    sweep.kill()
    for child in own:
        with suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(own, timeout=LIMIT_S)
    sweep.communicate(timeout=LIMIT_S)


@pytest.mark.usefixtures("ray_session")
def test_after_kill_9_exactly_the_missing_ones_run():
    """The real thing: a sweep on a Ray of its own, killed in its middle, and finished."""
    grid = [*SMALL, "model=[logreg,naive_bayes,svm,mlp]", "metric=[accuracy,ece,f1_macro]"]
    everything = {c["fingerprint"] for c in document("plan", *grid)["combinations"]}
    sweep = process(*grid, "job_backend.num_cpus=2", start_new_session=True)
    until(lambda: len(completed()) >= 4)
    kill_with_its_ray(sweep)
    before = completed()
    assert 4 <= len(before) < len(everything)
    rest = document(*grid, "--rerun-only-missing")
    assert rest["exit_status"] == 0
    ran = {c["fingerprint"] for c in rest["combinations"] if c["decision"] == "run"}
    assert ran == everything - before
    rows = open_store("analytics_store").attempts().to_pylist()
    done = [row["fingerprint"] for row in rows if row["status"] == "completed"]
    assert sorted(done) == sorted(everything)


def test_a_config_that_says_multirun_sweeps_without_the_flag(empty_folder: Path):
    (empty_folder / "conf").mkdir()
    (empty_folder / "conf" / "mine.yaml").write_text(
        "defaults: [quickstart, _self_]\n"
        "hydra: {mode: MULTIRUN, sweeper: {params: {model: 'logreg,svm', dataset: digits, metric: accuracy,\n"
        "  capability: evaluate, model.svm.estimator.C: '1.0,10.0'}}}\n"
    )
    where = ["--config-dir", "conf", "--config-name", "mine"]
    planned = document("plan", *where)
    assert [c["models"] for c in planned["combinations"]] == [
        ["logreg"],
        ["svm[estimator.C=1.0]"],
        ["svm[estimator.C=10.0]"],
    ]
    shown = subprocess.run(
        [sys.executable, "-m", "sweeper", *where, "--cfg", "job"], capture_output=True, text=True, check=True
    ).stdout
    assert yaml.safe_load(shown)["model"]["svm"]["estimator"]["C"] == [1.0, 10.0]
    status, _, err = typed("plan", *where, "hydra.mode=RUN")
    assert (status, "need --multirun" in err) == (0, True)
