"""The HTML report: what it says of a store that a real sweep filled, and the pure pieces under it."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from report_parts import PIXEL, SCRIPT, fill
from store_parts import BEGAN, ScoreRun, attempt, fail, fingerprint, record

from sweeper.cli.commands import run_command
from sweeper.errors import ConfigError
from sweeper.messages.requests import Provenance
from sweeper.report import html
from sweeper.report.leaderboard import Leaderboard, Line, leaderboards
from sweeper.report.page import boards, filters, panels, plots, queries, rendering
from sweeper.report.page.markdown import to_html
from sweeper.report.reading import read_report_data, run_reports
from sweeper.report.report_data import Names, ReportData, RunReport, ValueAtStrength
from sweeper.report.sorting import natural_key
from sweeper.report.strengths import strengths_of
from sweeper.store import AttemptRow, Store, open_store
from sweeper.store.parquet import DamagedFileWarning


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return fill(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def contents(swept: Store) -> ReportData:
    return read_report_data(swept)


@pytest.fixture(scope="module")
def text(swept: Store) -> str:
    return html(swept)


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()


# The command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_one_file_and_says_where(folder: Path):
    record(open_store("analytics_store"), "a", 1.0)
    assert typed("report") == (0, "report: report.html\n", "")
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert typed("report", "--output", "other.html", "--sweep", "test")[:2] == (0, "report: other.html\n")
    assert (folder / "other.html").exists()


def test_an_empty_store_is_one_clear_message(folder: Path):
    status, out, err = typed("report")
    assert (status, out) == (2, "")
    assert f"There is no analytics store at {folder / 'analytics_store'}" in err
    assert "Run a sweep first" in err
    assert not (folder / "report.html").exists()


def test_an_unknown_sweep_is_told_the_newest_there_are(folder: Path):
    record(open_store("analytics_store"), "a", 1.0)
    status, out, err = typed("report", "--sweep", "tset")
    assert (status, out) == (2, "")
    assert "no sweep with the id or name 'tset'. Did you mean 'test'?" in err
    assert "newest sweeps: sweep (test)" in err


def test_without_the_extra_the_message_has_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch):
    record(open_store("analytics_store"), "a", 1.0)
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    status, out, err = typed("report")
    assert (status, out) == (2, "")
    assert "needs markdown-it-py, which is not installed. Run pip install" in err


def test_a_file_that_cannot_be_written_is_one_message(folder: Path):
    record(open_store("analytics_store"), "a", 1.0)
    status, _, err = typed("report", "--output", "no/such/folder.html")
    assert (status, "no/such/folder.html cannot be written" in err) == (2, True)


def test_what_a_report_needs_is_imported_when_one_is_made():
    code = "import sys, sweeper.report, sweeper.cli.commands; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"jinja2", "matplotlib", "markdown_it", "pyarrow"}.isdisjoint(loaded)


# What is read


def test_each_combination_counts_once_by_its_newest_state(contents: ReportData):
    assert contents.counts == {"completed": 13, "failed": 4, "timeout": 0, "cancelled": 0, "lost": 0}
    assert [(one.name, one.attempts, one.completed) for one in contents.sweeps] == [("small", 16, 12), (SCRIPT, 1, 1)]


def test_completed_wins_over_a_later_failure_and_an_earlier_one(tmp_path: Path):
    store = open_store(tmp_path)
    fail(store, "a", second=1)
    record(store, "a", 1.0, second=2)
    fail(store, "a", "lost", second=3)
    fail(store, "b", "timeout", second=4)
    found = read_report_data(store)
    assert {status: n for status, n in found.counts.items() if n} == {"completed": 1, "timeout": 1}
    assert [(one.names.capability, one.status) for one in found.incomplete] == [("b", "timeout")]


def test_a_sweep_is_chosen_by_id_or_name(tmp_path: Path):
    store = open_store(tmp_path)
    record(store, "a", 1.0)
    other = replace(attempt("b"), sweep_id="second", sweep_name="other")
    store.write_attempts([AttemptRow.of(other, status="failed", finished_at=BEGAN)])
    for sweep, status in (("sweep", "completed"), ("test", "completed"), ("second", "failed"), ("other", "failed")):
        assert {name for name, n in read_report_data(store, sweep).counts.items() if n} == {status}
    assert sum(read_report_data(store).counts.values()) == 2
    with pytest.raises(ConfigError, match="no sweep with the id or name"):
        read_report_data(store, "third")


def test_leaderboards_are_those_of_the_terminal(swept: Store, contents: ReportData):
    def cells(boards: Sequence[Leaderboard]) -> dict[str, dict[tuple[str, str], float | None]]:
        return {
            board.title: {
                (line.name, column): value
                for line in board.lines
                for column, value in zip(board.columns, line.values, strict=True)
            }
            for board in boards
        }

    rows = swept.results().to_pylist()
    measured = (replace(one, lines=tuple(line for line in one.lines if not line.ends)) for one in contents.leaderboards)
    assert cells(list(measured)) == cells(leaderboards(rows))
    hits = contents.leaderboards[0]
    assert (hits.title, hits.direction, hits.columns) == ("evaluate: hits", "higher is better", ("four", "ten"))
    broken = Line("broken", (None, None), ends={0: "failed", 1: "failed"})
    by = {0: "small", 1: "small"}
    assert hits.lines == (broken, Line("parity", (1.0, 1.0), sweeps=by), Line("same", (0.5, 0.5), sweeps=by))


def test_values_by_strength_are_found_in_the_keys_of_our_robustness(contents: ReportData):
    found = {(one.dataset, one.model, one.strength): one.value for one in contents.strengths}
    assert {(s, v) for (dataset, model, s), v in found.items() if (dataset, model) == ("ten", "parity")} == {
        (0.0, 1.0),
        (0.5, 1.0),
        (1.0, 0.0),
    }
    assert {(one.measure, one.parameter) for one in contents.strengths} == {("hits", "severity")}


@pytest.mark.parametrize(
    ("key", "scope", "expected"),
    [
        ("accuracy@0.5", "severity", ("accuracy", None, "0.5")),
        ("recall@10@1e-05", "severity", ("recall@10", None, "1e-05")),
        ("accuracy at factor=0.5", "overall", ("accuracy", "factor", "0.5")),
        ("recall@10", "overall", None),  # a key of the metric's own
        ("accuracy", "severity", None),
    ],
)
def test_which_values_are_at_a_strength(key: str, scope: str, expected: tuple[str, str | None, str] | None):
    row = {"capability": "r", "dataset": "d", "model": "m", "metric": "x", "key": key, "scope": scope, "value": 1.0}
    found, left_out = strengths_of(pa.Table.from_pylist([{**row, "higher_is_better": None}]))
    assert left_out == 0
    said = [(one.measure, one.parameter, one.strength) for one in found]
    assert said == ([] if expected is None else [(f"x {expected[0]}", expected[1] or "severity", float(expected[2]))])


def test_what_did_not_complete_says_why(contents: ReportData):
    assert len(contents.incomplete) == 4
    first = contents.incomplete[0]
    assert first.names == Names("evaluate", "four", "broken", "hits")
    assert (first.status, first.error_type, first.message) == ("failed", "ValueError", "weights are gone\nand more")
    assert "ValueError: weights are gone" in first.traceback


def test_names_are_in_the_order_of_their_numbers():
    names = ["svm[C=10]", "svm[C=2]", "b", "svm[C=0.5]", "svm", "2", ""]
    assert sorted(names, key=natural_key) == ["", "2", "b", "svm", "svm[C=0.5]", "svm[C=2]", "svm[C=10]"]


# One name for several specs, one after the other


def named(store: Store, spec: object, *values: float, second: int = 0, model: str = "svm", **more: Any) -> None:
    """A run that ended at `second` of the combination that is called `score . data . svm`, whatever its spec is."""
    ended = BEGAN + timedelta(seconds=second)
    info = replace(attempt(spec), capability="score", model=model, spec=f'{{"C": {spec}}}')
    if not values:
        row = AttemptRow.of(info, status="failed", finished_at=ended, error_type="ValueError", error_message=str(spec))
        store.write_attempts([row])
        return
    job = Provenance(job_id=f"job {spec} {second}", submitted_at=BEGAN, completed_at=ended)
    store.record(ScoreRun(list(values)), provenance=job, attempt=info, finished_at=ended, **more)


def cells(found: ReportData) -> list[tuple[str, tuple[float | None, ...]]]:
    return [(line.name, line.values) for one in found.leaderboards for line in one.lines]


@pytest.mark.parametrize("order", [(1, 10), (10, 1)])
def test_of_two_specs_under_one_name_the_newest_is_shown_wherever_its_row_is(tmp_path: Path, order: tuple[int, int]):
    store = open_store(tmp_path)
    for spec in order:
        report = store.write_artifact(f"reports/{spec}/report.md", f"# C={spec}".encode())
        named(store, spec, spec / 10, second=spec, report_uri=report)
    named(store, 5, 0.7, second=5, model="knn")
    found = read_report_data(store)
    assert cells(found) == [("knn", (0.7,)), ("svm", (1.0,))]
    assert [one.markdown for one in found.reports] == ["# C=10"]
    assert (found.counts["completed"], found.older) == (2, 1)


def test_the_older_spec_is_shown_again_once_it_is_run_again(tmp_path: Path):
    store = open_store(tmp_path)
    for spec, second in ((1, 1), (10, 2), (1, 3)):
        named(store, spec, spec / 10 + second, second=second)
    found = read_report_data(store)
    assert cells(found) == [("svm", (3.1,))]
    assert (found.counts["completed"], found.older) == (1, 1)


def test_a_point_by_strength_is_drawn_once_though_two_specs_had_the_name(tmp_path: Path):
    store = fill(tmp_path)
    fill(tmp_path, "capability.robustness.augmentation.seed=3", "capability=[robustness]")
    found = read_report_data(store)
    assert found.older == 4
    (group,) = (one for one in panels.groups((), found.strengths) if one.title == "robustness by strength")
    for one in (series for panel in group.panels for series in panel.series):
        assert [x for x, _ in one.points] == [0.0, 0.5, 1.0]


def test_a_failure_is_listed_until_its_names_complete_later_with_whatever_spec(tmp_path: Path):
    store = open_store(tmp_path)
    for spec, second in ((1, 1), (2, 2)):
        named(store, spec, second=second)
    found = read_report_data(store)
    assert [(one.message, one.shown) for one in found.incomplete] == [("2", None)]
    named(store, 3, 0.3, second=3)
    found = read_report_data(store)
    assert (found.incomplete, cells(found), sum(found.counts.values())) == ((), [("svm", (0.3,))], 1)
    named(store, 4, second=4)
    found = read_report_data(store)
    assert [(one.message, one.shown) for one in found.incomplete] == [("4", "earlier spec")]
    assert cells(found) == [("svm", (0.3,))]
    assert {status: n for status, n in found.counts.items() if n} == {"completed": 1, "failed": 1}
    assert "the values shown under these names are an earlier spec&#39;s" in html(store).replace("'", "&#39;")


def test_the_page_says_how_many_older_results_it_leaves_out_and_the_command_lists_them(tmp_path: Path):
    store = open_store(tmp_path)
    for spec, second in ((1, 1), (10, 2), (1, 3), (3, 4)):
        named(store, spec, 0.5, second=second)
    named(store, 7, 0.5, second=9, model="it's")
    for sweep in (None, "test", "sweep"):
        found = read_report_data(store, sweep)
        shown = rendering.render(found)
        assert "2 older results under the same names with another spec are neither shown nor counted." in shown
        command = shlex.split(queries.older(found))
        rows = store.sql(command[4]).to_pylist()
        assert [(row["model"], row["spec"], row["completed_at"]) for row in rows] == [
            ("svm", '{"C": 10}', BEGAN + timedelta(seconds=2)),
            ("svm", '{"C": 1}', BEGAN + timedelta(seconds=3)),
        ]
        assert [row["fingerprint"] for row in rows] == [fingerprint(10), fingerprint(1)]


# Reports of runs


def test_the_reports_of_the_counting_attempts_are_read(contents: ReportData):
    assert [one.names.label() for one in contents.reports] == [
        "findings · four · broken",
        "findings · four · parity",
        "findings · ten · broken",
        "findings · ten · parity",
    ]
    assert all(one.markdown is not None and one.markdown.startswith("# Findings") for one in contents.reports)


def linked(uri: str) -> RunReport:
    return RunReport(Names("a", "b", "c", ""), uri)


def test_a_report_that_is_gone_or_foreign_is_said_to_be(tmp_path: Path):
    store = open_store(tmp_path / "store")
    here = store.write_artifact("reports/job/report.md", b"# Here \xff")
    gone = store.write_artifact("reports/gone/report.md", b"# Gone")
    Path(gone).unlink()
    folder = Path(store.write_artifact("reports/x/y/report.md", b"")).parent
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    uris = [here, gone, str(folder), f"{store.uri}/.sweeper/../../secret.md", str(secret), "https://host/r.md"]
    with pytest.warns(DamagedFileWarning, match="Is a directory"):
        found = run_reports.read_reports(store, [linked(uri) for uri in uris])
    assert [one.markdown for one in found] == ["# Here �", None, None, None, None, None]
    notes = ["", run_reports.GONE, run_reports.GONE, *[run_reports.FOREIGN] * 3]
    assert [one.note for one in found] == notes


def test_a_store_that_was_copied_has_its_reports_with_it(tmp_path: Path):
    uri = open_store(tmp_path / "before").write_artifact("reports/job/report.md", b"# Moved")
    (tmp_path / "before").rename(tmp_path / "after")
    assert open_store(tmp_path / "after").linked_artifact(uri) == b"# Moved"


def test_reports_are_shown_until_the_page_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_reports, "MAX_BYTES", 25)
    store = open_store(tmp_path)
    uris = [store.write_artifact(f"reports/{n}/report.md", b"x" * 10) for n in range(4)]
    found = run_reports.read_reports(store, [linked(uri) for uri in uris])
    assert [one.note for one in found] == ["", "", run_reports.FULL, run_reports.FULL]


def test_markdown_becomes_html_that_neither_runs_nor_loads():
    shown = to_html(
        "# One\n\n|a|b|\n|---|---|\n|1|2|\n\n<script>x</script>\n\n[a](javascript:x) [b](https://host/)\n\n"
        f"![c](data:image/png;base64,{PIXEL}) ![d](https://host/i.png) ![e](data:text/html;base64,{PIXEL})"
    )
    assert "<h4>One</h4>" in shown
    assert re.search(r'<div class="scroll".*?<table>.*<td>2</td>.*</table>\s*</div>', shown, re.DOTALL)
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert 'href="javascript' not in shown
    assert '<a href="https://host/" rel="noopener noreferrer">b</a>' in shown
    assert re.findall(r'<img src="([^"]*)"', shown) == [f"data:image/png;base64,{PIXEL}"]
    assert '<a href="https://host/i.png" rel="noopener noreferrer">d</a>' in shown


def test_large_images_come_through_whole_and_in_their_places():
    images = [letter * 3000 for letter in "AB"]
    source = "~0~ `base64,~1~` " + " ".join(f"![](data:image/png;base64,{image})" for image in images)
    shown = to_html(source)
    assert re.findall(r'src="data:image/png;base64,([^"]*)"', shown) == images
    assert "~0~" in shown
    assert "base64,~9~" in to_html("base64,~9~")


# What is drawn


def board(*lines: tuple[str, Sequence[float | None]], better: bool | None = True, columns: int = 2) -> Leaderboard:
    rows = [
        {
            "capability": "evaluate",
            "dataset": f"d{place}",
            "model": name,
            "metric": "f1",
            "key": "f1",
            "scope": "overall",
            "value": value,
            "higher_is_better": better,
        }
        for name, values in lines
        for place, value in enumerate(values[:columns])
    ]
    return leaderboards(rows)[0]


def test_a_measure_of_one_dataset_is_not_drawn():
    assert panels.groups([board(("a", [0.1]), ("b", [0.2]))], []) == []


def test_a_measure_at_one_strength_is_drawn_by_strength_only():
    one = board(("a", [0.1, 0.3]), ("b", [0.2, 0.4]))
    assert panels.groups([one], [])
    assert panels.groups([replace(one, measure="f1 at factor=0.5")], []) == []


def test_gaps_and_infinite_values_are_not_drawn():
    none = ("failed everywhere", [None, None])
    (group,) = panels.groups([board(("a", [0.1, None]), ("b", [float("inf"), 0.2]), none)], [])
    assert group.title == "evaluate over datasets"
    assert [one.points for one in group.panels[0].series] == [((0.0, 0.1),), ((1.0, 0.2),)]
    assert group.panels[0].description == "f1 of 2 models over 2 datasets, higher is better"


def test_values_by_strength_are_lines_from_weak_to_strong():
    points = [ValueAtStrength("r", "d", "m", "f1", "factor", at, value, None) for at, value in ((2.0, 0.1), (1.0, 0.9))]
    (group,) = panels.groups([], points)
    assert (group.title, group.panels[0].title, group.panels[0].x_label) == ("r by strength", "f1 on d", "factor")
    assert group.panels[0].series[0].points == ((1.0, 0.9), (2.0, 0.1))


def test_of_many_models_the_best_have_a_colour_and_the_others_are_a_range():
    many = board(*((f"m{n}", [float(n), float(n)]) for n in range(20)))
    drawn = panels.groups([many], [])
    numbers = panels.colours([many], drawn)
    assert list(numbers) == [f"m{n}" for n in range(12, 20)]
    assert panels.colours([replace(many, higher_is_better=False)], drawn).keys() == {f"m{n}" for n in range(8)}
    svg = plots.draw(drawn[0].panels[0], numbers)
    assert "var(--range)" in svg
    assert all(f"var(--series-{number})" in svg for number in range(8))


def test_a_drawing_is_reproducible_and_takes_names_as_they_are():
    rows = [("a", [0.1, 0.2]), ("b", [0.3, 0.4])]
    one = replace(board(*rows), columns=("<b>", "$x^2$ & $y"))
    panel = panels.groups([one], [])[0].panels[0]
    svg = plots.draw(panel, {"a": 0, "b": 1})
    assert svg == plots.draw(panel, {"a": 0, "b": 1})
    assert svg.startswith("<svg")
    assert "&lt;b&gt;" in svg
    assert "$x^2$ &amp; $y" in svg
    assert "<style" not in svg


# The page


class Seen(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_what_comes_from_the_store_is_text(text: str):
    assert SCRIPT not in text
    assert (
        text.replace("<wbr>", "").count("&lt;script&gt;alert(1)&lt;/script&gt;") == 8
    )  # sweep (of its value too), model, dataset
    assert len(Seen(text).all("script")) == 1
    assert not [name for _, attributes in Seen(text).tags for name in attributes if name.startswith("on")]


def test_nothing_is_loaded_from_elsewhere(text: str):
    seen = Seen(text)
    loaded = [a.get("src") or "" for tag in ("img", "script", "iframe") for a in seen.all(tag) if "src" in a]
    assert loaded == [f"data:image/png;base64,{PIXEL}"] * 4
    assert [link["href"] for link in seen.all("link")] == ["data:,"]
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")


def test_ids_are_there_once_and_anchors_lead_somewhere(text: str):
    seen = Seen(text)
    ids = [attributes["id"] for _, attributes in seen.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in seen.all("a") if (a["href"] or "").startswith("#")} <= set(ids)  # type: ignore[index]


def test_the_counts_and_the_failures_are_on_the_page(text: str):
    assert re.search(r"<dt>completed</dt><dd>13</dd>.*<dt>failed</dt><dd>4</dd>", text, re.DOTALL)
    assert re.search(
        r"4 combinations: <code>ValueError</code></h3>\s+<p class=\"message\">weights are gone\nand more</p>", text
    )
    folded = [one for one in Seen(text).all("details") if one.get("class") != "meanings"]
    assert len(folded) == 2 + 4 + 4


def test_cells_are_shaded_from_the_worst_to_the_best_in_the_direction_of_the_metric():
    def shades(one: Leaderboard) -> list[list[str]]:
        return [[cell.shade for cell in cells if not cell.is_summary] for _, cells in boards.table_of("t", one).rows]

    rows = [("a", [0.0, 0.5]), ("b", [1.0, None])]
    assert shades(board(*rows)) == [["0.00", "0.50"], ["1.00", ""]]
    assert shades(board(*rows, better=False)) == [["1.00", "0.50"], ["0.00", ""]]
    assert shades(board(*rows, better=None)) == [["", ""], ["", ""]]
    assert shades(board(("a", [1.0, 1.0]))) == [["", ""]]
    extreme = [("a", [0.2, 0.4]), ("b", [0.30001, 0.30002]), ("c", [50.0, float("inf")])]
    assert shades(board(*extreme, better=False)) == [["1.00", "0.50"], ["0.75", "0.75"], ["0.25", "0.00"]]
    assert shades(board(("a", [0.1, 0.2]), ("b", [float("nan"), None]))) == [["0.00", "1.00"], ["", ""]]


def test_of_a_very_long_table_the_best_are_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(boards, "LINES", 3)
    many = board(*((f"m{n}", [float(n), float(n)]) for n in range(9)), ("once", [9.0, 0.0]))
    shown = boards.table_of("t", many)
    assert [name for name, _ in shown.rows] == ["m8", "once", "m7"]
    assert shown.note == "the best 3 of 10 models"


def test_what_is_left_out_is_said_with_the_command_that_shows_it(swept: Store, contents: ReportData):
    less = replace(contents, failed=replace(contents.failed, beyond=7), more_sweeps=3, more_strengths=2, more_reports=1)
    shown = rendering.render(less)
    for word in ("And 7 more of other causes.", "And 3 earlier sweeps.", "And 2 more plots by strength."):
        assert word in shown
    for sql in (
        "SELECT sweep_id, sweep_name, count(*) FROM attempts GROUP BY ALL ORDER BY sweep_id",
        *re.findall(r'query "(.*?)"', "\n".join(queries.left_out(swept.uri).values())),
    ):
        assert swept.sql(sql).num_rows


def test_a_long_name_may_break_between_its_words_and_is_still_text():
    assert filters.breakable("a/<b>_c.") == "a/<wbr>&lt;b&gt;_<wbr>c."


def test_a_command_is_safe_to_paste():
    words = shlex.split(queries.command("/a b/$(x)", "SELECT '`rm`' \"$HOME\""))
    assert words[3:] == ["query", "SELECT '`rm`' \"$HOME\"", "analytics_store.uri=/a b/$(x)"]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0 s"), (8.64, "8.6 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (59.9, "1 min 0 s")],
)
def test_durations_are_in_the_units_that_matter(seconds: float, expected: str):
    assert filters.took(timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/a b/c.log", "file:///a%20b/c.log"),
        ("https://host/x", "https://host/x"),
        ("s3://bucket/x", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_a_uri_is_a_link_where_a_browser_can_follow_it(uri: str, expected: str):
    assert filters.href(uri) == expected


def test_a_store_without_leaderboards_has_a_page(tmp_path: Path):
    store = open_store(tmp_path)
    fail(store, "a")
    shown = html(store)
    assert "Leaderboards" not in shown
    assert "ValueError" in shown


def test_the_page_says_when_it_was_made(contents: ReportData):
    moment: Any = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert "Made 2026-01-02 03:04 UTC" in rendering.render(replace(contents, made_at=moment))
