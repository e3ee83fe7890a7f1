"""The report beside a baseline: the values of `compare`, and no colour where nothing may be said."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from sweeper.cli.commands import run_command

SWEEP = ("capability=[evaluate]", "dataset=[digits]", "metric=[accuracy,ece]", "job_backend.kind=inline")


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """One in which svm is hardly trained, and one in which it is, with a further model."""
    folder = tmp_path_factory.mktemp("against")
    before, now = f"{folder}/before", f"{folder}/now"
    for uri, models, strength in ((before, "svm,naive_bayes", 0.001), (now, "svm,naive_bayes,knn", 1.0)):
        overrides = (f"model=[{models}]", f"model.svm.estimator.C={strength}", f"analytics_store.uri={uri}")
        assert typed(*SWEEP, *overrides)[0] == 0
    return before, now


def written(now: str, *argv: str) -> str:
    path = f"{now}.html"
    status, _, err = typed("report", *argv, "-o", path, f"analytics_store.uri={now}")
    assert (status, err) == (0, "")
    return Path(path).read_text()


def cell(page: str, model: str, measure: str = "accuracy") -> str:
    """The row of a model in the table of a measure, as it is written."""
    (table,) = re.findall(rf"<figcaption[^>]*>{measure}\b.*?</figure>", page.replace("<wbr>", ""), flags=re.DOTALL)[:1]
    table = re.sub(r"</?a\b[^>]*>", "", table)  # names and values link to where they come from
    return table[table.index(f'<th scope="row">{model}</th>') :].partition("</tr>")[0]


def test_a_value_is_better_only_where_its_interval_says_so(stores: tuple[str, str]):
    before, now = stores
    page = written(now, "--against", before)
    compared = json.loads(typed("compare", before, now, "--json", f"analytics_store.uri={now}")[1])
    known = {(one["model"], one["key"]): one for one in compared["differences"]}
    assert known["svm", "accuracy"]["verdict"] == "better"
    assert 'class="change better"' in cell(page, "svm")
    assert f'data-change="{known["svm", "accuracy"]["difference"]!r}"' in cell(page, "svm")
    assert f'data-change-low="{known["svm", "accuracy"]["ci_low"]!r}"' in cell(page, "svm")
    assert '<small class="change ">the same</small>' in cell(page, "naive_bayes")
    assert '<small class="change ">new</small>' in cell(page, "knn")
    assert "no interval" in cell(page, "svm", "ece")
    assert 'class="change worse"' not in page


def test_what_changed_is_listed_with_what_is_new_and_what_is_gone(stores: tuple[str, str]):
    before, now = stores
    page = written(now, "--against", before)
    listed = page[page.index('id="against"') : page.index('id="leaderboards"')]
    assert f"Against store {before}" in listed
    assert "1 better, 2 the same, 1 no interval, 2 new" in listed
    assert re.findall(r"<h3[^>]*>([^<]+)</h3>", listed) == ["What got better", "What is new"]
    assert "no comparison is known for this metric" in listed
    other = written(before, "--against", now)
    listed = other[other.index('id="against"') : other.index('id="leaderboards"')]
    assert re.findall(r"<h3[^>]*>(What[^<]+)</h3>", listed) == ["What got worse", "What is gone"]


def test_without_a_baseline_nothing_is_said_of_one(stores: tuple[str, str]):
    page = written(stores[1])
    assert 'id="against"' not in page
    assert "data-change=" not in page


def test_a_baseline_is_what_compare_takes(stores: tuple[str, str]):
    now = stores[1]
    at = f"analytics_store.uri={now}"
    assert "Against as of 2100-01-01" in written(now, "--against", "2100-01-01")
    assert "Against sweep" in written(now, "--against", "sweep:config")
    for word, said in (
        ("svm", "--against takes a sweep, a date or a store, and got the model svm"),
        ("confg", "'confg' is no model, sweep or date of the store"),
        ("store:/nowhere", "There is no analytics store at /nowhere"),
    ):
        status, out, err = typed("report", "--against", word, "-o", f"{now}.none.html", at)
        assert (status, out) == (2, "")
        assert said in err
    assert not Path(f"{now}.none.html").exists()


def test_markdown_has_what_got_better(stores: tuple[str, str]):
    before, now = stores
    status, out, _ = typed("report", "--against", before, "--format", "md", f"analytics_store.uri={now}")
    assert status == 0
    assert "1 better, 2 the same, 1 no interval, 2 new" in out
    assert re.search(
        r"\*\*Better\*\*\n\n.*\n.*\n\| svm \| digits \| evaluate: accuracy \| 0\.\d+ \| 0\.98\d+ \| \+", out
    )
