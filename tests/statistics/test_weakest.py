"""Slices: the test is Fisher's, the correction Holm's, and all intervals hold together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, fisher_exact

from sweeper.statistics.bounds import Level
from sweeper.statistics.labels import LEAST_SUPPORT
from sweeper.statistics.weakest import chance_if_not_worse, holm, slice_accuracies

COUNTS = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))


@given(COUNTS)
def test_the_p_value_is_that_of_fishers_exact_test(counts: tuple[int, int, int, int]):
    right, wrong, rest_right, rest_wrong = counts
    found = chance_if_not_worse(right, right + wrong, right + rest_right, sum(counts))
    expected = fisher_exact([[right, wrong], [rest_right, rest_wrong]], alternative="less").pvalue
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_p_value_of_many_data_is_found_too():
    assert chance_if_not_worse(80_000, 100_000, 900_000, 1_000_000) == 0
    assert chance_if_not_worse(89_900, 100_000, 900_000, 1_000_000) == pytest.approx(0.1348, abs=1e-3)


@given(st.lists(st.floats(0, 1)))
def test_holms_correction_is_a_step_down_of_bonferronis(p_values: list[float]):
    adjusted = holm(p_values)
    assert all(p <= q <= min(1, len(p_values) * p) for p, q in zip(p_values, adjusted, strict=True))
    for level in (0.01, 0.05, 0.3):
        rejected = _rejected_by_hand(p_values, level)
        assert [q <= level for q in adjusted] == pytest.approx(rejected)


def _rejected_by_hand(p_values: list[float], level: float) -> list[bool]:
    """The procedure as Holm describes it: as long as the next smallest p-value is small enough, reject."""
    rejected = [False] * len(p_values)
    for step, number in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if (len(p_values) - step) * p_values[number] > level:
            break
        rejected[number] = True
    return rejected


@pytest.mark.parametrize("slices", [2, 10, 50])
def test_all_intervals_hold_together(slices: int):
    """Without simulation: the chance that any of them misses is at most the sum of what each one leaves."""
    n, share = 60, 0.9
    hits = np.arange(n + 1)
    found = [slice_accuracies([(int(k), n)] * slices, int(k), 2 * n)[0].accuracy.interval for k in hits]
    misses = sum(
        binom.pmf(k, n, share)
        for k, one in zip(hits, found, strict=True)
        if not (one.low or 0) <= share <= (one.high or 0)
    )
    assert slices * misses <= 0.05


def test_with_equal_slices_a_difference_is_found_no_more_often_than_allowed():
    """Seeded: of 1,000 models that are equally good everywhere, at most about 5 % have a slice that is called worse."""
    random, called = np.random.default_rng(7), 0
    for _ in range(1000):
        right = random.binomial(50, 0.8, 10)
        found = slice_accuracies([(int(each), 50) for each in right], int(right.sum()), 500)
        called += any((one.adjusted_p_value or 0) <= 0.05 for one in found)
    assert called <= 70  # three standard deviations above 50


def test_a_worse_slice_is_found_and_placed_first():
    right = [45, 46, 30, 44, 3]
    sizes = [50, 50, 50, 50, 4]
    found = slice_accuracies(list(zip(right, sizes, strict=True)), sum(right), sum(sizes))
    assert found[2].place == 1
    assert (found[2].adjusted_p_value or 1) < 0.001
    assert [one.adjusted_p_value is None for one in found] == [False] * 4 + [True]
    assert found[4].place == 5
    assert sizes[4] < LEAST_SUPPORT
    assert found[4].accuracy.interval.method.startswith("none: 4 data are in this slice")


def test_a_small_slice_that_does_badly_by_chance_does_not_come_before_one_that_surely_does():
    surely, perhaps = slice_accuracies([(600, 1000), (2, 5)], 1000, 2000)
    assert (perhaps.accuracy.value or 0) < (surely.accuracy.value or 0)
    assert (surely.place, perhaps.place) == (1, 2)


def test_more_slices_make_wider_intervals():
    one, many = (slice_accuracies([(40, 50)] * count, 80, 100, Level())[0].accuracy.interval for count in (1, 20))
    assert (many.low or 0) < (one.low or 0)
    assert (many.high or 0) > (one.high or 0)
