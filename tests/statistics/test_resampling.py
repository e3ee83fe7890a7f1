"""Resamples, and metrics of many of them at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics

from sweeper.metrics import ExpectedCalibrationError
from sweeper.statistics import Level, confusion
from sweeper.statistics.clusters import Clusters
from sweeper.statistics.resampling import Resamples, bootstrap_interval
from sweeper.statistics.weighted import LabelCounts, calibration_errors, means


def test_weights_are_those_of_drawing_with_replacement_and_depend_on_the_identity_alone():
    weights = Resamples("digits", 20_000).weights(0, 20)
    assert (weights.sum(axis=1) == 20_000).all()
    shares = np.bincount(weights.ravel(), minlength=8)[:8] / weights.size
    assert shares == pytest.approx(binom.pmf(np.arange(8), 20_000, 1 / 20_000), abs=0.002)
    assert (weights == Resamples("digits", 20_000).weights(0, 20)).all()
    assert (weights != Resamples("letters", 20_000).weights(0, 20)).any()
    assert abs(np.corrcoef(weights[0], weights[1])[0, 1]) < 0.03


def test_weights_do_not_depend_on_the_parts_that_they_are_made_in():
    resamples = Resamples("digits", 300_000)
    chunks = list(resamples.chunks(200))
    assert len(chunks) > 1
    assert (np.concatenate(chunks)[150:160] == resamples.weights(150, 160)).all()


def test_clusters_are_drawn_as_a_whole():
    of = np.repeat(np.arange(50), 4)
    weights = Resamples("videos", 200, Clusters.by(of.tolist())).weights(0, 10)
    assert (weights.reshape(10, 50, 4) == weights[:, ::4, None]).all()


def drawn(size: int = 300, classes: int = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, size)
    labels[:2] = classes  # a rare class, which some resamples lack
    return labels, np.where(rng.random(size) < 0.7, labels, rng.integers(0, classes, size)), rng.random(size)


@pytest.mark.parametrize("name", ["recall", "precision", "f1", "balanced_accuracy"])
def test_a_weighted_value_is_that_of_repeated_data(name: confusion.LabelMetric):
    labels, predictions, _ = drawn()
    weights = Resamples("d", len(labels)).weights(0, 30)
    values = LabelCounts(labels, predictions).values(name, weights)
    for row, value in zip(weights, values, strict=True):
        y, p = np.repeat(labels, row), np.repeat(predictions, row)
        if name == "balanced_accuracy":
            expected = metrics.recall_score(y, p, labels=np.unique(y), average="macro", zero_division=0)
        else:
            function = getattr(metrics, f"{name}_score")
            expected = function(y, p, average="macro", zero_division=0)
        assert value == pytest.approx(expected, abs=1e-12)


def test_weighted_means_and_calibration_errors_are_those_of_repeated_data():
    labels, predictions, confidence = drawn()
    right = labels == predictions
    weights = Resamples("d", len(labels)).weights(0, 10)
    accuracies, metric = means(weights, right.astype(float)), ExpectedCalibrationError()
    sure = np.maximum(confidence, 1 - confidence)  # two classes: the confidence is that of the larger one
    errors = calibration_errors(weights, sure, right)
    for row, accuracy, error in zip(weights, accuracies, errors, strict=True):
        repeated = np.repeat(np.stack([sure, 1 - sure], axis=1), row, axis=0)
        hit = np.repeat(right, row)
        assert accuracy == pytest.approx(metrics.accuracy_score(np.ones(len(hit)), hit), abs=1e-6)
        label = np.where(hit, 0, 1)
        assert error == pytest.approx(metric.score(label, metric.needed(label, repeated)), abs=1e-5)


def test_an_empty_resample_has_no_value():
    labels, predictions, confidence = drawn()
    nothing = np.zeros((1, len(labels)), np.uint8)
    assert np.isnan(means(nothing, confidence)).all()
    assert np.isnan(LabelCounts(labels, predictions).values("f1", nothing)).all()


def test_the_spread_of_resamples_is_the_standard_error():
    values = np.random.default_rng(0).normal(0, 3, 500)
    resampled = means(Resamples("d", 500).weights(0, 2000), values)
    found = bootstrap_interval(values.mean(), resampled, 500, Level())
    assert found.stderr == pytest.approx(values.std() / np.sqrt(500), rel=0.06)
    assert found.high - found.low == pytest.approx(3.93 * found.stderr, rel=0.06)  # type: ignore[operator]


def test_a_metric_that_has_no_value_for_many_resamples_has_no_bounds():
    resampled = np.where(np.arange(1000) % 10, 0.5, np.nan)
    found = bootstrap_interval(0.5, resampled, 100, Level())
    assert found.method == "none: 900 of 1000 resamples have a value"


def test_few_data_have_no_bounds():
    assert bootstrap_interval(0.5, np.linspace(0, 1, 1000), 29, Level()).method.startswith("none: 29 data or clusters")


def test_poisson_weights_would_cover_equally_often():
    """The mean of a skewed quantity, whose true value is 1: both with 40 data, in 400 samples."""
    rng = np.random.default_rng(0)
    covered = {"ours": 0, "poisson": 0}
    for number in range(400):
        values = rng.exponential(1, 40)
        weights = {
            "ours": Resamples(str(number), 40).weights(0, 500),
            "poisson": rng.poisson(1, (500, 40)).astype(np.uint8),
        }
        for name, each in weights.items():
            found = bootstrap_interval(values.mean(), means(each, values), 40, Level())
            covered[name] += found.low <= 1 <= found.high  # type: ignore[operator]
    assert abs(covered["ours"] - covered["poisson"]) <= 8
    assert covered["ours"] >= 0.9 * 400
