"""The time that models took: inferences count once however many combinations read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import typed

from sweeper.report import html
from sweeper.report.costs import Costs, ModelCost
from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.page import plots
from sweeper.report.page.cost_plots import by_cost
from sweeper.report.reading import read_report_data
from sweeper.store import Store, open_store

GRID = (
    "capability=[evaluate,error_analysis]",
    "metric=[accuracy,f1_macro]",
    "dataset=[digits,digits_dark]",
    "model=[naive_bayes,logreg]",
    "job_backend.kind=inline",
)


@pytest.fixture
def swept(empty_folder: Path) -> Store:
    assert typed(*GRID)[0] == 0
    return open_store("analytics_store")


def test_an_inference_that_several_combinations_read_counts_once(swept: Store):
    attempts = swept.attempts().to_pylist()
    (logreg, _) = read_report_data(swept).costs.models
    mine = [row for row in attempts if row["model"] == "logreg"]
    seconds = {row["inference_s"] for row in mine}
    assert (logreg.model, logreg.passes, logreg.runs) == ("logreg", 2, 6)
    assert logreg.inference_s == pytest.approx(sum(seconds))
    assert logreg.run_s == pytest.approx(sum(row["duration_s"] for row in mine))
    assert logreg.rate == pytest.approx(2 * 540 / sum(seconds))
    page = html(swept)
    assert "These are different machines" not in page
    assert re.search(r'<table class="plain" aria-labelledby="costs-title">', page)
    assert "evaluate against inference time" in page


def cost(model: str, datum_s: float | None, *hosts: str) -> ModelCost:
    return ModelCost(model, 1, 1.0, datum_s, 1, 1.0, hosts)


def test_a_measure_is_drawn_against_the_time_of_a_datum():
    lines = (Line("a", (0.5, 0.7)), Line("b", (0.9, None)), Line("c", (1.0, 0.8)), Line("d", (0.1, 0.1)))
    board = Leaderboard("evaluate", "hits", "model", "dataset", ("x", "y"), lines, True, (None, None))
    costs = Costs((cost("a", 0.001), cost("b", 0.002), cost("c", 0.5), cost("d", None)))
    ((capability, panel),) = by_cost([board], costs)
    assert (capability, panel.title, panel.is_log) == ("evaluate", "hits (mean)", True)
    assert [(one.name, one.points) for one in panel.series] == [("a", ((1.0, 0.6),)), ("c", ((500.0, 0.9),))]
    svg = plots.draw(panel, {"a": 0})
    assert "var(--range)" not in svg
    assert svg.count("var(--muted);fill-opacity") == 1


def test_times_of_several_machines_are_not_compared_in_silence():
    assert Costs((cost("a", None, "one"), cost("b", None, "two", "one"))).hosts == ("one", "two")
