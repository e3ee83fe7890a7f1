"""What did not complete is grouped by cause, with what to fix first and the command that runs just these again."""

from __future__ import annotations

import html as escaping
import re
import shlex
from pathlib import Path

import pytest
from command_line import typed
from store_parts import fail

from sweeper.report import html
from sweeper.report.reading import failure_causes, read_report_data
from sweeper.store import Store, open_store

ARITY = "_sweep_: {arity: {datasets: ONE, models: ZERO, metrics: ZERO}}"
GRID = (
    "capability=[]",
    "dataset=[digits,digits_dark]",
    "job_backend.kind=inline",
    "max_same_error=null",
    f"+capability.few={{_target_: parts.Tiny, text: a, error: 'part 1 of few', {ARITY}}}",
    f"+capability.many={{_target_: parts.Tiny, text: b, error: 'no room <b>', {ARITY}}}",
    f"+capability.more={{_target_: parts.Tiny, text: c, error: 'no room <b>', {ARITY}}}",
)


@pytest.fixture
def swept(empty_folder: Path) -> Store:
    assert typed(*GRID)[0] == 1
    return open_store("analytics_store")


def test_the_cause_of_most_combinations_comes_first_and_names_all_of_them(swept: Store):
    found = read_report_data(swept)
    assert [(cause.count, cause.shown[0].message) for cause in found.failed.causes] == [
        (4, "no room <b>"),
        (2, "part 1 of few"),
    ]
    assert {one.names.capability for one in found.failed.causes[0].shown} == {"many", "more"}
    assert found.failed.beyond == 0


def test_the_command_runs_just_these_again(swept: Store):
    page = escaping.unescape(html(swept))
    assert page.count("Fix this first") == 1
    assert 'Fix this first</span> <span class="status">failed</span> 4 combinations' in page
    commands = re.findall(r"To run just these again: <code>(.*?)</code>", page)
    assert len(commands) == 2
    words = shlex.split(commands[0])
    assert words[:3] == ["python", "-m", "sweeper"]
    status, _, err = typed(*words[3:])
    assert (status, "4 to run, 2 skipped" in err) == (1, True), err


def test_a_cause_without_a_sweep_to_resume_has_no_command(tmp_path: Path):
    store = open_store(tmp_path)
    fail(store, "a", second=1)
    (cause,) = read_report_data(store).failed.causes
    assert (cause.count, cause.rerun) == (1, None)
    assert "To run" not in html(store)


def test_what_is_beyond_the_first_causes_and_combinations_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(failure_causes, "CAUSES", 1)
    monkeypatch.setattr(failure_causes, "SHOWN", 2)
    store = open_store(tmp_path)
    for name in "abc":
        fail(store, name, second=1)
    fail(store, "d", "lost", second=2)
    found = read_report_data(store)
    assert [(cause.count, len(cause.shown)) for cause in found.failed.causes] == [(3, 2)]
    assert found.failed.beyond == 1
    page = html(store)
    assert "And 1 more of other causes." in page
    assert "and 2 more</summary>" in page
    assert "And 1 more. To see all" in page
