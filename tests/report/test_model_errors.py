"""Where each model errs: what the tables of an error analysis hold, the clearest first, and the link to its report."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import sweeper
from sweeper.report import html
from sweeper.report.model_errors import ModelErrors
from sweeper.report.reading import read_report_data
from sweeper.report.reading.model_errors import LISTED
from sweeper.store import Store

GRID = ["capability=[error_analysis]", "dataset=[digits_dark,digits]", "model=[knn,logreg]", "metric=[accuracy]"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    uri = tmp_path_factory.mktemp("errors") / "store"
    where = [f"analytics_store.uri={uri}", "job_backend.kind=inline"]
    sweeper.sweep([*GRID, *where, "limit=100"], progress=False)
    return sweeper.sweep([*GRID, *where, "limit=100"], progress=False).store


@pytest.fixture(scope="module")
def found(store: Store) -> tuple[ModelErrors, ...]:
    return read_report_data(store).model_errors


def test_each_model_has_its_datasets_in_order(found: tuple[ModelErrors, ...]):
    named = {one.model: [each.dataset for each in one.datasets] for one in found}
    datasets = ["digits[limit=100]", "digits_dark[limit=100]"]
    assert named == {"knn": datasets, "logreg": datasets}
    assert not any(one.has_slices for one in found)


def test_what_is_shown_is_of_the_newest_run_and_the_clearest_first(store: Store, found: tuple[ModelErrors, ...]):
    newest = store.completed().filter(pc.equal(store.completed()["model"], "knn"))
    (job,) = newest.filter(pc.starts_with(newest["dataset"], "digits_dark"))["job_id"].to_pylist()
    rows = store.table("sweeper_error_confusions")
    mine = rows.filter(pc.and_(pc.equal(rows["job_id"], job), pc.equal(rows["is_right"], False)))
    most = sorted(mine["n"].to_pylist(), reverse=True)[:LISTED]
    assert [pair.n for pair in found[0].datasets[1].taken] == most
    highs = [weak.high for weak in found[0].datasets[1].classes]
    assert highs == sorted(highs, key=float) or None in highs
    values: pa.Table = store.table("sweeper_error_analysis")
    recalls = values.filter(pc.and_(pc.equal(values["job_id"], job), pc.equal(values["quantity"], "recall")))
    assert min(filter(None, recalls["ci_high"].to_pylist())) == highs[0]


def test_each_line_links_to_the_report_of_its_run(store: Store):
    page = html(store)
    (section,) = re.findall(r'<section id="models".*?</section>\s*</section>', page, re.DOTALL)
    links = re.findall(r'href="#(report-\d+)"', section)
    assert len(set(links)) == 4
    assert all(page.count(f'id="{link}"') == 1 for link in links)
    assert "weakest slices</th>" not in section


def test_a_store_without_an_analysis_has_no_such_section(tmp_path: Path):
    where = [f"analytics_store.uri={tmp_path / 'store'}", "job_backend.kind=inline", "limit=20"]
    grid = ["capability=[evaluate]", "dataset=[digits]", "model=[knn]", "metric=[accuracy]"]
    assert 'id="models"' not in html(sweeper.sweep([*grid, *where], progress=False).store)
