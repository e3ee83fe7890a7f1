"""What remains of a choice that fails again and again is not attempted, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import typed
from invariant import assert_nothing_lost

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("empty_folder")]
BROKEN = (
    "+model.broken={_target_: sweeper.models.SklearnClassifier, estimator: {_target_: sklearn.svm.SVC, C: -1.0}, "
    "train: {_target_: sweeper.datasets.Digits, split: train}}"
)
GRID = [
    "capability=[evaluate,robustness]",
    "dataset=[digits,digits_dark,digits_noisy]",
    "model=[naive_bayes]",
    "metric=[accuracy,f1_macro,ece]",
    "exclude=[]",
    BROKEN,
]
EACH = 18


def run(*argv: str) -> tuple[dict, str]:
    _, out, err = typed(*GRID, *argv, "--json")
    return json.loads(out), err


def fingerprints(document: dict) -> set[str]:
    return {combination["fingerprint"] for combination in document["combinations"]}


def test_a_broken_model_is_left_out_after_some_failures_and_the_other_is_measured(backend: str):
    document, err = run(backend, "max_in_flight=1")
    counts = document["counts"]
    assert counts["completed"] == EACH
    assert counts["failed"] in (5, 6, 7)
    assert counts["not_attempted"] == EACH - counts["failed"]
    assert document["exit_status"] == 1
    assert sum(told["left_out"] for told in document["left_out"]) == counts["not_attempted"]
    assert "more with model broken" in err
    assert "max_same_error" in err
    failed = {failure["fingerprint"] for failure in document["failures"]}
    statuses = assert_nothing_lost("analytics_store", fingerprints(document))
    assert {key for key, ends in statuses.items() if ends == ["failed"]} == failed


def test_what_waits_in_flight_is_taken_back_and_nothing_else_is(backend: str):
    metrics = "metric=[accuracy,f1_macro,precision_macro,recall_macro,ece,log_loss]"
    document, _ = run(backend, metrics, "max_in_flight=60")
    counts = document["counts"]
    assert counts["completed"] == 2 * EACH
    assert counts["failed"] + counts["not_attempted"] == 2 * EACH
    assert (counts["cancelled"], counts["lost"]) == (0, 0)
    assert sum(told["left_out"] for told in document.get("left_out", [])) == counts["not_attempted"]
    statuses = assert_nothing_lost("analytics_store", fingerprints(document))
    assert len(statuses) == 4 * EACH - counts["not_attempted"]


def test_what_was_left_out_runs_with_missing_and_with_resume(empty_folder: Path):
    first, _ = run("job_backend.kind=inline", "max_in_flight=1")
    planned, _ = run("job_backend.kind=inline", "rerun=missing", "--dry-run")
    assert planned["plan"]["run"] == EACH
    status, out, _ = typed(
        "run", f"resume={first['sweep_id']}", "job_backend.kind=inline", "max_same_error=null", "--json"
    )
    document = json.loads(out)
    assert (status, document["counts"]["failed"], document["counts"]["not_attempted"]) == (1, EACH, 0)
    statuses = assert_nothing_lost("analytics_store", fingerprints(first))
    assert len(statuses) == 2 * EACH


def test_a_choice_may_have_a_limit_of_its_own():
    document, _ = run("job_backend.kind=inline", "max_in_flight=1", "+model.broken._sweep_.max_same_error=2")
    assert document["counts"]["failed"] in (2, 3, 4)
    document, _ = run("job_backend.kind=inline", "max_same_error=null")
    assert (document["counts"]["failed"], document["counts"]["not_attempted"]) == (EACH, 0)
    assert "left_out" not in document


def test_the_summary_says_what_was_left_out_and_how_to_run_it():
    status, out, _ = typed(*GRID, "job_backend.kind=inline", "max_in_flight=1")
    assert status == 1
    assert " not attempted" in out
    assert "which failed 5 times in a row with " in out
    assert "run what this sweep left: " in out


def test_a_broken_capability_leaves_all_models_alone():
    arity = "{arity: {datasets: ONE, models: ONE, metrics: ZERO}}"
    argv = [
        "capability=[evaluate]",
        "dataset=[digits,digits_dark]",
        "model=[naive_bayes,logreg,knn]",
        "metric=[accuracy]",
        f"+capability.broken={{_target_: parts.Tiny, error: no, _sweep_: {arity}}}",
    ]
    _, out, err = typed(*argv, "job_backend.kind=inline", "max_in_flight=1", "max_same_error=3", "--json")
    document = json.loads(out)
    counts = document["counts"]
    assert (counts["completed"], counts["failed"], counts["not_attempted"]) == (6, 3, 3)
    assert "more with capability broken, which failed 3 times in a row with ValueError: no" in err
