"""`status` and `failures`: how far sweeps have come, and what of them failed, by what the store has."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import typed

import sweeper
from sweeper.cli import sweep_commands
from sweeper.cli.arguments import parse
from sweeper.report import sweep_states
from sweeper.store import live_files, open_store
from sweeper.store.files import Files

PARTS = """
import numpy as np


class Loads:
    metadata = {"id": "loads", "index2label": {n: str(n) for n in range(10)}}

    def __init__(self, broken=None):
        self._broken = broken

    def __call__(self, batch):
        if self._broken:
            raise ValueError(f"{self._broken} at 0x{id(batch):x}")
        return [np.eye(10)[1]] * len(batch)
"""
SELECTED = [
    *("capability=[evaluate]", "dataset=[digits,digits_dark]", "metric=[accuracy]", "model=[]"),
    "+model.good={_target_: loads_for_status.Loads}",
    "+model.bad={_target_: loads_for_status.Loads, broken: no weights}",
    "+model.worse={_target_: loads_for_status.Loads, broken: no layers}",
    *("job_backend.kind=inline", "max_same_error=null"),
]


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a sweep of six, of which two completed and four failed by two causes."""
    (tmp_path / "loads_for_status.py").write_text(PARTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return sweeper.sweep(SELECTED, progress=False).sweep_id


def only_state(*words: str) -> dict[str, object]:
    status, out, _ = typed("status", *words, "--json")
    assert status == 0
    (state,) = json.loads(out)
    return state


def test_a_sweep_is_told_with_what_it_left(ended: str):
    state = only_state()
    told = [state[name] for name in ("sweep_id", "state", "to_run", "completed", "failed", "left")]
    assert told == [ended, "ended", 6, 2, 4, 4]
    assert state["hosts"]


def test_what_a_later_sweep_completes_is_no_longer_left(ended: str):
    Path("loads_for_status.py").write_text(PARTS.replace("if self._broken:", "if self._broken == 'no layers':"))
    import sys

    del sys.modules["loads_for_status"]
    sweeper.sweep([f"resume={ended}", "job_backend.kind=inline"], progress=False)
    told = [only_state(ended)[name] for name in ("to_run", "completed", "failed", "left")]
    assert told == [6, 4, 2, 2]
    _, out, _ = typed("failures", ended)
    assert "no layers" in out
    assert "no weights" not in out


def test_a_sweep_that_did_not_say_that_it_ended_is_running(ended: str):
    (Path("analytics_store/.sweeper/ended") / ended).unlink()
    assert only_state()["state"] == "running"


def test_a_sweep_that_was_stopped_early_says_by_what(ended: str):
    sweeper.sweep([*SELECTED, "max_failures=1", "max_in_flight=1"], progress=False)
    assert json.loads(typed("status", "--json")[1])[0]["state"] == "ended early: max_failures"


def test_the_newest_sweeps_come_first_and_one_is_shown_with_its_values(ended: str):
    second = sweeper.sweep([*SELECTED, "+name=again", "rerun=missing"], progress=False).sweep_id
    _, out, _ = typed("status")
    assert [line.split()[0] for line in out.splitlines()[2:]] == [second, ended]
    for words in ([ended], ["config"]):
        status, out, _ = typed("status", *words)
        assert status == 0
        assert ended in out
        assert "evaluate: accuracy" in out
        assert "good" in out
        (bad,) = [line for line in out.splitlines() if line.startswith("bad")]
        assert bad.split() == ["bad", "failed", "failed"]


def test_watching_ends_with_the_sweep(ended: str, monkeypatch: pytest.MonkeyPatch):
    word = Path("analytics_store/.sweeper/ended") / ended
    said = word.read_bytes()
    word.unlink()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            word.write_bytes(said)

    monkeypatch.setattr(sweep_commands.time, "sleep", wait)
    out = io.StringIO()
    assert sweep_commands.status(parse(["status", "--watch"]), open_store("analytics_store"), out) == 0
    assert len(waits) == 2
    assert out.getvalue().count("running") == 2
    assert out.getvalue().count(" ended ") == 1


def test_watching_as_json_gives_one_document_in_each_line(ended: str, monkeypatch: pytest.MonkeyPatch):
    word = Path("analytics_store/.sweeper/ended") / ended
    said = word.read_bytes()
    word.unlink()
    monkeypatch.setattr(sweep_commands.time, "sleep", lambda seconds: word.write_bytes(said))
    out = Terminal()
    assert sweep_commands.status(parse(["status", "--watch", "--json"]), open_store("analytics_store"), out) == 0
    assert [json.loads(line)[0]["state"] for line in out.getvalue().splitlines()] == ["running", "ended"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_status_counts_as_left_what_resume_would_run(ended: str):
    """Two names for one spec, both kept: one that another sweep completes is no answer for the other."""
    twins = "+model.twin={_target_: loads_for_status.Loads, broken: no weights}"
    words = [*SELECTED[:5], "+model.bad={_target_: loads_for_status.Loads, broken: no weights}", twins]
    both = [*words, "job_backend.kind=inline", "max_same_error=null", "duplicates=keep"]
    sweep_id = sweeper.sweep(both, progress=False).sweep_id
    Path("loads_for_status.py").write_text(PARTS.replace("if self._broken:", "if self._broken == 'no layers':"))
    import sys

    del sys.modules["loads_for_status"]
    just_one = [word for word in both if word != twins and not word.startswith("+model.good")]
    sweeper.sweep([*just_one, "rerun=missing"], progress=False)
    state = only_state(sweep_id)
    plan = sweeper.plan([f"resume={sweep_id}"])
    assert len(plan.to_run) == state["left"] == state["failed"] == 2
    found = json.loads(typed("failures", sweep_id, "--json")[1])
    assert {item.combination.names for item in plan.to_run} == {
        ("evaluate", d, "twin", "accuracy") for d in ("digits", "digits_dark")
    }
    assert {one["label"] for one in found} == {item.combination.label() for item in plan.to_run}


def test_the_attempts_are_read_once_for_all_that_is_told_of_a_sweep(ended: str, monkeypatch: pytest.MonkeyPatch):
    read: list[object] = []
    read_live = live_files.read_live

    def counted(files: Files, table: str, wanted: Sequence[str] | None = None) -> object:
        read.append(table)
        return read_live(files, table, wanted)

    store = open_store("analytics_store")
    monkeypatch.setattr(live_files, "read_live", counted)
    attempts = sweep_states.failure_attempts(store)
    assert sweep_states.sweep_states(store, store.sweep_ids(), attempts)[0].failed == 4
    assert len(sweep_states.failures_of(store, ended, attempts)) == 4
    assert read == ["attempts"]


def test_failures_are_told_by_cause_with_the_command_that_runs_just_these(ended: str):
    status, out, err = typed("failures")
    assert (status, err) == (1, "")
    assert out.startswith(f"sweep {ended}: 4 did not complete\n")
    assert out.count(" 2 times, first: ") == 2
    for model in ("bad", "worse"):
        assert f"run just these: python -m sweeper resume={ended} 'only=[{{model: {model}}}]'" in out
    assert "Traceback" not in out
    assert typed("failures", "--traceback")[1].count("Traceback (most recent call last)") == 2


def test_the_command_that_is_named_runs_just_these(ended: str):
    line = next(line for line in typed("failures")[1].splitlines() if "{model: worse}" in line)
    words = shlex.split(line.partition("python -m sweeper ")[2])
    plan = sweeper.plan(words)
    assert {item.combination.models[0].name for item in plan.to_run} == {"worse"}
    assert len(plan.to_run) == 2


def test_failures_as_json_are_those_of_the_sweep(ended: str):
    found = json.loads(typed("failures", "--json")[1])
    assert sorted(one["error_type"] for one in found) == ["ValueError"] * 4
    assert "cause" not in found[0]


def test_where_nothing_failed_the_status_is_0(ended: str):
    done = sweeper.sweep([*SELECTED[:5], "job_backend.kind=inline", "+name=fine"], progress=False).sweep_id
    assert typed("failures", "fine") == (0, f"sweep {done}: nothing failed that has not completed since\n", "")


@pytest.mark.parametrize("command", ["status", "failures"])
def test_a_sweep_that_is_not_there_is_one_message(ended: str, command: str):
    status, out, err = typed(command, "nothing")
    assert (status, out) == (2, "")
    assert err == f"sweeper: The store has no sweep nothing. The newest are {ended}.\n"


def test_the_commands_that_are_named_say_where_the_store_is(ended: str, monkeypatch: pytest.MonkeyPatch):
    store = str(Path("analytics_store").resolve())
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    out = typed("failures", "--store", store)[1]
    named = [line.partition("python -m sweeper ")[2] for line in out.splitlines() if "resume=" in line]
    assert len(named) == 3
    for words in map(shlex.split, named):
        assert len(sweeper.plan(words).to_run) in (2, 4)
