"""Stored values as runs of an experiment tracker, without one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sweeper.report.export.tracked_runs import TrackedRun, tracked_runs

ENDED = datetime(2026, 3, 15, 10, tzinfo=UTC)


def attempt(model: str = "svm", metric: str = "accuracy", **more: Any) -> dict[str, Any]:
    """A completed attempt of `evaluate` on digits."""
    spec = {
        "capability": {"_target_": "Evaluate", "batch_size": 64},
        "datasets": [{"_target_": "Digits", "split": "test"}],
        "models": [{"_target_": "Model", "estimator": {"C": 1.0}, "name": model}],
        "metrics": [{"_target_": "Metric", "key": metric}],
    }
    named = {"capability": "evaluate", "dataset": "digits", "model": model, "metric": metric}
    revisions = {"code_revision": "modules:", "data_revision": None, "libraries_revision": None}
    times = {"finished_at": ENDED, "duration_s": 60.0, "sweep_name": "nightly", "sweep_id": "s1"}
    return {**named, **revisions, **times, "spec": json.dumps(spec), "sweeper_version": "0.2.0", **more}


def row(fingerprint: str, of: dict[str, Any], value: float | None = 0.9, key: str = "", **more: Any) -> dict[str, Any]:
    named = {name: of[name] for name in ("capability", "dataset", "model", "metric", "finished_at")}
    unknown = dict.fromkeys(("n", "stderr", "ci_low", "ci_high", "caveat", "warning"))
    known = {"fingerprint": fingerprint, "key": key or of["metric"], "value": value, "sweep": "nightly"}
    return {**named, **unknown, **known, **more}


def only_run(rows: list[dict[str, Any]], attempts: dict[str, Any]) -> TrackedRun:
    (run,) = tracked_runs(rows, attempts)
    return run


def test_all_metrics_of_one_model_on_one_dataset_are_one_run():
    attempts = {"a": attempt(), "b": attempt(metric="f1", finished_at=ENDED + timedelta(hours=1))}
    run = only_run([row("a", attempts["a"], n=540), row("b", attempts["b"], 0.8, "f1_macro")], attempts)
    assert {one.name: one.value for one in run.values} == {
        "evaluate/accuracy": 0.9,
        "evaluate/accuracy.n": 540.0,
        "evaluate/f1_macro": 0.8,
    }
    assert (run.experiment, run.name) == ("nightly", "svm · digits")
    assert (run.began, run.ended) == (ENDED - timedelta(minutes=1), ENDED + timedelta(hours=1))
    assert run.params["model.estimator.C"] == "1.0"
    assert run.params["metric.f1.key"] == "f1"
    assert run.params["capability.evaluate.batch_size"] == "64"
    assert run.tags["sweeper.fingerprint.evaluate/f1_macro"] == "b"


def test_the_key_of_a_run_is_what_it_is_and_not_what_it_is_called():
    attempts = {"a": attempt("svm"), "b": attempt("knn"), "c": {**attempt("svm"), "model": "renamed"}}
    keys = {name: only_run([row(name, one)], attempts).key for name, one in attempts.items()}
    assert keys["a"] == keys["c"] != keys["b"]


def test_values_of_unlike_sweeps_are_in_unlike_experiments_unless_one_is_named():
    attempts = {"a": attempt(), "b": attempt(metric="f1")}
    rows = [row("a", attempts["a"]), row("b", attempts["b"], sweep="weekly")]
    assert [run.experiment for run in tracked_runs(rows, attempts)] == ["nightly", "weekly"]
    assert [run.experiment for run in tracked_runs(rows, attempts, "mine")] == ["mine"]


def test_what_mlflow_would_refuse_is_written_in_a_way_that_it_takes():
    attempts = {"a": attempt("svm[C=0.1,é]", "x" * 400), "b": attempt("svm[C=0.1,é]", "x" * 401)}
    rows = [row("a", attempts["a"], warning="w" * 9000), row("b", attempts["b"]), row("b", attempts["b"], None, "y")]
    run = only_run(rows, attempts)
    names = [*run.params, *run.tags, *(one.name for one in run.values)]
    assert max(map(len, names)) <= 250
    assert all(name.isascii() and not set(name) & set("[],=") for name in names)
    assert len({one.name for one in run.values}) == 2, "a value that is null is no number, and long names stay apart"
    assert max(map(len, run.tags.values())) <= 500
    assert run.params["model"] == "svm[C=0.1,é]"
