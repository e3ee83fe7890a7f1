"""A swept numeric parameter is drawn as a curve with the band of its intervals, and names without an order as dots."""

from __future__ import annotations

from itertools import pairwise

from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.page import plots
from sweeper.report.page.panels import Panel, Series, colours, groups
from sweeper.report.page.scales import Scale, log_range_of, powers_of_ten
from sweeper.report.page.swept import by_parameter


def board(*names: str, intervals: bool = False) -> Leaderboard:
    lines = tuple(
        Line(
            name,
            (number / 10, number / 20),
            intervals={0: (number / 10 - 0.05, number / 10 + 0.05)} if intervals else {},
        )
        for number, name in enumerate(names)
    )
    return Leaderboard("evaluate", "hits", "model", "dataset", ("a", "b"), lines, True, (None, None))


def test_each_number_of_a_swept_parameter_is_a_point_of_one_curve():
    found = list(by_parameter([board("svm[C=10,k=x]", "svm[C=0.1,k=x]", "svm[C=1,k=x]", "knn")]))
    assert [(capability, panel.title, panel.x_label) for capability, panel in found] == [
        ("evaluate", "hits on a", "C"),
        ("evaluate", "hits on b", "C"),
    ]
    (curve,) = found[0][1].series
    assert (curve.name, curve.points) == ("svm[k=x]", ((0.1, 0.1), (1.0, 0.2), (10.0, 0.0)))
    assert found[0][1].is_log


def test_two_numbers_or_texts_make_no_curve():
    assert list(by_parameter([board("svm[C=1]", "svm[C=2]", "svm[k=a]", "svm[k=b]", "svm[k=nan]")])) == []


def test_curves_have_a_colour_before_the_models_they_are_made_of():
    one = board(*(f"svm[C={n}]" for n in range(20)))
    drawn = groups([one], (), by_parameter([one]))
    assert "svm" in colours([one], drawn)
    assert len(colours([one], drawn)) == 8


def test_a_curve_has_the_band_of_its_intervals():
    one = board("svm[C=1]", "svm[C=2]", "svm[C=3]", intervals=True)
    _, panel = next(by_parameter([one]))
    svg = plots.draw(panel, {"svm": 0})
    assert svg.count('class="bounds"') == 1
    assert len(panel.series[0].bounds) == 3
    assert "NaN" not in svg


def test_datasets_are_dots_and_not_lines():
    series = (Series("m", ((0.0, 1.0), (1.0, 2.0)), ((0.0, 0.5, 1.5),)), Series("n", ((0.0, 1.0), (1.0, 2.0))))
    over_names = plots.draw(Panel("hits", "", "dataset", ("a", "b"), series), {"m": 0, "n": 1})
    by_number = plots.draw(Panel("hits", "", "C", (), series), {"m": 0, "n": 1})
    assert ("stroke-width:1.4" in over_names, "stroke-width:1.4" in by_number) == (False, True)
    assert over_names.count('class="bounds"') == 1  # the line of the one interval


def test_many_models_over_names_are_a_bar_for_each():
    series = tuple(Series(f"m{n}", ((0.0, n), (1.0, 2.0 * n))) for n in range(3))
    svg = plots.draw(Panel("hits", "", "dataset", ("a", "b"), series), {})
    (band,) = [part for part in svg.split("<path ") if "var(--range)" in part]
    assert band.count("M") == 2


def test_a_logarithmic_axis_has_powers_of_ten_evenly_apart():
    low, high = log_range_of([0.01, 100.0])
    scale = Scale(low, high, 0.0, 100.0, is_log=True)
    numbers = powers_of_ten(low, high, 7)
    assert [round(number, 6) for number in numbers] == [0.01, 0.1, 1.0, 10.0, 100.0]
    places = [scale.at(number) for number in numbers]
    assert {round(b - a, 6) for a, b in pairwise(places)} == {round(places[1] - places[0], 6)}
    assert len(powers_of_ten(1e-12, 1e12, 7)) <= 7
