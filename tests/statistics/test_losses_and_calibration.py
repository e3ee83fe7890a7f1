"""Intervals of mean losses and of the calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from simulated_data import Population

from sweeper.metrics import ExpectedCalibrationError
from sweeper.statistics import Level, calibration_interval, loss_interval
from sweeper.statistics.clusters import Clusters


def data(accuracy: float = 0.8, size: int = 400, **more: bool):
    return Population(accuracy, **more).draw(np.random.default_rng(0), size)


def test_a_loss_that_does_not_depend_on_being_right_has_the_interval_of_students_t():
    rng = np.random.default_rng(0)
    losses, right = rng.normal(2, 1, 500), rng.random(500) < 0.5
    expected = t.interval(0.95, 499, losses.mean(), losses.std(ddof=1) / np.sqrt(500))
    found = loss_interval(losses, right)
    assert (found.low, found.high) == pytest.approx(expected, abs=0.01)


def test_rare_errors_make_the_interval_longer_above():
    drawn = data(0.97)
    found = loss_interval(drawn.log_loss, drawn.labels == drawn.predictions)
    mean = drawn.log_loss.mean()
    assert found.high - mean > 1.15 * (mean - found.low)  # type: ignore[operator]


@pytest.mark.parametrize("interval", [loss_interval, calibration_interval])
def test_too_few_errors_have_no_bounds(interval):
    right = np.arange(100) >= 4
    found = interval(np.full(100, 0.9), right)
    assert found.method == "none: 4 data are wrong; at least 5 are needed"
    assert (found.low, found.stderr) == (None, None)


def test_the_interval_of_a_calibrated_model_reaches_to_zero():
    drawn = data(0.8, 500)
    right = drawn.labels == drawn.predictions
    found = calibration_interval(drawn.confidence, right)
    assert found.low == 0
    metric = ExpectedCalibrationError()
    labels, scores = np.where(right, 0, 1), np.stack([drawn.confidence, 1 - drawn.confidence], axis=1)
    value = metric.score(labels, metric.needed(labels, scores))
    assert found.high is not None
    assert 0 < value < found.high


def test_that_of_an_overconfident_one_does_not():
    drawn = data(0.7, 2000, sharpened=True)
    found = calibration_interval(drawn.confidence, drawn.labels == drawn.predictions)
    assert found.low is not None
    assert found.low > 0.05


def test_equal_data_have_equal_bounds():
    drawn = data()
    right = drawn.labels == drawn.predictions
    assert calibration_interval(drawn.confidence, right) == calibration_interval(drawn.confidence, right)


@pytest.mark.parametrize("which", ["loss", "calibration"])
def test_copies_tell_nothing(which: str):
    drawn = data()
    right = drawn.labels == drawn.predictions
    values = drawn.brier if which == "loss" else drawn.confidence
    interval = loss_interval if which == "loss" else calibration_interval
    once = interval(values, right)
    of = Clusters.by(np.repeat(np.arange(400), 3).tolist())
    copied = interval(np.repeat(values, 3), np.repeat(right, 3), clusters=of)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), abs=0.004)


def test_one_sided_bounds_are_inside_of_two_sided_ones():
    drawn = data()
    right = drawn.labels == drawn.predictions
    one, both = loss_interval(drawn.brier, right, Level(0.95, "one")), loss_interval(drawn.brier, right)
    assert both.low < one.low < one.high < both.high  # type: ignore[operator]
