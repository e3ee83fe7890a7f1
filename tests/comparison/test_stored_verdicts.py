"""Verdicts on real values: from what became of each datum, and from what is stored where that was not kept."""

from __future__ import annotations

import pytest

import sweeper
from sweeper.comparison.judged import JudgedValue
from sweeper.statistics import Level, calibration_interval, loss_interval, share_interval
from sweeper.statistics.clusters import Clusters

GRID = ["capability=[evaluate]", "dataset=[digits]", "model=[logreg]", "exclude=[]", "job_backend.kind=inline"]
MARKED = ["dataset=[]", "+dataset.marked={_target_: comparison_parts.Marked, groups: 54}"]
BY_GROUP = [*MARKED, "+capability.evaluate.cluster_by=group"]
ONE = Level(0.99, "one")

pytestmark = pytest.mark.usefixtures("empty_folder")


def judged(metric: str, limit: str, *overrides: str) -> tuple[JudgedValue, sweeper.SweepResult]:
    rule = f"requirements=[{{metric: {metric}, {limit}, confidence: 0.99}}]"
    result = sweeper.sweep([*GRID, f"metric=[{metric}]", *overrides, rule], progress=False)
    ((value,),) = [one.values for one in result.verdicts]
    return value, result


def test_bounds_of_each_kind_are_computed_at_the_level_that_is_asked_for():
    accuracy, result = judged("accuracy", "min: 0.9")
    table = result.store.outcomes([result.rows[0]["inference_id"]])
    right = (table["label"].to_numpy() == table["prediction"].to_numpy()).astype(bool)
    assert accuracy.bound == share_interval(right, ONE).low
    ece, _ = judged("ece", "max: 0.2")
    assert ece.bound == calibration_interval(table["confidence"].to_numpy().astype(float), right, 15, ONE).high
    loss, _ = judged("log_loss", "max: 0.5")
    assert loss.bound == loss_interval(table["log_loss"].to_numpy().astype(float), right, ONE).high


def test_data_that_belong_together_count_as_fewer():
    alone, result = judged("accuracy", "min: 0.9", *MARKED)
    together, _ = judged("accuracy", "min: 0.9", *BY_GROUP)
    table = result.store.outcomes([result.rows[0]["inference_id"]])
    right = (table["label"].to_numpy() == table["prediction"].to_numpy()).astype(bool)
    groups = Clusters.by([number % 54 for number in range(len(right))])
    assert together.bound == share_interval(right, ONE, groups).low
    assert together.bound is not None
    assert alone.bound is not None
    assert together.bound < alone.bound


def test_without_tables_by_datum_a_share_has_the_same_bounds_and_others_those_that_are_stored():
    kept, _ = judged("accuracy", "min: 0.9")
    computed, _ = judged("accuracy", "min: 0.9", "outcomes=false")
    assert computed.bound == pytest.approx(kept.bound)
    loss, result = judged("log_loss", "max: 0.5", "outcomes=false", "+capability.evaluate.confidence=0.98")
    assert (loss.outcome, loss.bound) == ("met", result.rows[0]["ci_high"])
    unsure, _ = judged("log_loss", "max: 0.5", "outcomes=false")
    assert unsure.outcome == "undecided"
    assert unsure.reason.startswith(
        "its interval of 95 % is not sure enough, and a surer one cannot be computed: it has"
    )
    grouped, _ = judged("accuracy", "min: 0.9", *BY_GROUP, "outcomes=false")
    assert grouped.outcome == "undecided", "how alike the data of a group are is not known any more"


def test_the_area_under_a_curve_has_no_bounds_and_two_of_them_are_compared():
    rule = "{metric: accuracy, key: accuracy.area, capability: robustness"
    rules = f"requirements=[{rule}, min: 0.5}},{rule}, tolerance: 0.5, than: {{model: knn}}}}]"
    words = [*GRID, "capability=[robustness]", "model=[logreg,knn]", "metric=[accuracy]"]
    result = sweeper.sweep([*words, rules], progress=False)
    assert [(one.model, one.outcome) for one in result.verdicts] == [
        ("logreg", "undecided"),
        ("knn", "undecided"),
        ("logreg", "met"),
    ]
    assert result.verdicts[0].reason == "no interval is known for the area under a curve"
