"""Means over the classes: their values, derivatives and bounds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from sweeper.statistics import Level, confusion, label_interval, share_interval
from sweeper.statistics.clusters import Clusters
from sweeper.statistics.confusion import LabelMetric

OF_SKLEARN = {
    "recall": lambda y, p: metrics.recall_score(y, p, average="macro", zero_division=0),
    "precision": lambda y, p: metrics.precision_score(y, p, average="macro", zero_division=0),
    "f1": lambda y, p: metrics.f1_score(y, p, average="macro", zero_division=0),
    "balanced_accuracy": lambda y, p: metrics.recall_score(y, p, labels=np.unique(y), average="macro"),
}
NAMES: tuple[LabelMetric, ...] = ("recall", "precision", "f1", "balanced_accuracy")


def classified(size: int = 400, classes: int = 4, accuracy: float = 0.8, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, size)
    return labels, np.where(rng.random(size) < accuracy, labels, rng.integers(0, classes, size))


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_scikit_learn(name: LabelMetric):
    labels, predictions = classified()
    predictions[:3] = 9  # a class without labels
    rows, columns, classes = confusion.encoded(labels, predictions)
    value = confusion.mean_over_classes(name, confusion.matrix(rows, columns, classes))
    assert value == pytest.approx(OF_SKLEARN[name](labels, predictions), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_are_those_of_small_differences(name: LabelMetric):
    counts = confusion.matrix(*classified(), 4)
    slopes, step = confusion.gradient(name, counts), 1e-4
    for cell in [(0, 0), (1, 1), (2, 3), (3, 0)]:
        changed = counts.copy()
        changed[cell] += step * counts.sum()
        # the other cells keep their counts, so their shares shrink: the derivative along this direction
        expected = slopes[cell] - (slopes * counts).sum() / counts.sum()
        difference = confusion.mean_over_classes(name, changed) - confusion.mean_over_classes(name, counts)
        assert difference / step == pytest.approx(expected, rel=1e-2, abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_standard_error_is_that_of_repeated_samples(name: LabelMetric):
    samples = [classified(seed=seed) for seed in range(400)]
    values = [OF_SKLEARN[name](*each) for each in samples]
    found = label_interval(name, *samples[0])
    assert found.stderr == pytest.approx(np.std(values), rel=0.15)


def test_equal_classes_have_about_the_interval_of_the_share():
    labels, predictions = classified(size=1000, classes=2)
    share, recall = share_interval(labels == predictions), label_interval("recall", labels, predictions)
    assert (recall.low, recall.high) == pytest.approx((share.low, share.high), abs=0.006)


def test_no_error_leaves_room_below():
    labels = np.arange(200) % 4
    found = label_interval("f1", labels, labels)
    assert found.high == 1
    assert found.low is not None
    assert 0.95 < found.low < 0.99


@pytest.mark.parametrize(
    ("labels", "predictions", "reason"),
    [
        ([0] * 50, [0] * 50, "1 classes; from 2 to 2000 are possible"),
        ([0] * 50 + [1] * 3, [0] * 53, "a class has 3 labels; at least 5 are needed"),
    ],
)
def test_what_has_no_bounds_says_why(labels: list[int], predictions: list[int], reason: str):
    found = label_interval("f1", np.array(labels), np.array(predictions))
    assert (found.low, found.method) == (None, f"none: {reason}")


def test_a_class_that_is_hardly_predicted_leaves_the_precision_without_bounds():
    found = label_interval("precision", np.repeat([0, 1], 50), np.array([0] * 97 + [1] * 3))
    assert found.method == "none: a class has 3 predictions; at least 5 are needed"


def test_copies_of_data_tell_nothing():
    labels, predictions = classified()
    copies = Clusters.by(np.repeat(np.arange(400), 5).tolist())
    once = label_interval("f1", labels, predictions)
    copied = label_interval("f1", np.repeat(labels, 5), np.repeat(predictions, 5), clusters=copies)
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high), abs=0.003)


def test_more_confidence_is_a_wider_interval():
    labels, predictions = classified()
    found = [label_interval("f1", labels, predictions, Level(confidence)) for confidence in (0.8, 0.95, 0.99)]
    assert found[0].low > found[1].low > found[2].low  # type: ignore[operator]
    assert found[0].high < found[1].high < found[2].high  # type: ignore[operator]
