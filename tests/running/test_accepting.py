"""`sweeper accept`: results of older code, data or libraries count as made with those of now, until these change."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import report_parts
from revision_parts import Project, caveats

from sweeper.cli.commands import run_command
from sweeper.report.reading import read_report_data
from sweeper.store import accepted_files, open_store
from sweeper.store.schema import AttemptRow

CODE = "rerun_triggers=[config,code]"
DATA = "rerun_triggers=[config,data]"
RENAMED = "def share():\n    how_sure = 0.9\n    return how_sure\n"
OTHER = "def share():\n    return 0.1\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three cats and a dog, and a model that takes everything for a cat, measured once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    made = Project(tmp_path / "a", tmp_path / "store")
    made.images()
    made.sweep()
    return made


def helper(project: Project, source: str) -> None:
    (project.folder / f"{project.helper}.py").write_text(source)


def accept(project: Project, *words: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of the command."""
    out, err = io.StringIO(), io.StringIO()
    place = ["--config-dir", str(project.folder), "--config-name", "small", f"analytics_store.uri={project.store}"]
    status = run_command(["accept", *words, *place], out, err)
    return status, out.getvalue(), err.getvalue()


def accepted(project: Project, *words: str) -> dict[str, Any]:
    status, out, err = accept(project, "--json", *words)
    assert status == 0, err
    return json.loads(out)


def on() -> str:
    """Before the reason of what was accepted just now."""
    return f"accepted on {headers_of()[-1]:%Y-%m-%d}"


def headers_of() -> list[Any]:
    return [one.accepted_at for one in accepted_files.headers(open_store("../store").files)]


# What counts


def test_accepted_code_is_current_for_each_policy_until_it_changes_again(project: Project):
    helper(project, RENAMED)
    assert project.verdict(CODE)[0]
    done = accepted(project, "--changed", "code", "--reason", "renamed\n a variable")
    assert (done["accepted"], done["results"], done["changed"]) == (1, 1, ["code"])
    said = f"{on()}: renamed a variable"
    assert project.verdict(CODE) == (False, f"completed, {said}")
    assert project.verdict(CODE, "rerun=stale") == (False, f"not stale, {said}")
    assert project.verdict() == (False, "completed"), "nobody asks for the code"
    helper(project, OTHER)
    assert project.verdict(CODE) == (True, f"code changed since it completed: {project.helper}.py")
    helper(project, RENAMED)
    assert project.verdict(CODE) == (False, f"completed, {said}"), "the very revision that was accepted"


def test_what_runs_anew_needs_no_acceptance(project: Project):
    helper(project, OTHER)
    accepted(project, "--changed", "code", "--reason", "by mistake")
    assert not project.verdict(CODE)[0]
    project.sweep("rerun=all")
    assert project.verdict(CODE) == (False, "completed")
    (row,) = open_store(project.store).results().to_pylist()
    assert row["warning"] is None


def test_the_kinds_are_those_that_make_results_stale_unless_they_are_named(project: Project):
    helper(project, RENAMED)
    project.images(shade=40)
    assert accepted(project, CODE, "--dry-run")["combinations"][0]["changed"] == ["code"]
    assert accepted(project, CODE, "--changed", "data", "--dry-run")["combinations"][0]["changed"] == ["data"]
    both = accepted(project, "--changed", "data,code", "--reason", "as good as before")
    assert both["combinations"][0]["changed"] == ["code", "data"]
    assert project.verdict("rerun_triggers=[code,data]") == (False, f"completed, {on()}: as good as before")


def test_accepted_libraries_are_current(project: Project):
    store = open_store(project.store)
    (row,) = store.attempts().to_pylist()
    older = {**row, "libraries_revision": "installed:numpy==1.0", "attempt_id": "older"}
    shutil.rmtree(project.store / "attempts")
    store.write_attempts([AttemptRow(**older)])
    assert project.verdict("rerun_triggers=[libraries]")[0]
    found = accepted(project, "--changed", "libraries", "--reason", "a patch release")
    assert "numpy 1.0" in found["combinations"][0]["reason"]
    assert project.verdict("rerun_triggers=[libraries]") == (False, f"completed, {on()}: a patch release")


# Data, and what is said of values


def test_accepted_data_take_the_mark_away_and_the_value_says_so(project: Project):
    project.images(shade=40)
    assert list(caveats(project.sweep("rerun=missing"))) == ["data changed since: ./imgs"]
    accepted(project, "--changed", "data", "--reason", "brighter scans")
    said = f"{on()}, though data changed: brighter scans"
    shown = project.sweep("rerun=missing")
    assert [(row["caveat"], row["warning"]) for row in shown.rows] == [(None, said)]
    assert not shown.plan.notes
    assert said in report_parts.tables_text(shown.rows)
    store = open_store(project.store)
    assert [(row["caveat"], row["warning"]) for row in store.results().to_pylist()] == [(None, said)]
    (board,) = read_report_data(store).leaderboards
    assert dict(board.warnings) == {said: ("constant, imgs",)}
    assert not any(line.caveats for line in board.lines)
    assert project.verdict(DATA) == (False, f"completed, {on()}: brighter scans")
    project.images(shade=80)
    assert project.verdict(DATA) == (True, "data changed since it completed: ./imgs")
    assert [row["caveat"] for row in store.results().to_pylist()] == ["data changed since: ./imgs"]


