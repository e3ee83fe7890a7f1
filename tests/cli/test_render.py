from __future__ import annotations

import pytest
import report_parts

from sweeper.cli import render
from sweeper.messages.outcome import Failure, Outcome
from sweeper.planning.decisions import Plan
from sweeper.report import leaderboard


def row(model: str, dataset: str, value: float, **more: object) -> dict[str, object]:
    base = {"capability": "evaluate", "metric": "f1", "key": "f1", "scope": "overall", "higher_is_better": True}
    return {**base, "model": model, "dataset": dataset, "value": value, **more}


def test_the_best_of_each_dataset_is_marked_in_the_direction_of_the_metric():
    rows = [row("svm[C=1]", "a", 0.9), row("knn", "a", 0.8), row("svm[C=1]", "b", 0.1), row("knn", "b", 0.2)]
    lines = report_parts.tables_text(rows).splitlines()
    assert lines[0].split("  ")[0] == "evaluate: f1 (higher is better)"
    assert lines[2].split() == ["svm[C=1]", "0.9*", "0.1"]
    assert lines[3].split() == ["knn", "0.8", "0.2*"]
    lower = report_parts.tables_text([{**r, "higher_is_better": False} for r in rows]).splitlines()
    assert lower[2].split() == ["svm[C=1]", "0.9", "0.1*"]


def test_a_value_with_a_caveat_is_never_the_best_and_the_reason_stands_below():
    rows = [row("svm", "a", 0.9, caveat="older: why"), row("knn", "a", 0.8), row("mlp", "a", 0.7)]
    lines = [line.split() for line in report_parts.tables_text(rows).splitlines()[2:]]
    assert lines == [["svm", "0.9", "!1"], ["knn", "0.8*"], ["mlp", "0.7"], ["!1", "older:", "why"]]
    alone = report_parts.tables_text([*rows[:2], row("mlp", "a", 0.7, caveat="suspect")]).splitlines()
    assert not [line for line in alone if "*" in line], "one that nothing can be compared with is no best"
    assert alone[-2:] == ["!1 older: why", "!2 suspect"]


def test_a_warning_stands_once_below_the_tables_and_keeps_nothing_from_being_the_best():
    rows = [row("svm", d, 0.9, warning="seen in training") for d in "ab"] + [row("knn", d, 0.8) for d in "ab"]
    text = report_parts.tables_text([*rows, *({**r, "key": "f1.area"} for r in rows if r["dataset"] == "b")])
    assert text.splitlines()[-2:] == ["", "warning: seen in training (svm, a; svm, b)"]
    assert text.count("0.9*") == 3


def test_values_that_are_the_same_but_for_rounding_tie():
    rows = [row("svm", "a", 0.1 + 0.2), row("knn", "a", 0.3), row("mlp", "a", 0.3 - 1e-7)]
    lines = [line.split() for line in report_parts.tables_text(rows).splitlines()[2:]]
    assert lines == [["svm", "0.3*"], ["knn", "0.3*"], ["mlp", "0.3"]]


def test_without_a_direction_or_a_rival_nothing_is_marked():
    assert "*" not in report_parts.tables_text([row("svm", "a", 0.9, higher_is_better=None), row("knn", "a", 0.8)])
    assert "*" not in report_parts.tables_text([row("svm", "a", 0.9)])


def test_without_a_model_the_rows_are_keys():
    rows = [row("", d, n, metric="", key=k) for k in ("size", "share") for d, n in (("a", 3), ("b", 4))]
    assert report_parts.tables_text(rows).splitlines()[2].split() == ["size", "3", "4"]


def test_without_a_model_there_is_a_table_for_each_metric():
    rows = [row("", "a", n, metric=metric, key="share") for n, metric in ((3, "one"), (4, "two"))]
    assert [line.split() for line in report_parts.tables_text(rows).splitlines() if "share" in line] == [
        ["share", "3"],
        ["share", "4"],
    ]


@pytest.mark.parametrize(
    ("metric", "key", "expected"),
    [
        ("f1", "f1", "f1"),
        ("f1", "f1.area", "f1 area"),
        ("f1", "f1 at factor=0.5", "f1 at factor=0.5"),
        ("acc", "accuracy", "acc accuracy"),
        ("", "k0", "k0"),
    ],
)
def test_a_value_is_called_by_its_metric_and_what_its_key_adds(metric: str, key: str, expected: str):
    assert leaderboard.measure(row("svm", "a", 0.9, metric=metric, key=key)) == expected


def test_keys_that_only_begin_alike_have_tables_of_their_own():
    rows = [row("svm", "a", n, key=key) for n, key in ((0.1, "f1.macro"), (0.2, "f1macro"))]
    assert [board.measure for board in leaderboard.leaderboards(rows)] == ["f1 macro", "f1 f1macro"]


def test_a_direction_on_which_rows_do_not_agree_is_none():
    rows = [row("svm", "a", 0.1), row("knn", "a", 0.2), row("mlp", "a", 0.3, higher_is_better=False)]
    assert [board.higher_is_better for board in leaderboard.leaderboards(rows)] == [None]
    assert [board.higher_is_better for board in leaderboard.leaderboards(rows[:2])] == [True]


def test_a_missing_cell_is_blank():
    lines = report_parts.tables_text([row("svm", "a", 0.9), row("knn", "b", 0.8)]).splitlines()
    assert [line.split() for line in lines[2:]] == [["svm", "0.9"], ["knn", "0.8"]]


def test_the_outcome_names_counts_failures_and_how_to_resume():
    failure = Failure("ab" * 32, "evaluate · digits · svm · f1", "failed", "ValueError", "no\nmore")
    text = render.outcome_text(
        Outcome({"completed": 2, "failed": 1, "not_attempted": 0}, (failure,)), Plan([]), "RESUME"
    )
    assert text.splitlines() == [
        "2 completed, 1 failed; 0 skipped",
        "  failed: evaluate · digits · svm · f1: ValueError: no",
        "      more",
        "run what this sweep left: RESUME",
    ]
