"""Intervals of shares: those of scipy, and their coverage without simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from sweeper.errors import PartError
from sweeper.statistics import Level, share_interval
from sweeper.statistics.clusters import Clusters
from sweeper.statistics.shares import exact, share_bounds, wilson


def right(hits: int, size: int) -> np.ndarray:
    return np.arange(size) < hits


@pytest.mark.parametrize(("hits", "size"), [(30, 60), (150, 200), (530, 540)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_bounds_are_those_of_scipy(hits: int, size: int, confidence: float):
    level, test = Level(confidence), binomtest(hits, size)
    assert wilson(hits / size, size, level.z) == pytest.approx(test.proportion_ci(confidence, "wilson"), abs=1e-12)
    assert exact(hits / size, size, level.tail) == pytest.approx(test.proportion_ci(confidence, "exact"), abs=1e-12)
    found = share_interval(right(hits, size), level)
    method = {"wilson": "wilson", "clopper_pearson": "exact"}[found.method]
    assert (found.low, found.high) == pytest.approx(test.proportion_ci(confidence, method), abs=1e-12)


@pytest.mark.parametrize("size", [50, 75, 100, 200, 500, 1000, 2000])
def test_every_share_is_covered_from_50_data_on(size: int):
    hits = np.arange(size + 1)
    bounds = np.array([share_bounds(each / size, size, Level()) for each in hits])
    for share in np.linspace(0.5, 0.999, 100):
        covers = (bounds[:, 0] <= share) & (share <= bounds[:, 1])
        assert binom.pmf(hits, size, share)[covers].sum() >= 0.935


def test_each_one_sided_bound_holds_alone():
    hits, level = np.arange(101), Level(0.95, "one")
    bounds = np.array([share_bounds(each / 100, 100, level) for each in hits])
    for share in np.linspace(0.5, 0.999, 100):
        chances = binom.pmf(hits, 100, share)
        assert chances[bounds[:, 0] <= share].sum() >= 0.95
        assert chances[bounds[:, 1] >= share].sum() >= 0.95


@pytest.mark.parametrize("hits", [0, 40])
def test_all_right_or_all_wrong_has_one_bound_inside(hits: int):
    found = share_interval(right(hits, 40))
    assert (found.low, found.high) == pytest.approx(binomtest(hits, 40).proportion_ci(0.95, "exact"))
    assert found.stderr == 0


def test_clusters_of_one_datum_change_little_and_copies_tell_nothing():
    each = right(60, 100)
    alone, singles = share_interval(each), share_interval(each, clusters=Clusters.by(list(range(100))))
    assert singles.low == pytest.approx(alone.low, abs=0.003)
    copied = share_interval(np.repeat(each, 7), clusters=Clusters.by(np.repeat(np.arange(100), 7).tolist()))
    assert (copied.low, copied.high) == pytest.approx((singles.low, singles.high), abs=0.003)
    assert copied.method == "wilson, 100 clusters"


def test_errors_in_few_clusters_make_each_cluster_one_datum():
    hits, of = np.ones(300, bool), np.repeat(np.arange(30), 10)
    hits[:10] = False
    found = share_interval(hits, clusters=Clusters.by(of.tolist()))
    assert found.low is not None
    assert found.low <= binomtest(29, 30).proportion_ci(0.95, "exact").low


def test_few_clusters_have_no_bounds():
    found = share_interval(right(60, 100), clusters=Clusters.by([k % 9 for k in range(100)]))
    assert (found.low, found.high, found.stderr) == (None, None, None)
    assert found.method == "none: 9 clusters; at least 10 are needed"


@pytest.mark.parametrize("confidence", [0.5, 1.0, 95])
def test_a_confidence_is_between_a_half_and_one(confidence: float):
    with pytest.raises(PartError, match="must be above"):
        Level(confidence)
