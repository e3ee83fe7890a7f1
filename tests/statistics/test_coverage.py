"""The intervals cover the truth: the committed table, some cells of it made again, and a short look by default."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import pytest
from simulated_data import Population

HERE = Path(__file__).parent
METRICS = ("accuracy", "recall_macro", "balanced_accuracy", "precision_macro", "f1_macro", "brier", "log_loss", "ece")


def _script():
    spec = importlib.util.spec_from_file_location("make_coverage", HERE / "make_coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = _script()


def table() -> list[dict[str, str]]:
    with (HERE / "coverage.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_table_has_every_cell_of_every_metric():
    rows = table()
    assert len(rows) == len(list(make.cells())) * len(METRICS)
    assert {row["metric"] for row in rows} == set(METRICS)


@pytest.mark.parametrize("metric", METRICS)
def test_in_every_cell_of_the_table_bounds_cover_the_truth(metric: str):
    """In 93 % of the datasets that have bounds; where few have any, at most 7 % of all datasets have wrong ones."""
    rows = [row for row in table() if row["metric"] == metric]
    assert [row for row in rows if float(row["given"]) >= 0.5 and float(row["covered"]) < 0.93] == []
    assert [row for row in rows if float(row["wrong"]) > 0.07] == []


def test_what_has_no_bounds_says_why():
    assert [row for row in table() if float(row["given"]) < 1 and not row["reason"].startswith("none: ")] == []


@pytest.mark.parametrize(
    ("size", "population"),
    [(100, Population(0.9, 4)), (200, Population(0.95, 5, 0.1, uneven=True, sharpened=True))],
)
def test_a_short_look(size: int, population: Population):
    for name, found in make.coverage(make.Cell(size, population), 150).items():
        assert found.covered >= 0.88, name  # 150 datasets: three standard deviations below 0.93


@pytest.mark.slow
@pytest.mark.parametrize("place", range(0, 170, 25))
def test_the_table_is_what_its_script_makes(place: int):
    cells = list(make.cells())
    made = [[str(value) for value in row] for row in make.rows(cells[place])]
    known = [list(row.values()) for row in table()]
    for row in made:
        assert row in known
