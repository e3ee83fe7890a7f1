"""The report as Markdown: names stay names, what matters comes first, and it always fits."""

from __future__ import annotations

import html as escapes
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_parts import SCRIPT, fill

from sweeper.cli.commands import run_command
from sweeper.cli.report_command import form_of
from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.markdown_parts import code, inline, table
from sweeper.report.pull_request import as_markdown
from sweeper.report.reading import read_report_data
from sweeper.report.report_data import ReportData
from sweeper.report.summed_boards import summed
from sweeper.store import Store

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1) | st.sampled_from(
    [
        "a|b",
        "`x`",
        "<b>",
        "@team",
        "#12",
        "**x**",
        "![i](http://x/y)",
        "[l](javascript:alert(1))",
        "a&amp;b",
        "$x$",
        "~~x~~",
    ]
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return fill(tmp_path_factory.mktemp("pull"))


@pytest.fixture(scope="module")
def contents(store: Store) -> ReportData:
    return read_report_data(store)


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()


@given(NAMES, NAMES)
def test_a_name_in_a_table_is_read_as_it_is(head: str, name: str):
    rendered = PARSER.render(table([head, "n"], [[name, "1"]], numbers=(1,)))
    cells = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", rendered, flags=re.DOTALL)
    assert [escapes.unescape(one).replace("\u200b", "") for one in cells] == [head, "n", name, "1"]


def test_a_name_mentions_nobody_and_refers_to_nothing():
    assert inline("@team fixes #12 at https://x.org") == "@&#8203;team fixes #&#8203;12 at https:&#8203;//x.org"
    assert inline("two\nlines\u202e") == "two lines "


@given(st.text("`ab\n", max_size=12))
def test_a_command_cannot_end_its_block(text: str):
    assert PARSER.render(code(text)).count("<pre>") == 1
    assert PARSER.render(code(text)).endswith("</code></pre>\n")


def test_it_has_tables_and_failures_with_the_command(contents: ReportData):
    text = as_markdown(contents)
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Leaderboards", "## Not completed"]
    assert "| parity | 1 ★ | 1 ★ |" in text
    assert "weights are gone" in text
    assert "\n```bash\npython -m sweeper resume=" in text
    assert SCRIPT not in text


def test_what_does_not_fit_is_counted(contents: ReportData):
    columns = tuple(f"dataset-{n}" for n in range(8))
    lines = tuple(Line(f"model-{n}" * 20, tuple(float(n) for _ in columns)) for n in range(12))
    best = (11.0,) * len(columns)
    many = [Leaderboard("evaluate", f"m{n}", "model", "dataset", columns, lines, True, best) for n in range(200)]
    text = as_markdown(replace(contents, leaderboards=tuple(many)))
    assert len(text) < 65_536
    shown, left = text.count("| model |"), re.search(r"^(\d+) more tables are left out", text, flags=re.MULTILINE)
    assert left is not None
    assert shown + int(left[1]) == 200
    assert text.index("more tables are left out") < text.index("## Not completed")


def test_a_large_table_is_summed_up():
    columns = tuple(f"d{n}" for n in range(20))
    lines = tuple(Line(f"m{n}", (None, *(n / 100 for _ in columns[1:]))) for n in range(30))
    text = summed(Leaderboard("c", "x", "model", "dataset", columns, lines, True, (None,) + (0.29,) * 19))
    assert "| model | mean of 20 datasets | least | greatest | best in | without a value |" in text
    assert text.count("\n| m") == 12 + 1
    assert "| m29 | 0.29 | 0.29 | 0.29 | 19 | 1 |" in text
    assert "The best 12 of 30 models." in text


@pytest.mark.parametrize(
    ("path", "form"),
    [(None, "html"), ("a.html", "html"), ("a.md", "md"), ("a.MD", "md"), ("a.markdown", "md"), ("a", "html")],
)
def test_a_file_is_what_its_ending_says(path: str | None, form: str):
    assert form_of(path) == form


def test_it_goes_to_stdout_or_into_a_file(store: Store, tmp_path: Path):
    at = f"analytics_store.uri={store.uri}"
    status, out, _ = typed("report", "--format", "md", at)
    assert (status, out.partition("\n")[0]) == (0, "# Sweep report")
    assert typed("report", "-o", str(tmp_path / "r.md"), at)[:2] == (0, f"report: {tmp_path / 'r.md'}\n")
    assert (tmp_path / "r.md").read_text() == out
    assert typed("report", "--format", "html", "-o", str(tmp_path / "page.md"), at)[0] == 0
    assert (tmp_path / "page.md").read_text().startswith("<!doctype html>")
