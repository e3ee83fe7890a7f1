"""Precision, recall and F1 of each class: their values, and how often their intervals cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from sweeper.statistics.bounds import Level
from sweeper.statistics.by_class import class_values, confusions, estimate
from sweeper.statistics.labels import LEAST_SUPPORT

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1)


@given(PAIRS)
def test_values_are_those_of_scikit_learn(pairs: list[tuple[int, int]]):
    labels, predictions = np.array(pairs).T
    found = class_values(labels, predictions)
    classes = sorted({*labels.tolist(), *predictions.tolist()})
    assert [one.index for one in found] == classes
    expected = precision_recall_fscore_support(labels, predictions, labels=classes, zero_division=np.nan)
    for place, one in enumerate(found):
        for estimated, values in zip((one.precision, one.recall, one.f1), expected, strict=False):
            value = np.nan if estimated.value is None else estimated.value
            assert value == pytest.approx(values[place], nan_ok=True, abs=1e-15)
        assert one.support == expected[3][place]
    dense = np.zeros((6, 6), int)
    for label, prediction, n in confusions(labels, predictions):
        dense[label, prediction] = n
    assert (dense == confusion_matrix(labels, predictions, labels=range(6))).all()


@given(PAIRS)
def test_bounds_enclose_the_value_or_there_is_a_reason(pairs: list[tuple[int, int]]):
    for one in class_values(*np.array(pairs).T):
        for value, interval in (one.precision, one.recall, one.f1):
            if interval.low is None or interval.high is None:
                assert interval.n < LEAST_SUPPORT
                assert interval.method.startswith(f"none: {interval.n} data are ")
            else:
                assert value is not None
                assert 0 <= interval.low <= value <= interval.high <= 1
                assert interval.n >= LEAST_SUPPORT


def test_bounds_are_those_of_a_share():
    value, interval = estimate(30, 200, Level(0.9), "here")
    assert (value, interval.method) == (0.15, "wilson")
    assert (interval.low, interval.high) == pytest.approx(binomtest(30, 200).proportion_ci(0.9, "wilson"))
    _, rare = estimate(199, 200, Level(0.9), "here")
    assert rare.method == "clopper_pearson"
    assert (rare.low, rare.high) == pytest.approx(binomtest(199, 200).proportion_ci(0.9, "exact"))


@pytest.mark.parametrize("union", [50, 100, 400])
def test_the_interval_of_f1_covers_whatever_it_is(union: int):
    """Without simulation: over all numbers of right ones among the data with the class as label or prediction."""
    right = np.arange(union + 1)
    bounds = np.array([_f1_bounds(int(hits), union) for hits in right])
    for overlap in np.linspace(0.2, 0.999, 60):
        truth = 2 * overlap / (1 + overlap)
        covers = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
        assert binom.pmf(right, union, overlap)[covers].sum() >= 0.935


def _f1_bounds(right: int, union: int) -> tuple[float, float]:
    """By real data: so many right ones, and the others with the class as label alone."""
    labels, predictions = np.zeros(union, int), np.array([0] * right + [1] * (union - right))
    interval = class_values(labels, predictions)[0].f1.interval
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high
