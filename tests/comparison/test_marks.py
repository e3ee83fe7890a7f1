"""Leaderboards mark what cannot be told apart from the best, by what became of each datum."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel
from sklearn.metrics import brier_score_loss, log_loss

import sweeper
from sweeper.cli.commands import run_command
from sweeper.comparison.by_datum import DataReader
from sweeper.report import html, marks
from sweeper.report.leaderboard import LEGEND, Leaderboard, leaderboards
from sweeper.report.reading import read_report_data
from sweeper.running.result import SweepResult
from sweeper.store import open_store

MODELS = ("logreg", "svm", "knn", "forest", "naive_bayes")
GRID = ["dataset=[digits]", f"model=[{','.join(MODELS)}]", "exclude=[]", "job_backend.kind=inline"]
EVALUATE = [*GRID, "capability=[evaluate]", "metric=[accuracy,log_loss,ece]"]

pytestmark = pytest.mark.usefixtures("empty_folder")


def swept(*overrides: str) -> SweepResult:
    result = sweeper.sweep([*overrides], progress=False)
    assert result.exit_status == 0
    return result


def board_of(boards: Sequence[Leaderboard], measure: str) -> Leaderboard:
    return next(board for board in boards if board.measure == measure)


def by_model(result: SweepResult) -> dict[str, dict[str, np.ndarray]]:
    rows = {row["model"]: row["inference_id"] for row in result.rows}
    tables = {model: result.store.outcomes([key]) for model, key in rows.items()}
    names = ("label", "prediction", "log_loss", "brier")
    return {model: {name: table[name].to_numpy() for name in names} for model, table in tables.items()}


def test_the_marks_are_those_of_exact_tests_of_scipy():
    result = swept(*EVALUATE)
    data = by_model(result)
    right = {model: each["label"] == each["prediction"] for model, each in data.items()}
    best = max(right, key=lambda model: right[model].mean())
    level = 0.05 / (len(MODELS) - 1)

    def beaten(model: str) -> bool:
        for other in MODELS:
            better, worse = (right[other] & ~right[model]).sum(), (right[model] & ~right[other]).sum()
            if better > worse and binomtest(int(better), int(better + worse), alternative="greater").pvalue <= level:
                return True
        return False

    board = board_of(result.leaderboards, "accuracy")
    assert board.tied[0] == {model for model in MODELS if not beaten(model)}
    assert best in board.tied[0]
    assert len(board.tied[0]) in range(2, len(MODELS)), "the case is one where some can be told apart, and some not"


def test_losses_are_compared_by_paired_t_tests():
    result = swept(*EVALUATE)
    losses = {model: each["log_loss"].astype(float) for model, each in by_model(result).items()}
    level = 0.05 / (len(MODELS) - 1)
    beaten = {
        model
        for model in MODELS
        for other in MODELS
        if other != model and ttest_rel(losses[other], losses[model], alternative="less").pvalue <= level
    }
    assert board_of(result.leaderboards, "log_loss").tied[0] == set(MODELS) - beaten


def test_losses_by_datum_are_those_of_scikit_learn():
    result = swept(*GRID, "capability=[evaluate]", "metric=[log_loss,brier]")
    values = {(row["model"], row["metric"]): row["value"] for row in result.rows}
    for model, each in by_model(result).items():
        for name in ("log_loss", "brier"):
            assert each[name].mean() == pytest.approx(values[model, name], rel=1e-6)
    sure = np.array([[0.7, 0.3], [0.2, 0.8]])
    assert log_loss([0, 1], sure) == pytest.approx(-np.log(sure[[0, 1], [0, 1]]).mean())
    assert brier_score_loss([0, 1], sure, scale_by_half=False) == pytest.approx(((sure - np.eye(2)) ** 2).sum(1).mean())


def test_words_say_what_the_marks_mean_and_what_is_not_compared():
    out = io.StringIO()
    assert run_command(EVALUATE, out, io.StringIO()) == 0
    text = out.getvalue()
    assert "~" in text
    assert LEGEND in text
    assert "not compared with the best: evaluate: ece: no comparison is known for this metric" in text


def test_the_report_has_the_same_marks():
    result = swept(*EVALUATE)
    shown = read_report_data(result.store).leaderboards
    for board in result.leaderboards:
        assert board_of(shown, board.measure).tied == board.tied
    assert 'aria-label="cannot be told apart from the best"' in html(result.store)


def test_areas_under_robustness_curves_are_compared_too():
    curves = ["capability=[robustness]", "metric=[accuracy]", "capability.robustness.severities=[0.3,0.5]"]
    result = swept(*GRID, *curves)
    board = board_of(result.leaderboards, "accuracy area")
    assert board.not_compared == {}
    right = {
        model: {
            condition: np.array([row["label"] == row["prediction"] for row in rows])
            for condition, rows in _by_condition(result, model).items()
        }
        for model in MODELS
    }
    weights = {"": 0.3, "severity=0.3": 0.5, "severity=0.5": 0.2}  # of the trapezoidal rule over 0, 0.3, 0.5
    areas = {model: sum(weights[label] * each[label] for label in weights) for model, each in right.items()}
    values = {line.name: line.values[0] for line in board.lines}
    assert {model: area.mean() for model, area in areas.items()} == pytest.approx(values)
    level = 0.05 / (len(MODELS) - 1)
    beaten = {
        model
        for model in MODELS
        for other in MODELS
        if other != model and ttest_rel(areas[other], areas[model], alternative="greater").pvalue <= level
    }
    assert board.tied[0] == set(MODELS) - beaten


def _by_condition(result: SweepResult, model: str) -> dict[str, list[dict[str, Any]]]:
    (key,) = {row["inference_id"] for row in result.rows if row["model"] == model}
    found: dict[str, list[dict[str, Any]]] = {}
    for row in result.store.outcomes([key]).to_pylist():
        found.setdefault(row["condition"], []).append(row)
    return found


def test_without_tables_by_datum_nothing_is_said_to_be_equal():
    result = swept(*EVALUATE, "outcomes=false")
    for board in result.leaderboards:
        assert all(len(names) == 1 for names in board.tied.values())
        assert any("no table by datum" in reason for reason in board.not_compared)


def test_a_model_without_its_table_is_named_and_the_others_are_compared():
    swept(*EVALUATE, "metric=[accuracy]")
    store = open_store("analytics_store")
    lost = next(row["inference_id"] for row in store.completed().to_pylist() if row["model"] == "naive_bayes")
    store.files.remove(".sweeper/outcomes", f"{lost}.parquet")
    result = swept(*EVALUATE, "metric=[accuracy]", "rerun=missing")
    board = board_of(result.leaderboards, "accuracy")
    assert list(board.not_compared.values()) == [("evaluate: accuracy: naive_bayes",)]
    assert len(board.tied[0]) > 1


def test_models_on_other_data_are_not_compared():
    """One name of a dataset stood for other data when one of the models was measured."""
    one = [item for item in GRID if not item.startswith("model")] + ["capability=[evaluate]", "metric=[accuracy]"]
    swept(*one, "model=[logreg]", "limit=300")
    result = swept(*one, "model=[svm,knn]", "limit=301")
    rows = [dict(row, dataset="digits") for row in result.store.results().to_pylist()]
    (board,) = marks.compared(leaderboards(rows), rows, DataReader(result.store))
    assert any("other data" in reason for reason in board.not_compared)


def test_clusters_need_no_setting_of_their_own():
    """Whole classes stand in for videos: data that belong together make models harder to tell apart."""
    plain = swept(*GRID, "capability=[evaluate]", "metric=[accuracy]")
    keyed = ["dataset=[]", "+dataset.marked={_target_: comparison_parts.Marked, groups: 12}"]
    grid = [item for item in GRID if not item.startswith("dataset")]
    clustered = swept(
        *grid, *keyed, "capability=[evaluate]", "+capability.evaluate.cluster_by=group", "metric=[accuracy]"
    )
    table = clustered.store.outcomes([clustered.rows[0]["inference_id"]])
    assert set(table["group"].to_pylist()) == set(range(12))
    (board,) = clustered.leaderboards
    assert board.not_compared == {}
    assert board.tied[0] >= board_of(plain.leaderboards, "accuracy").tied[0]
