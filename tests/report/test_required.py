"""The report begins with the verdicts that a sweep of the store asked for."""

from __future__ import annotations

import html as escaping
import re
from pathlib import Path

import pytest
from command_line import typed, write_configs
from requirement_parts import ENOUGH, swept

from sweeper.report import html
from sweeper.report.reading import read_report_data
from sweeper.report.report_data import Required
from sweeper.store import Store, open_store

pytestmark = pytest.mark.usefixtures("empty_folder")


def store() -> Store:
    return open_store("analytics_store")


def required(sweep: str | None = None) -> Required | None:
    return read_report_data(store(), sweep).required


def outcomes(sweep: str | None = None) -> dict[str, str]:
    found = required(sweep)
    return {} if found is None else {f"{one.requirement} {one.model}": one.outcome for one in found.verdicts}


def section(page: str) -> str:
    return page.partition('<section id="requirements"')[2].partition("</section>")[0]


def text_of(cell: str) -> str:
    return escaping.unescape(re.sub(r"<[^>]+>", "", cell))


def test_the_page_begins_with_them():
    swept(ENOUGH)
    page = html(store())
    assert page.index('<section id="requirements"') < page.index('<section id="leaderboards"')
    assert '<a href="#requirements">Requirements</a>' in page
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", section(page))
    cells = [
        [escaping.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd].*?</t", row)] for row in rows
    ]
    assert [[text.removesuffix("</t") for text in row] for row in cells] == [
        ["right", "undecided", "few", "1", ">= 0.8609", "about 39 more data would decide"],
        ["half", "not met", "many", "0.5", "<= 0.5713", ""],
        ["", "", "few", "0.5", "<= 0.728", ""],
    ]
    assert 'class="verdict not-met"' in page


def test_without_requirements_there_is_no_such_part():
    swept()
    assert required() is None
    page = html(store())
    assert "#requirements" not in page
    assert '<section id="requirements"' not in page


def test_they_are_those_of_the_newest_sweep_that_had_any_also_of_one_with_nothing_to_run():
    swept(ENOUGH)
    swept("rerun=missing")
    assert outcomes() == {"enough right": "undecided", "enough half": "not met"}
    swept("rerun=missing", "+name=later", "requirements=[{name: low, metric: accuracy, min: 0.3, dataset: many}]")
    assert outcomes() == {"low right": "met", "low half": "met"}
    found = required()
    assert found is not None
    assert found.sweep_name == "later"
    assert outcomes("judged") == {"enough right": "undecided", "enough half": "not met"}


def test_they_are_judged_by_the_values_of_now():
    swept(ENOUGH, "model.right.wrong_every=2")
    assert outcomes() == {"enough right": "not met", "enough half": "not met"}
    swept(ENOUGH, "dataset.few.n=60")
    assert outcomes() == {"enough right": "met", "enough half": "not met"}
    swept("model.half=null", "~model.half", "model.right.wrong_every=3")
    assert outcomes() == {"enough right": "met", "enough half": "not met"}, "another spec is another value"


def test_a_tolerance_finds_what_it_compares_with():
    swept("requirements=[{name: close, metric: accuracy, model: half, tolerance: 0.1, than: {model: right}}]")
    assert outcomes() == {"close half": "not met"}


ODD = """
defaults: [judged, _self_]
model:
  <b>bold: {_target_: requirement_parts.Model, id: bold, wrong_every: 3}
requirements:
  - {name: "<script>alert(1)</script>", metric: accuracy, model: "<b>*", min: 0.95}
"""


def test_names_are_text():
    swept()
    status, _, err = typed("--config-dir", write_configs(Path("conf"), {"odd": ODD}), "--config-name", "odd")
    assert status == 0, err
    page = html(store())
    for name in ("<b>bold", "<b>*", "<script>alert(1)</script>"):
        assert name not in section(page)
        assert escaping.escape(name) in section(page).replace("<wbr>", "")


def test_two_names_of_one_value_are_both_judged():
    twin = "+model.twin={_base_: right}"
    swept(ENOUGH, twin, "duplicates=keep", "dataset.few.n=60")
    assert outcomes() == {"enough right": "met", "enough half": "not met", "enough twin": "met"}


def test_a_damaged_file_of_a_sweep_is_passed_over():
    swept(ENOUGH)
    swept(ENOUGH.replace("enough", "later"), "rerun=missing")
    folder = store().uri + "/.sweeper/sweeps"
    newest = f"{folder}/{store().sweep_ids()[-1]}.parquet"
    with open(newest, "r+b") as file:
        file.truncate(100)
    found = required()
    assert found is not None
    assert {one.requirement for one in found.verdicts} == {"enough"}
