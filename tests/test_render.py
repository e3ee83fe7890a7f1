from __future__ import annotations

from sweeper import render
from sweeper.outcome import Failure, Outcome
from sweeper.planning import Plan


def row(model: str, dataset: str, value: float, **more: object) -> dict[str, object]:
    base = {"capability": "evaluate", "metric": "f1", "key": "f1", "scope": "overall", "higher_is_better": True}
    return {**base, "model": model, "dataset": dataset, "value": value, **more}


def test_the_best_of_each_dataset_is_marked_in_the_direction_of_the_metric():
    rows = [row("svm[C=1]", "a", 0.9), row("knn", "a", 0.8), row("svm[C=1]", "b", 0.1), row("knn", "b", 0.2)]
    lines = render.leaderboards(rows).splitlines()
    assert lines[0].split("  ")[0] == "evaluate: f1 (higher is better)"
    assert lines[2].split() == ["svm[C=1]", "0.9*", "0.1"]
    assert lines[3].split() == ["knn", "0.8", "0.2*"]
    lower = render.leaderboards([{**r, "higher_is_better": False} for r in rows]).splitlines()
    assert lower[2].split() == ["svm[C=1]", "0.9", "0.1*"]


def test_without_a_direction_or_a_rival_nothing_is_marked():
    assert "*" not in render.leaderboards([row("svm", "a", 0.9, higher_is_better=None), row("knn", "a", 0.8)])
    assert "*" not in render.leaderboards([row("svm", "a", 0.9)])


def test_without_a_model_the_rows_are_keys():
    rows = [row("", d, n, metric="", key=k) for k in ("size", "share") for d, n in (("a", 3), ("b", 4))]
    assert render.leaderboards(rows).splitlines()[2].split() == ["size", "3", "4"]


def test_a_missing_cell_is_blank():
    lines = render.leaderboards([row("svm", "a", 0.9), row("knn", "b", 0.8)]).splitlines()
    assert [line.split() for line in lines[2:]] == [["svm", "0.9"], ["knn", "0.8"]]


def test_the_outcome_names_counts_failures_and_how_to_resume():
    failure = Failure("ab" * 32, "evaluate · digits · svm · f1", "failed", "ValueError", "no\nmore")
    text = render.outcome_text(
        Outcome({"completed": 2, "failed": 1, "not_attempted": 0}, (failure,)), Plan([]), "RESUME"
    )
    assert text.splitlines() == [
        "2 completed, 1 failed; 0 skipped",
        "  failed: evaluate · digits · svm · f1: ValueError: no",
        "run what is missing: RESUME",
    ]
