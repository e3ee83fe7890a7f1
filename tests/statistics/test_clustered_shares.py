"""Shares from sums over clusters have the intervals that whole columns of data give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.statistics.bounds import Level
from sweeper.statistics.clustered_shares import ShareSums
from sweeper.statistics.clusters import Clusters
from sweeper.statistics.shares import share_interval

IMAGES = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40)


def sums_of(images: Any) -> ShareSums:
    sums = ShareSums(3)
    for counts in images:
        sums.add(np.array(counts))
    return sums


@given(IMAGES, st.sampled_from([Level(), Level(0.8), Level(0.99, "one")]))
def test_intervals_are_those_of_the_data_in_columns(images: Any, level: Level):
    sums = sums_of(images)
    kinds = np.array([kind for counts in images for kind in range(3) for _ in range(counts[kind])], int)
    of = [number for number, counts in enumerate(images) for _ in range(sum(counts))]
    assert sums.size == len(kinds)
    for kind in range(3):
        found = sums.share(kind, level)
        if not len(kinds):
            assert (found.value, found.interval.low) == (None, None)
            continue
        expected = share_interval(kinds == kind, level, Clusters.by(of))
        assert found.value == pytest.approx(float((kinds == kind).mean()))
        assert found.interval.method == expected.method
        assert found.interval.n == expected.n
        for name in ("stderr", "low", "high"):
            assert getattr(found.interval, name) == pytest.approx(getattr(expected, name), abs=1e-9)


def test_boxes_of_one_image_that_agree_count_as_fewer():
    alone, alike = sums_of([(1, 0, 0), (0, 1, 0)] * 100), sums_of([(5, 0, 0), (0, 5, 0)] * 20)
    wide, narrow = (sums.share(0).interval for sums in (alike, alone))
    assert alone.size == alike.size
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert (wide.method, narrow.method) == ("clopper_pearson, 40 clusters", "wilson, 200 clusters")


def test_few_images_have_no_bounds():
    share = sums_of([(2, 1, 0)] * 9).share(0)
    assert share.value == pytest.approx(2 / 3)
    assert share.interval.method == "none: 9 clusters; at least 10 are needed"