def test_accepted_data_that_are_gone_may_not_come_back_as_others(project: Project):
    project.model = "{_target_: PARTS.Constant, weights: model.pt}"
    weights = project.folder / "model.pt"
    weights.write_text("0.9")
    project.configure()
    project.sweep()
    weights.unlink()
    accepted(project, "--changed", "data", "--reason", "moved to the archive")
    assert project.verdict(DATA)[0] is False
    assert [row["caveat"] for row in open_store(project.store).results().to_pylist()] == [None, None]
    weights.write_text("0.1")
    assert project.verdict(DATA) == (True, "data changed since it completed: model.pt")
    assert "data changed since: model.pt" in [row["caveat"] for row in open_store(project.store).results().to_pylist()]


def test_other_data_at_a_relative_path_can_be_accepted_for_one_folder(project: Project, tmp_path: Path):
    first, project.folder = project.folder, tmp_path / "b"
    (tmp_path / "b").mkdir()
    for name in (project.parts, project.helper):
        (tmp_path / "b" / f"{name}.py").write_text((first / f"{name}.py").read_text())
    project.configure()
    project.images(shade=90)
    assert project.verdict() == (True, "./imgs is another folder here, and its data differ")
    accepted(project, "--changed", "data", "--reason", "the same scenes")
    assert project.verdict() == (False, f"completed, {on()}: the same scenes")
    project.folder = first
    assert project.verdict() == (False, "completed")
    project.folder = tmp_path / "b"
    project.images(shade=91)
    assert project.verdict()[0]


def test_code_that_is_accepted_leaves_the_mark_of_other_data(project: Project):
    helper(project, RENAMED)
    project.images(shade=40)
    _, out, _ = accept(project, "--changed", "code", "--reason", "renamed a variable")
    assert "the data of 1 of them have changed too, which is not accepted: --changed data accepts that" in out
    reason = f"completed, {on()}: renamed a variable, but data changed since it completed: ./imgs"
    assert project.verdict(CODE) == (False, reason)


def test_suspects_stay_suspect_and_it_is_said(project: Project):
    store = open_store(project.store)
    (row,) = store.attempts().to_pylist()
    shutil.rmtree(project.store / "attempts")
    store.write_attempts([AttemptRow(**{**row, "sweeper_version": "0.1.0", "attempt_id": "older"})])
    suspect = project.verdict(CODE)[1]
    assert suspect.startswith("suspect: ")
    helper(project, RENAMED)
    done = accepted(project, "--changed", "code", "--reason", "renamed a variable")
    assert done["combinations"][0]["suspect"] == suspect
    assert "1 of them were measured by an older version" in done["notes"][0]
    assert project.verdict(CODE) == (True, suspect)
    (value,) = store.results().to_pylist()
    assert value["caveat"] == suspect


# The command


def test_what_would_be_accepted_is_shown_and_nothing_is_written(project: Project):
    helper(project, RENAMED)
    status, out, _ = accept(project, "--changed", "code", "--dry-run")
    head, line = out.splitlines()
    assert (status, head) == (0, "would accept 1 of 1 results:")
    assert line.endswith(
        f"evaluate · imgs · constant · accuracy  (code changed since it completed: {project.helper}.py)"
    )
    assert not (project.store / ".sweeper/accepted").exists()


def test_nothing_to_accept_is_no_error(project: Project):
    status, out, _ = accept(project, "--changed", "code", "--reason", "why not")
    assert status == 0
    assert out == "nothing to accept: 1 combinations have 1 results, none of which has changed code\n"
    assert not (project.store / ".sweeper/accepted").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--changed", "code"], "accept needs a reason"),
        (["--changed", "code", "--reason", " \n"], "accept needs a reason"),
        (["--changed", "code", "--reason", "x" * 501], "The reason has 501 characters; the most is 500."),
        (["--changed", "code,date", "--reason", "x"], "Did you mean 'data'?"),
        (["--reason", "x"], "accept needs to know what may have changed since"),
        (["--list", "--reason", "x"], "accept --list accepts nothing"),
        (["--changed", "code", "--reason", "x", "resume=abc"], "not from a sweep as resume=abc does"),
        (["--changed", "code", "--reason", "x", "analytics_store.uri=./nowhere"], "There is no analytics store at"),
        (["--changed", "code", "--reason", "x", "model=[svn]"], "svm"),
    ],
)
def test_wrong_words_are_one_error_each(project: Project, words: list[str], message: str):
    out, err = io.StringIO(), io.StringIO()
    place = ["--config-dir", str(project.folder), "--config-name", "small", f"analytics_store.uri={project.store}"]
    assert run_command(["accept", *place, *words], out, err) == 2
    assert message in err.getvalue()
    assert out.getvalue() == ""


