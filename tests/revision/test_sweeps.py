"""What plans, summaries and reports say of results whose files, code or libraries have changed since."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import report_parts
from patience import LIMIT_S
from revision_parts import Project, caveats

from sweeper.cli.plan_text import plan_text
from sweeper.report.reading import read_report_data
from sweeper.running.request_builder import RequestBuilder
from sweeper.store import Store, open_store
from sweeper.store.schema import AttemptRow

WEIGHTS = "{_target_: PARTS.Constant, weights: model.pt}"
CHANGED = "data changed since it completed"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three cats and a dog, and a model that takes everything for a cat."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    made = Project(tmp_path / "a", tmp_path / "store")
    made.images()
    return made


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def values(result: Any) -> list[tuple[str, float, str | None]]:
    return [(row["model"], row["value"], row["caveat"]) for row in result.rows]


# Files


def test_overwritten_weights_are_shown_and_never_best_and_run_again_where_data_is_a_trigger(project: Project):
    (project.folder / "model.pt").write_text("0.9")
    (project.folder / "other.pt").write_text("0.1")
    project.model = WEIGHTS + "\n  other: {_target_: PARTS.Constant, weights: ./other.pt}"
    project.configure()
    assert values(project.sweep()) == [("constant", 0.75, None), ("other", 0.25, None)]
    (project.folder / "model.pt").write_text("0.2")
    plan = project.plan()
    reasons = [(item.run, item.reason) for item in plan.items]
    assert reasons == [(False, f"completed, but {CHANGED}: model.pt"), (False, "completed")]
    assert "1 completed results were measured on files that have changed since" in plan_text(plan)
    shown = project.sweep("rerun=missing")
    assert values(shown) == [("constant", 0.75, "data changed since: model.pt"), ("other", 0.25, None)]
    text = report_parts.tables_text(shown.rows)
    assert "0.75 !1" in text
    assert "!1 data changed since: model.pt" in text
    assert "*" not in text
    (board,) = read_report_data(open_store(project.store)).leaderboards
    assert board.best == (None,)
    assert {line.name: dict(line.caveats) for line in board.lines} == {
        "constant": {0: "data changed since: model.pt"},
        "other": {},
    }
    again = project.sweep("rerun=missing", "rerun_triggers=[config,data]")
    assert [item.reason for item in again.plan.items] == [f"{CHANGED}: model.pt", "completed"]
    assert values(again) == [("constant", 0.25, None), ("other", 0.25, None)]


def test_a_file_that_changes_while_a_sweep_runs_is_shown_by_its_summary(project: Project):
    result = project.sweep()
    project.images(shade=40)
    assert list(caveats(result)) == ["data changed since: ./imgs"]


def test_what_is_no_longer_there_is_no_longer_vouched_for(project: Project):
    project.sweep()
    shutil.rmtree(project.folder / "imgs")
    assert project.verdict() == (False, f"completed, but {CHANGED}: ./imgs is gone")
    assert project.verdict("rerun_triggers=[data]") == (True, f"{CHANGED}: ./imgs is gone")


@pytest.mark.parametrize("copy", [shutil.copy2, shutil.copyfile], ids=["with times", "without times"])
def test_a_relative_path_in_another_folder_is_judged_by_its_data(project: Project, tmp_path: Path, copy: Any):
    assert values(project.sweep()) == [("constant", 0.75, None)]
    shutil.copytree(project.folder, tmp_path / "b", copy_function=copy)
    first, project.folder = project.folder, tmp_path / "b"
    assert project.verdict() == (False, "completed")
    project.images(cats=1, dogs=3)
    for name in ("1.png", "2.png"):
        (project.folder / "imgs" / "cat" / name).unlink()
    reason = "./imgs is another folder here, and its data differ"
    assert project.verdict() == (True, reason)
    assert project.verdict("rerun_triggers=[config]", "rerun=stale", "rerun_triggers=[code]") == (True, reason)
    ran = project.sweep("rerun=missing")
    assert values(ran) == [("constant", 0.25, None)]
    project.folder = first
    assert project.verdict() == (True, reason)
    assert list(caveats(project.sweep("rerun=failed"))) == [reason]


def test_a_result_without_a_stored_folder_counts_as_unmoved(project: Project, tmp_path: Path):
    project.sweep()
    row = {**open_store(project.store).attempts().to_pylist()[0], "working_folder": None, "attempt_id": "old"}
    shutil.rmtree(project.store)
    open_store(project.store).write_attempts([AttemptRow(**row)])
    project.folder = project.folder.rename(tmp_path / "b")
    assert project.verdict() == (False, "completed")
    project.images(shade=99)
    assert project.verdict() == (False, f"completed, but {CHANGED}: ./imgs")


def test_a_report_marks_what_was_measured_on_other_data_of_one_dataset(project: Project, tmp_path: Path):
    project.sweep()
    shutil.copytree(project.folder, tmp_path / "b")
    project.folder = tmp_path / "b"
    project.images(cats=1, dogs=5)
    project.model = (
        "{_target_: PARTS.Constant, weights: ./model.pt}\n  third: {_target_: PARTS.Constant, weights: ./model.pt}"
    )
    project.model = project.model.replace("constant", "second")
    (project.folder / "model.pt").write_text("0.9")
    project.configure()
    project.sweep("model=[]", "~model.constant")
    (board,) = read_report_data(open_store(project.store)).leaderboards
    assert {line.name: dict(line.caveats) for line in board.lines} == {
        "constant": {0: "measured on other data than the newest value: ./imgs"},
        "third": {},
    }
    for view in (open_store(project.store).results(), open_store(project.store).asked()):
        assert {row["model"]: row["caveat"] for row in view.to_pylist()} == {
            "constant": "measured on other data than the newest value: ./imgs",
            "third": None,
        }
    project.images(shade=40)
    found = open_store(project.store).sql("SELECT DISTINCT model, caveat FROM results ORDER BY model").to_pylist()
    assert found[-1] == {"model": "third", "caveat": "data changed since: ./imgs"}


def test_combinations_that_name_no_file_open_no_file_of_a_single_attempt(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    project.dataset = "{_target_: parts.Numbers, n: 10}\n  imgs: {_target_: sweeper.datasets.ImageFolder, root: imgs}"
    project.dataset = project.dataset.replace("imgs:", "real:")
    project.configure()
    project.sweep()
    asked: list[Any] = []
    real = Store.attempt_states

    def noted(store: Store, fingerprints: Any, *, details: Any = False, **more: Any) -> Any:
        asked.append(details)
        return real(store, fingerprints, details=details, **more)

    monkeypatch.setattr(Store, "attempt_states", noted)
    plan = project.plan()
    assert asked == [[item.fingerprint for item in plan.items if item.combination.datasets[0].name == "real"]]
    project.dataset = "{_target_: parts.Numbers, n: 10}"
    project.configure()
    project.plan()
    assert asked[1:] == [[]]


# Code


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "no git"])
def test_code_is_that_of_the_modules_that_parts_come_from(project: Project, with_git: bool):
    code = "rerun_triggers=[config,code]"
    if with_git:
        git(project.folder, "init")
        git(project.folder, "add", ".")
        git(project.folder, "commit", "-m", "first")
    project.sweep()
    assert project.verdict(code) == (False, "completed")
    (project.folder / "unrelated.py").write_text("x = 1")
    if with_git:
        git(project.folder, "add", ".")
        git(project.folder, "commit", "-m", "second")
    assert project.verdict(code) == (False, "completed")
    helper = project.folder / f"{project.helper}.py"
    before = helper.read_text()
    helper.write_text("def share():\n    return 0.8\n")
    assert project.verdict(code) == (True, f"code changed since it completed: {project.helper}.py")
    assert project.verdict() == (False, "completed")
    if with_git:
        git(project.folder, "commit", "-am", "third")
    assert project.verdict(code) == (True, f"code changed since it completed: {project.helper}.py")
    helper.write_text(before)
    assert project.verdict(code) == (False, "completed")
    parts = project.folder / f"{project.parts}.py"
    parts.write_text(parts.read_text() + f"\nimport {project.parts}_new\n")
    (project.folder / f"{project.parts}_new.py").write_text("")
    said = f"code changed since it completed: {project.parts}.py, {project.parts}_new.py"
    assert project.verdict(code) == (True, said)
    shutil.rmtree(Path(project.store, ".sweeper", "code"))
    assert project.verdict(code) == (True, "code changed since it completed")


@pytest.mark.parametrize("kind", ["inline", "ray-simple"])
def test_what_runs_in_processes_that_live_on_is_what_is_recorded(
    project: Project, tmp_path: Path, kind: str, request: pytest.FixtureRequest
):
    """One process, or the workers of one Ray: new weights, new code and another folder are all taken up."""
    if kind == "ray-simple":
        request.getfixturevalue("ray_session")
    (project.folder / "model.pt").write_text("0.9")
    project.model = WEIGHTS + "\n  other: {_target_: PARTS.Constant}"
    project.configure()
    asked = ("rerun=missing", "rerun_triggers=[code,data]", f"job_backend.kind={kind}")
    assert values(project.sweep(*asked)) == [("constant", 0.75, None), ("other", 0.75, None)]
    (project.folder / "model.pt").write_text("0.1")
    (project.folder / f"{project.helper}.py").write_text("def share():\n    return 0.2\n")
    assert values(project.sweep(*asked)) == [("constant", 0.25, None), ("other", 0.25, None)]
    shutil.copytree(project.folder, tmp_path / "b")
    project.folder = tmp_path / "b"
    (project.folder / "model.pt").write_text("0.8")
    moved = project.sweep(*asked)
    assert values(moved) == [("constant", 0.75, None), ("other", 0.25, None)]
    assert [item.reason for item in moved.plan.items] == [
        "model.pt is another file here, and its data differ",
        "completed",
    ]


def test_code_that_is_written_anew_again_and_again_runs_each_time(project: Project):
    (project.folder / "imgs" / "dog" / "0.png").unlink()
    for share, value in ((0.9, 1.0), (0.1, 0.0), (0.8, 1.0)):  # of equal size, and within a second
        (project.folder / f"{project.helper}.py").write_text(f"def share():\n    return {share}\n")
        ran = project.sweep("rerun=missing", "rerun_triggers=[code]")
        assert values(ran) == [("constant", value, None)]
        assert len(ran.plan.to_run) == 1


def rewritten(project: Project, **columns: str | None) -> None:
    """Let the one stored attempt say something else in some columns, as an older version wrote it."""
    (row,) = open_store(project.store).attempts().to_pylist()
    shutil.rmtree(Path(project.store, "attempts"))
    open_store(project.store).write_attempts([AttemptRow(**{**row, **columns})])


@pytest.mark.parametrize("revision", [None, "0123456789abcdef0123456789abcdef01234567+0123456789ab"])
def test_a_revision_of_the_old_scheme_is_unknown_and_said_once(project: Project, revision: str | None):
    project.sweep()
    rewritten(project, code_revision=revision, libraries_revision=None)
    plan = project.plan("rerun_triggers=[code,libraries]")
    assert [(item.run, item.reason) for item in plan.items] == [(False, "completed")]
    text = plan_text(plan)
    for kind in ("code", "libraries"):
        assert text.count(f"note: 1 completed results have no {kind} revision that can be compared") == 1


def test_another_version_of_a_targets_distribution_is_stale_where_libraries_is_a_trigger(project: Project):
    project.sweep()
    libraries = open_store(project.store).attempts().to_pylist()[0]["libraries_revision"]
    name, _, version = next(
        one for one in libraries.removeprefix("installed:").split(",") if "scikit" in one
    ).partition("==")
    rewritten(project, libraries_revision=libraries.replace(f"{name}=={version}", f"{name}==0.1"))
    assert project.verdict() == (False, "completed")
    assert project.verdict("rerun_triggers=[libraries]") == (
        True,
        f"libraries changed since it completed: {name} 0.1, now {version}",
    )
    assert project.plan("rerun=stale", "rerun_triggers=[config,libraries]").to_run


# Predictions that are kept


def test_kept_predictions_are_told_by_what_they_depend_on(project: Project, tmp_path: Path):
    def key() -> str:
        from sweeper.config import load
        from sweeper.running.execute import _sweep_info  # type: ignore[reportPrivateUsage]
        from sweeper.running.prepare import prepare

        asked = project._asked(("predictions.persist=true",))  # type: ignore[reportPrivateUsage]
        prepared = prepare(load(asked["config"], config_dir=asked["config_dir"], config_name="small"))
        (item,) = prepared.plan.items
        entry = RequestBuilder(_sweep_info(prepared)).cache_entry(("pair",), item.combination)
        assert entry is not None
        return entry.key

    first = key()
    shutil.copytree(project.folder, tmp_path / "b", copy_function=shutil.copyfile)
    project.folder = tmp_path / "b"
    assert key() == first
    project.images(shade=77)
    second = key()
    assert second != first
    (project.folder / f"{project.helper}.py").write_text("def share():\n    return 0.1\n")
    assert key() != second


# On the command line


def run(project: Project, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sweeper", *words, "--config-dir", ".", "--config-name", "small"]
    command.append(f"analytics_store.uri={project.store}")
    return subprocess.run(command, cwd=project.folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def test_the_command_line_says_in_its_json_and_its_summary_what_changed(project: Project):
    assert run(project).returncode == 0
    project.images(shade=50)
    planned = json.loads(run(project, "plan", "--json", "rerun=missing").stdout)
    assert [one["reason"] for one in planned["combinations"]] == [f"completed, but {CHANGED}: ./imgs"]
    done = run(project, "rerun=missing")
    assert "data changed since: ./imgs" in done.stdout
    assert "'rerun_triggers=[config,data]' runs them again" in done.stderr
    assert run(project, "report", "--output", "page.html").returncode == 0
    assert "data changed since: ./imgs" in (project.folder / "page.html").read_text()
