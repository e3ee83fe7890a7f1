"""Means over repeated runs: their intervals cover other runs and other data, and comparisons know of both."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t as student_t

from sweeper.statistics import Level, share_interval
from sweeper.statistics.best import among_the_best
from sweeper.statistics.bounds import Interval
from sweeper.statistics.contributions import averaged, of_share
from sweeper.statistics.paired import chance_if_not_better, difference
from sweeper.statistics.repeats import ONE_RUN, interval_of_mean


def simulated(random: np.random.Generator, accuracy: float, runs: int, data: int, spread: float) -> np.ndarray:
    """Which data each run gets right: runs differ in their accuracy, and data in how hard they are."""
    hard = random.normal(0, 1, data)
    skill = random.normal(0, spread, runs)
    shift = math.log(accuracy / (1 - accuracy)) * math.sqrt(1 + (1 + spread**2) / 2.89)  # about: logistic-normal
    chance = 1 / (1 + np.exp(-(shift + skill[:, None] + hard[None, :])))
    return random.random((runs, data)) < chance


def truth(accuracy: float, spread: float) -> float:
    random = np.random.default_rng(1)
    return float(np.mean([simulated(random, accuracy, 40, 2000, spread).mean() for _ in range(50)]))


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.3, 0.6])
@pytest.mark.parametrize(("runs", "data"), [(3, 100), (5, 500), (10, 2000)])
@pytest.mark.parametrize("accuracy", [0.6, 0.9])
def test_intervals_of_means_cover_in_93_percent(accuracy: float, runs: int, data: int, spread: float):
    """Runs whose accuracy differs by up to 0.6 in its logit: of 0.9, most lie between 0.75 and 0.97."""
    random, true = np.random.default_rng(runs * data), truth(accuracy, spread)
    covered = 0
    for _ in range(2000):
        right = simulated(random, accuracy, runs, data, spread)
        interval = interval_of_mean([(float(one.mean()), share_interval(one)) for one in right])
        covered += interval.low <= true <= interval.high
    assert covered / 2000 >= 0.93


def test_an_interval_is_that_of_the_runs_where_data_say_nothing_more():
    """With certain values, that of Student's t for the values; with equal values, that of one run."""
    values = [0.5, 0.6, 0.75]
    sure = [(value, Interval(100, 0.0, value, value, "wilson")) for value in values]
    interval = interval_of_mean(sure, Level(0.9))
    low, high = student_t(2, np.mean(values), np.std(values, ddof=1) / math.sqrt(3)).interval(0.9)
    assert (interval.low, interval.high) == pytest.approx((low, high))
    alike = [(0.6, Interval(100, 0.05, 0.5, 0.7, "wilson"))] * 3
    assert (interval_of_mean(alike).low, interval_of_mean(alike).high) == pytest.approx((0.5, 0.7))


def test_one_run_does_not_say_how_much_runs_differ():
    interval = interval_of_mean([(0.6, Interval(100, 0.05, 0.5, 0.7, "wilson"))])
    assert (interval.low, interval.method) == (None, f"none: {ONE_RUN}")


def test_what_one_run_lacks_the_mean_lacks():
    runs = [(0.6, Interval(9, 0.05, 0.5, 0.7, "wilson")), (0.7, Interval.none(9, "too few"))]
    assert interval_of_mean(runs).method == "none: too few"


def test_the_difference_of_two_means_has_the_variance_of_both_sources():
    random = np.random.default_rng(0)
    first, second = (averaged([of_share(one) for one in simulated(random, 0.8, 4, 300, 0.5)]) for _ in range(2))
    gaps = first.by_datum - second.by_datum
    interval = difference(first, second)
    parts = [(gaps.var(ddof=1) / 300, 299), (first.between, 3), (second.between, 3)]
    total = sum(variance for variance, _ in parts)
    freedom = total**2 / sum(variance**2 / degrees for variance, degrees in parts)
    low, high = student_t(freedom, gaps.mean(), math.sqrt(total)).interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((low, high))


@pytest.mark.slow
def test_seeds_alone_rarely_make_a_difference():
    """Two models that are equal over seeds: that one is called better happens in at most 5 % of 2,000 pairs."""
    random = np.random.default_rng(3)
    wrong = 0
    for _ in range(2000):
        first, second = (averaged([of_share(one) for one in simulated(random, 0.8, 3, 300, 0.5)]) for _ in range(2))
        wrong += chance_if_not_better(first, second) <= 0.05
    assert wrong / 2000 <= 0.055


def test_without_the_seeds_such_a_difference_would_be_believed():
    random = np.random.default_rng(8)
    better = [of_share(one) for one in simulated(random, 0.9, 3, 2000, 1.0)]
    worse = [of_share(one) for one in simulated(random, 0.9, 3, 2000, 1.0)]
    pairs = [sorted(pair, key=lambda one: -one.value) for pair in zip(better, worse, strict=True)]
    alone = [chance_if_not_better(first, second) for first, second in pairs]
    assert min(alone) < 0.001
    assert among_the_best([averaged(better), averaged(worse)]) == [True, True]
