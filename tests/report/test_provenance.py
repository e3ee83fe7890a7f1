"""Every value of the report links to where it comes from, and what there is of that stays bounded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import typed
from store_parts import record

from sweeper.report import html
from sweeper.report.page.provenance import entries_of, flat, links_of
from sweeper.report.reading import provenance as reading
from sweeper.report.reading import read_report_data
from sweeper.store import Store, open_store

GRID = (
    "--multirun",
    "capability=[evaluate]",
    "metric=[accuracy]",
    "dataset=[digits]",
    "model=[svm,logreg]",
    "model.svm.estimator.C=0.1,1,10",
    "job_backend.kind=inline",
)


@pytest.fixture
def swept(empty_folder: Path) -> Store:
    assert typed(*GRID)[0] == 0
    return open_store("analytics_store")


def test_each_name_says_what_it_stands_for_and_variants_how_they_differ(swept: Store):
    data = read_report_data(swept)
    models = next(one for one in entries_of(data.provenance) if one.axis == "model")
    names = [entry.name for entry in models.entries]
    assert names == ["logreg", "every svm", *(f"svm[estimator.C={c}]" for c in ("0.1", "1", "10"))]
    alone, shared, *variants = models.entries
    assert alone.target == shared.target == "sweeper.models.SklearnClassifier"
    assert ("estimator.kernel", '"rbf"') in shared.parameters
    assert [entry.parameters for entry in variants] == [(("estimator.C", c),) for c in ("0.1", "1", "10")]


def test_what_the_sweep_was_told_and_where_it_ran_is_there(swept: Store):
    found = read_report_data(swept).provenance
    (asked,), (ran,) = found.asked, found.environments
    assert asked.overrides
    assert set(asked.overrides) <= set(GRID)
    assert asked.sweep_id == ran.sweep_id
    assert (ran.attempts, bool(ran.host), "scikit-learn==" in ran.libraries) == (4, True, True)
    assert not any("storage_options" in key for key, _ in asked.settings)


def test_each_value_and_name_links_to_an_entry_that_is_there(swept: Store):
    page = html(swept)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="#([^"]+)"', page)
    assert set(links) <= set(ids)
    values = re.findall(r'<td data-value="[^"]+"[^>]*>(?:<a href="#(attempt-\d+)">)?', page.split('id="plots"')[0])
    assert sum(bool(link) for link in values) == 4
    row = page.split('id="attempt-1"')[1].split("</tr>")[0]
    attempt = swept.attempts().slice(0, 1).to_pylist()[0]
    for text in (attempt["attempt_id"], attempt["fingerprint"][:16], attempt["sweep_id"], 'href="#environment-1"'):
        assert text in page
    assert "name-" in row


def test_a_name_of_several_sweeps_with_other_specs_tells_which(swept: Store):
    assert typed(*GRID[:-2], "model=[svm]", "model.svm.estimator.C=3", "job_backend.kind=inline")[0] in (0, 2)
    assert typed(*GRID[1:4], "model=[logreg]", "model.logreg.estimator.C=7", "job_backend.kind=inline")[0] == 0
    found = [one for one in read_report_data(swept).provenance.specs if one.name == "logreg"]
    assert len(found) == 2
    assert len({one.sweeps for one in found}) == 2


def test_a_large_page_has_one_environment_and_not_every_attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "ATTEMPTS", 1)
    store = open_store(tmp_path)
    for name in "abc":
        record(store, name, 1.0)
    found = read_report_data(store).provenance
    assert (len(found.attempts), found.more_attempts, len(found.environments)) == (1, 2, 1)
    links = links_of(found)
    assert set(links.attempts.values()) == {"attempt-1"}
    assert "And 2 more attempts." in html(store)


def test_a_store_without_its_sweeps_has_the_specs_of_its_attempts(tmp_path: Path):
    store = open_store(tmp_path)
    spec = '{"capability": {"_target_": "x.Y"}, "models": [{"_target_": "x.Z", "n": 1}], "datasets": [], "metrics": []}'
    record(store, "a", 1.0, spec=spec)
    specs = read_report_data(store).provenance.specs
    assert [(one.axis, one.name) for one in specs] == [("capability", "a"), ("model", "model")]
    assert flat({"_target_": "x.Z", "a": {"b": 1, "_target_": "y"}, "c": {}}) == {
        "_target_": "x.Z",
        "a.b": "1",
        "a._target_": "y",
        "c": "{}",
    }
