"""How sure the values of evaluations are: in their rows, for every built-in metric and for others."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from capability_parts import DIGITS, Detections, Plain
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import roc_auc_score

from sweeper.augmentations import SensorNoise
from sweeper.capabilities import Evaluate, Predictions, Robustness, predict
from sweeper.errors import PartError
from sweeper.metrics import ExpectedCalibrationError, SklearnMetric

MACRO = {"average": "macro", "zero_division": 0.0}
BUILT_IN = {
    "accuracy": SklearnMetric("sklearn.metrics.accuracy_score", key="accuracy"),
    "balanced_accuracy": SklearnMetric("sklearn.metrics.balanced_accuracy_score"),
    "brier": SklearnMetric("sklearn.metrics.brier_score_loss", takes="probabilities", kwargs={"scale_by_half": False}),
    "ece": ExpectedCalibrationError(),
    "f1": SklearnMetric("sklearn.metrics.f1_score", kwargs=MACRO),
    "log_loss": SklearnMetric("sklearn.metrics.log_loss", takes="probabilities"),
    "precision": SklearnMetric("sklearn.metrics.precision_score", kwargs=MACRO),
    "recall": SklearnMetric("sklearn.metrics.recall_score", kwargs=MACRO),
}
METHODS = {
    "accuracy": "clopper_pearson",
    "brier": "mean_of_kinds",
    "ece": "calibration_bounds",
    "log_loss": "mean_of_kinds",
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_metric_has_an_interval(model, name: str):
    (row,) = Evaluate().run([model], [DIGITS], [BUILT_IN[name]]).extract()
    assert row.ci_method == METHODS.get(name, "macro_wilson")
    assert row.n == row.n_items == 540
    assert row.stderr is not None
    assert row.stderr > 0
    assert row.ci_low < row.output_value < row.ci_high


def test_that_of_accuracy_is_that_of_scipy(model):
    (row,) = Evaluate(confidence=0.9).run([model], [DIGITS], [BUILT_IN["accuracy"]]).extract()
    expected = binomtest(round(row.output_value * 540), 540).proportion_ci(0.9, "exact")
    assert (row.ci_low, row.ci_high) == pytest.approx((expected.low, expected.high))


def test_the_report_shows_it(model):
    report = Evaluate().run([model], [DIGITS], [BUILT_IN["accuracy"]]).collect_md_report(0.9)
    assert "| interval" in report
    assert " to 0.9" in report


def made(metadata: str = "site", classes: int = 2, size: int = 120) -> Predictions:
    """Predictions of two classes, in batches of 30; four data of each site."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, size)
    scores = (rng.dirichlet(np.ones(classes), size) + np.eye(classes)[labels] / 2) / 1.5
    batches = range(0, size, 30)
    return Predictions(
        tuple(scores[start : start + 30] for start in batches),
        tuple(np.eye(classes)[labels][start : start + 30] for start in batches),
        tuple([{"id": i, metadata: i // 4} for i in range(start, start + 30)] for start in batches),
    )


def evaluated(metric, **settings):
    return Evaluate(**settings).run([Detections()], [Plain()], [metric], predictions={"": made()}).extract()[0]


AUC = partial(SklearnMetric, "sklearn.metrics.roc_auc_score", takes="probabilities", key="auc")


def test_another_metric_has_none_unless_resamples_are_asked_for():
    row = evaluated(AUC())
    assert (row.ci_low, row.ci_high, row.stderr) == (None, None, None)
    assert row.ci_method.startswith("none: no interval is known for this metric; resamples: 1000 gives one")
    assert row.n == 120


def test_with_resamples_it_has_about_that_of_scipy():
    row = evaluated(AUC(), resamples=400)
    predictions = made()
    truth = np.concatenate(predictions.target_batches).argmax(axis=1)
    scores = np.concatenate(predictions.prediction_batches)[:, 1]
    expected = bootstrap((truth, scores), roc_auc_score, paired=True, method="percentile", n_resamples=400, rng=0)
    assert row.ci_method == "bootstrap_percentile"
    assert row.stderr == pytest.approx(expected.standard_error, rel=0.2)
    assert row.ci_low == pytest.approx(expected.confidence_interval.low, abs=0.015)
    assert evaluated(AUC(), resamples=400).ci_low == row.ci_low


def test_clusters_make_it_less_sure():
    alone, together = evaluated(BUILT_IN["accuracy"]), evaluated(BUILT_IN["accuracy"], cluster_by="site")
    assert together.ci_method.endswith(", 30 clusters")
    assert together.ci_high - together.ci_low > alone.ci_high - alone.ci_low


def test_a_key_that_the_data_lack_is_named():
    with pytest.raises(PartError, match=r"cluster_by is 'video', and datum 0 has no such metadata; its keys: \['id'"):
        evaluated(BUILT_IN["accuracy"], cluster_by="video")


def test_few_resamples_and_odd_confidences_are_refused():
    with pytest.raises(PartError, match="resamples is 5; it must be 0 for none, or at least 100"):
        Evaluate(resamples=5)
    with pytest.raises(PartError, match="confidence is 95"):
        Robustness(SensorNoise, [0.1], confidence=95)


def test_a_function_with_other_arguments_is_another_metric():
    adjusted = SklearnMetric("sklearn.metrics.balanced_accuracy_score", kwargs={"adjusted": True})
    weighted = SklearnMetric("sklearn.metrics.f1_score", kwargs={"average": "weighted"})
    for metric in (adjusted, weighted):
        assert metric.kind() is None
        assert evaluated(metric).ci_low is None


@pytest.mark.parametrize(
    ("factor", "reason"), [(0.5, "the value is another one than its kind says"), (np.nan, "the value is not finite")]
)
def test_a_metric_that_computes_something_else_has_none(factor: float, reason: str):
    class Own(ExpectedCalibrationError):  # noqa: N818 - the base is no exception
        def score(self, labels, predictions):
            return super().score(labels, predictions) * factor

    assert evaluated(Own()).ci_method == f"none: {reason}"


def test_metrics_of_several_values_and_of_detectors(model):
    class Several(Detections):
        def update(self, predictions, targets, metadata):
            self.count = len(targets)

        def reset(self):
            self.count = 0

        def compute(self):
            return {"first": 1.0, "second": float(self.count)}

    rows = Evaluate(resamples=100).run([Detections()], [Plain()], [Several()]).extract()
    assert [row.output_key for row in rows] == ["first", "second"]
    assert {row.ci_low for row in rows} == {None}
    assert {row.ci_method for row in rows} == {"none: 3 data or clusters; at least 30 are needed for a bootstrap"}


def test_robustness_has_one_at_each_severity_and_none_of_the_area(model):
    rows = Robustness(partial(SensorNoise, seed=3), [0.3]).run([model], [DIGITS], [BUILT_IN["accuracy"]]).extract()
    clean, noisy, area = rows
    (alone,) = Evaluate().run([model], [DIGITS], [BUILT_IN["accuracy"]], predictions=None).extract()
    assert (clean.ci_low, clean.ci_high, clean.n) == (alone.ci_low, alone.ci_high, 540)
    assert noisy.ci_low < noisy.output_value < noisy.ci_high
    assert noisy.ci_high < clean.ci_low
    assert (area.ci_low, area.ci_method) == (None, "none: no interval is known for the area under a curve")


def test_predictions_in_any_batches_have_equal_intervals(model):
    made_by = {size: predict(model, DIGITS, None, size) for size in (7, 540)}
    fine, coarse = (Evaluate().run([model], [DIGITS], [BUILT_IN["f1"]], predictions={"": made_by[n]}) for n in made_by)
    assert fine.intervals == coarse.intervals
