"""The report and the summary say what a sweep did not run, and why."""

from __future__ import annotations

import html as escaping
import re
from pathlib import Path

import pytest
from command_line import typed

from sweeper.report import html
from sweeper.report.reading import read_report_data
from sweeper.store import open_store

pytestmark = pytest.mark.usefixtures("empty_folder")
ARITY = "_sweep_: {arity: {datasets: ONE, models: ZERO, metrics: ZERO}}"
GRID = ["capability=[]", "dataset=[digits,digits_dark]", "job_backend.kind=inline", "max_in_flight=1"]
BROKEN = [
    f"+capability.good={{_target_: parts.Tiny, text: a, {ARITY}}}",
    f"+capability.bad={{_target_: parts.Tiny, text: b, error: 'no <b>', {ARITY}}}",
    f"+capability.worse={{_target_: parts.Tiny, text: c, error: 'no <b>', {ARITY}}}",
]


def reasons(sweep: str | None = None) -> list[tuple[str, list[tuple[int, str]]]]:
    data = read_report_data(open_store("analytics_store"), sweep)
    return [(one.sweep.id, [tuple(reason) for reason in one.left_out]) for one in data.not_run]


def newest() -> str:
    return open_store("analytics_store").sweep_ids()[-1]


def page_text() -> str:
    return escaping.unescape(re.sub(r"<[^>]+>", "", html(open_store("analytics_store"))))


def test_rules_and_duplicates_are_in_both():
    again = BROKEN[0].replace("good", "same")
    status, out, _ = typed(*GRID, BROKEN[0], again, "exclude=[{dataset: digits_dark}]")
    assert status == 0, out
    assert "  2 left out by exclude\n" in out
    assert "  1 dropped as duplicates (same fingerprint as another; duplicates=drop)\n" in out
    expected = [(2, "left out by exclude"), (1, "dropped as duplicates (same fingerprint as another; duplicates=drop)")]
    assert reasons() == [(newest(), expected)]
    assert "2left out by exclude" in page_text().replace(" ", "").replace("leftoutby", "left out by ")


def test_choices_that_fail_again_and_again_are_in_both():
    numbers = "capability.bad.text=a,b,c,d,e,f"
    status, out, _ = typed("--multirun", *GRID, *BROKEN[:2], numbers, "max_same_error=2")
    assert status == 1
    ((sweep, said),) = reasons()
    for count, line in said:
        assert re.match(
            r"not attempted with .*capability bad.*, which failed \d times in a row with ValueError: ", line
        )
        assert line.endswith("ValueError: no <b> (max_same_error)")
        assert f"  {count} {line}\n" in out
    assert sweep == newest()
    page = html(open_store("analytics_store"))
    assert "no <b> (max" not in page
    assert "no &lt;b&gt; (max_same_error)" in page


def test_a_limit_that_ended_the_sweep_is_in_both():
    status, out, _ = typed(*GRID, *BROKEN[1:], "max_failures=1")
    assert status == 3
    ((_, said),) = reasons()
    assert said == [(3, "not attempted: so many had failed (max_failures)")]
    assert "  3 not attempted: so many had failed (max_failures)\n" in out
    assert "not attempted: so many had failed (max_failures)" in page_text()


def test_a_sweep_that_left_nothing_out_is_not_listed_and_one_without_an_end_is():
    assert typed(*GRID, BROKEN[0])[0] == 0
    assert reasons() == []
    assert "Not run" not in page_text()
    Path("analytics_store/.sweeper/ended", newest()).unlink()
    assert reasons() == [(newest(), [])]
    assert f"python -m sweeper resume={newest()}" in page_text()


def test_what_an_older_version_said_is_no_reason():
    assert typed(*GRID, BROKEN[0])[0] == 0
    Path("analytics_store/.sweeper/ended", newest()).write_bytes(b"ended\n")
    assert reasons() == []
