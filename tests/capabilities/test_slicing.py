"""Each key of the metadata cuts the data into parts that have each datum once, with names that people can read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.capabilities.slicing import FEW_VALUES, edges_of, slices_by

NUMBERS = st.lists(
    st.one_of(st.floats(-1e300, 1e300), st.integers(-50, 50), st.sampled_from([0.0, 1.5, -0.0])), min_size=1
)
VALUES = st.lists(st.one_of(st.integers(-3, 3), st.booleans(), st.text(max_size=3), st.floats(-2, 2)), min_size=1)


def named(values: list[object], bins: int = 4) -> dict[str, list[int]]:
    return {one.value: one.data.tolist() for one in slices_by("key", values, bins)}  # type: ignore[arg-type]


@given(st.one_of(NUMBERS, VALUES), st.integers(2, 9))
def test_each_datum_is_in_one_slice_and_no_slice_is_empty(values: list[object], bins: int):
    slices = slices_by("key", values, bins)  # type: ignore[arg-type]
    assert sorted(np.concatenate([one.data for one in slices]).tolist()) == list(range(len(values)))
    assert all(len(one.data) for one in slices)
    assert len({one.value for one in slices}) == len(slices)
    for one in slices:
        inside = [float(values[number]) for number in one.data] if one.low is not None or one.high is not None else []  # type: ignore[arg-type]
        assert all((one.low is None or one.low <= v) and (one.high is None or v < one.high) for v in inside)


@given(st.lists(st.floats(-1e6, 1e6), min_size=40, max_size=200, unique=True), st.integers(2, 6))
def test_ranges_have_about_equally_many_data(values: list[float], bins: int):
    sizes = [len(one.data) for one in slices_by("key", values, bins)]
    assert len(sizes) <= bins
    exact = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    edges = edges_of(np.array(values), bins)
    gaps = np.diff([min(values), *exact, max(values)])
    assert np.abs(np.subtract(edges, exact[: len(edges)])).max() <= 0.05 * gaps.max() + 1e-9


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.linspace(0, 100, 1001).tolist(), ["below 25", "25 to below 50", "50 to below 75", "75 and above"]),
        (
            [n / 10000 for n in range(1001)],
            ["below 0.025", "0.025 to below 0.05", "0.05 to below 0.075", "0.075 and above"],
        ),
        ([*[0] * 500, *range(20)], ["below 1", "1 and above"]),
        ([*range(-5, 6)], ["below -2.5", "-2.5 to below 0", "0 to below 2.5", "2.5 and above"]),
    ],
)
def test_the_edges_of_ranges_are_round(values: list[float], expected: list[str]):
    assert list(named(list(values))) == expected


def test_a_few_numbers_are_slices_of_their_own_in_their_order():
    values = [10, 2, 10, 3.0, 2, 7.5]
    assert named(list(values)) == {"2": [1, 4], "3": [3], "7.5": [5], "10": [0, 2]}
    assert len(named(list(range(FEW_VALUES)))) == FEW_VALUES
    assert len(named(list(range(FEW_VALUES + 1)), bins=3)) == 3


def test_texts_and_truth_values_are_slices_in_alphabetical_order():
    assert named(["snow", "rain", "snow"]) == {"rain": [1], "snow": [0, 2]}
    assert named([True, False, True]) == {"False": [1], "True": [0, 2]}
    assert named(["", "a", 1, True]) == {"": [0], "1": [2], "True": [3], "a": [1]}


def test_whole_numbers_that_are_one_float_are_slices_of_their_own():
    values = [10**30 + number for number in range(20)]  # floats of this size are 1e14 apart
    assert named(values) == {str(value): [place] for place, value in enumerate(values)}