def test_only_what_is_selected_is_accepted(project: Project):
    project.model += f"\n  other: {{_target_: {project.parts}.Constant, weights: ./w}}"
    (project.folder / "w").write_text("0.2")
    project.configure()
    project.sweep("rerun=missing")
    helper(project, RENAMED)
    done = accepted(project, "--changed", "code", "--reason", "x", "only=[{model: other}]")
    assert [one["models"] for one in done["combinations"]] == [["other"]]
    plan = project.plan(CODE)
    assert [item.run for item in plan.items] == [True, False]


# The record


def test_who_accepted_what_and_when_is_kept_through_merges_and_exports(project: Project, tmp_path: Path):
    helper(project, RENAMED)
    done = accepted(project, "--changed", "code", "--reason", "renamed a variable")
    store = open_store(project.store)
    before = {path.name: path.read_bytes() for path in (project.store / ".sweeper/accepted").iterdir()}
    store.compact(grace_s=0)
    assert json.loads((project.store / ".sweeper/format.json").read_bytes())["format"] == 2, "older versions read it"
    helper(project, OTHER)
    accepted(project, "--changed", "code", "--reason", "another thing")
    kept = {path.name: path.read_bytes() for path in (project.store / ".sweeper/accepted").iterdir()}
    assert before.items() < kept.items(), "what was accepted before is never changed"
    assert store.check().sound
    rows = store.sql("SELECT * FROM accepted ORDER BY accepted_at").to_pylist()
    assert [(row["reason"], row["changed"]) for row in rows] == [
        ("renamed a variable", "code"),
        ("another thing", "code"),
    ]
    first, second = rows
    assert first["acceptance_id"] == done["acceptance_id"]
    assert (
        first["code_revision_before"] == second["code_revision_before"] == store.attempts()["code_revision"][0].as_py()
    )
    assert len({first["code_revision_before"], first["code_revision_now"], second["code_revision_now"]}) == 3
    assert (first["accepted_by"], first["host"]) == (done["accepted_by"], done["host"])
    assert (first["model"], first["data_revision_now"]) == ("constant", None)
    out, err = io.StringIO(), io.StringIO()
    assert (
        run_command(["export", "--latest", str(tmp_path / "latest"), f"analytics_store.uri={store.uri}"], out, err) == 0
    )
    latest = open_store(tmp_path / "latest")
    assert latest.accepted() == store.accepted()
    assert latest.results().to_pylist() == store.results().to_pylist()


def test_what_was_accepted_is_listed_the_newest_first(project: Project):
    assert accept(project, "--list") == (0, "nothing was accepted in this store\n", "")
    for reason, source in (("first", RENAMED), ("second", OTHER)):
        helper(project, source)
        accepted(project, "--changed", "code", "--reason", reason)
    _, out, _ = accept(project, "--list")
    assert [line.split()[-1] for line in out.splitlines()[2:]] == ["second", "first"]
    _, out, _ = accept(project, "--list", "--json")
    assert [(one["reason"], one["accepted"]) for one in json.loads(out)] == [("second", 1), ("first", 1)]


def test_a_damaged_record_accepts_nothing_and_is_named(project: Project):
    helper(project, RENAMED)
    accepted(project, "--changed", "code", "--reason", "renamed a variable")
    (file,) = (project.store / ".sweeper/accepted").iterdir()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.warns(UserWarning, match=file.name):
        assert project.verdict(CODE)[0]
    store = open_store(project.store)
    assert file.name in store.check().damaged[0]
    store.check(repair=True)
    assert store.check().sound
    assert project.verdict(CODE)[0]


def test_a_date_before_the_acceptance_knows_nothing_of_it(project: Project):
    store = open_store(project.store)
    (ended,) = store.attempts()["finished_at"].to_pylist()
    helper(project, RENAMED)
    accepted(project, "--changed", "code", "--reason", "renamed a variable")
    (then,) = store.results_at(ended).to_pylist()
    (now,) = store.results().to_pylist()
    assert then["warning"] is None
    assert now["warning"] == f"{on()}, though code changed: renamed a variable"


def test_a_comparison_says_what_was_accepted(project: Project):
    helper(project, RENAMED)
    accepted(project, "--changed", "code", "--reason", "renamed a variable")
    out, err = io.StringIO(), io.StringIO()
    words = ["compare", "small", f"store:{project.store}", f"analytics_store.uri={project.store}"]
    assert run_command(words, out, err) == 0
    said = f"note: B, imgs, constant, accuracy: {on()}, though code changed: renamed a variable"
    assert said in out.getvalue().splitlines(), "the sweep, as it was at its end, knew nothing of that"
