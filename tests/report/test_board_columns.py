"""What stands behind the columns of the datasets, and the intervals of values, on the page."""

from __future__ import annotations

import math

import pytest

from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.page.boards import table_of
from sweeper.report.page.summaries import summary_of

INF = math.inf


def board(*lines: Line, better: bool | None = True, columns: tuple[str, ...] = ("a", "b")) -> Leaderboard:
    best = (None,) * len(columns)
    return Leaderboard("evaluate", "hits", "model", "dataset", columns, lines, better, best)


@pytest.mark.parametrize(
    ("better", "names", "values"),
    [(True, ("mean", "worst"), (0.5, 0.25)), (False, ("mean", "worst"), (0.5, 0.75)), (None, ("mean",), (0.5,))],
)
def test_mean_and_worst_of_a_model_with_every_value(better: bool | None, names: tuple[str, ...], values: object):
    one = board(Line("m", (0.25, 0.75)), better=better)
    summary = summary_of(one)
    assert (summary.names, summary.over, summary.values(one, one.lines[0])) == (names, 2, values)


@pytest.mark.parametrize(
    "line",
    [Line("m", (0.25, None)), Line("m", (0.25, math.nan)), Line("m", (0.25, 0.75), caveats={1: "older"})],
    ids=["missing", "nan", "caveat"],
)
def test_a_model_that_lacks_a_sound_value_has_neither(line: Line):
    one = board(line, Line("n", (1.0, 1.0)))
    assert summary_of(one).values(one, line) == (None, None)
    table = table_of("t", one)
    assert table.lacks_summaries
    assert [cell.text for _, cells in table.rows for cell in cells if cell.is_summary] == ["", "", "1.000", "1.000"]


def test_infinite_values_count_and_opposite_ones_make_no_number():
    one = board(Line("m", (INF, 1.0)), Line("n", (INF, -INF)), better=False)
    cells = [[cell.text for cell in cells if cell.is_summary] for _, cells in table_of("t", one).rows]
    assert cells == [["inf", "inf"], ["", "inf"]]


def test_one_dataset_needs_no_summary():
    assert summary_of(board(Line("m", (0.25,)), columns=("a",))).names == ()


def test_a_value_has_the_bounds_of_its_interval_beside_it():
    one = board(Line("m", (0.25, 0.75), intervals={0: (0.2, 0.31)}))
    table = table_of("t", one)
    ((_, cells),) = table.rows
    assert [(cell.interval, cell.bounds) for cell in cells[:2]] == [("0.2000 to 0.3100", ("0.2", "0.31")), ("", None)]
    assert table.has_intervals
