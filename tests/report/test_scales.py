"""Axes of plots: what the numbers along them are, for whatever values there may be."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.report.page import plots
from sweeper.report.page.frames import HEIGHT, WIDTH
from sweeper.report.page.panels import LARGEST, Panel, Series
from sweeper.report.page.scales import Scale, range_of, round_numbers, written

VALUES = st.floats(-LARGEST, LARGEST)


@given(st.lists(VALUES, max_size=5), st.integers(2, 8))
def test_every_value_is_within_the_axis_and_few_round_numbers_stand_along_it(values: list[float], most: int):
    low, high = range_of(values)
    assert low < high
    assert all(low <= value <= high for value in values)
    numbers = round_numbers(low, high, most)
    assert 1 <= len(numbers) <= most
    assert numbers == sorted(numbers)
    slack = 1e-9 * (high - low)
    assert all(low - slack <= number <= high + slack for number in numbers)


@given(st.floats(-1e5, 1e5), st.floats(1e-2, 1e5))
def test_numbers_that_differ_are_written_differently_and_say_what_they_are(low: float, span: float):
    numbers = round_numbers(low, low + span, 6)
    texts = written(numbers)
    assert len(set(texts)) == len(numbers)
    for text, number in zip(texts, numbers, strict=True):
        assert float(text) == pytest.approx(number, rel=1e-9, abs=1e-9 * span)


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.03, 1.02, ["0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-0.31, 0.31, ["-0.2", "0.0", "0.2"]),
        (0.7, 21.0, ["5", "10", "15", "20"]),
        (0.0, 3e7, ["0.0e+00", "5.0e+06", "1.0e+07", "1.5e+07", "2.0e+07", "2.5e+07", "3.0e+07"]),
    ],
)
def test_numbers_along_an_axis_read_as_people_write_them(low: float, high: float, texts: list[str]):
    assert written(round_numbers(low, high, 7 if high > 1e6 else 6)) == texts


def test_a_scale_puts_values_where_the_axis_has_them():
    scale = Scale(1.0, 3.0, 100.0, 20.0)
    assert [scale.at(value) for value in (1.0, 2.0, 3.0)] == [100.0, 60.0, 20.0]


@given(
    st.lists(st.lists(st.tuples(st.floats(-1e3, 1e3), VALUES), min_size=1, max_size=4), min_size=1, max_size=3),
    st.booleans(),
)
def test_points_lie_within_the_drawing(points: list[list[tuple[float, float]]], has_names: bool):
    names = ("a name", "名前" * 9) if has_names else ()
    series = tuple(
        Series(f"m{n}", tuple((float(place % 2) if has_names else x, y) for place, (x, y) in enumerate(some)))
        for n, some in enumerate(points)
    )
    svg = plots.draw(Panel("f1", "", "factor", names, series), {"m0": 0, "m1": 1})
    assert "nan" not in svg
    for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", svg):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT
