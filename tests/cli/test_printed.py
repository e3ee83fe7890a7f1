"""What successful runs printed is kept, and shown on request."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from command_line import typed

import sweeper
from sweeper.cli.printed_text import EDGE_LINES, printed_text
from sweeper.store import open_store
from sweeper.store.printed import Printed, printed_in, where

PARTS = """
import sys
import warnings

import numpy as np


class Talks:
    metadata = {"id": "talks", "index2label": {n: str(n) for n in range(10)}}

    def __call__(self, batch):
        print("asked", len(batch))
        return [np.eye(10)[1]] * len(batch)


class Counts:
    def __init__(self, name, says=""):
        self.metadata, self._says = {"id": name}, says

    def reset(self):
        pass

    def update(self, predictions, targets, metadata):
        pass

    def compute(self):
        if self._says:
            print(self._says, file=sys.stderr)
        return {"one": 1.0}
"""


@pytest.fixture(scope="module")
def sweep_id(tmp_path_factory: pytest.TempPathFactory, ray_until_the_end: None) -> tuple[Path, str]:
    """A folder with the store of a sweep on Ray: its model prints, two of its metrics alike, and one nothing."""
    from small_ray import start_ray

    start_ray()
    folder = tmp_path_factory.mktemp("printed")
    (folder / "talks_for_printed.py").write_text(PARTS)
    before = os.getcwd()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        metrics = [
            f"+metric.{name}={{_target_: talks_for_printed.Counts, name: {name}, says: {says!r}}}"
            for name, says in (("a", "counted"), ("b", "counted"), ("quiet", ""))
        ]
        words = ["capability=[evaluate]", "dataset=[digits]", "model=[]", "metric=[]", *metrics]
        done = sweeper.sweep([*words, "+model.talks={_target_: talks_for_printed.Talks}"], progress=False)
    finally:
        sys.path.remove(str(folder))
        os.chdir(before)
    assert done.counts["completed"] == 3
    assert {one.metric for one in done.printed if not one.by_inference} == {"a", "b"}
    return folder, done.sweep_id


@pytest.fixture
def shown(sweep_id: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    folder, name = sweep_id
    monkeypatch.chdir(folder)
    return name


def test_what_several_printed_alike_stands_once_and_what_an_inference_printed_too(shown: str):
    status, out, err = typed("status", shown, "--printed")
    assert (status, err) == (0, "")
    assert out.count("    counted\n") == 1
    assert "2 times, first: evaluate · digits · talks · a (log: " in out
    assert out.count("predictions of talks on digits (log: ") == 1
    assert out.count("    asked 64\n") == 8
    assert "quiet" not in out


def test_runs_are_chosen_by_their_names_and_told_as_json(shown: str):
    _, out, _ = typed("status", shown, "--printed", "--only", "metric=b", "--json")
    found = json.loads(out)
    assert [(one["metric"], one["by_inference"]) for one in found] == [("b", False), ("b", True)]
    assert (found[0]["text"], found[0]["status"]) == ("counted\n", "completed")
    assert "no run printed anything" in typed("status", shown, "--printed", "--only", "metric=nobody")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "metric=b"], "--only chooses runs for --printed"),
        (["--printed", "--only", "key=one"], "what runs print has no key"),
        (["--printed", "--only", "metrik=b"], "is not AXIS=GLOB"),
        (["--printed", "--watch"], "leave one of them out"),
    ],
)
def test_what_cannot_be_meant_is_one_error(shown: str, words: list[str], said: str):
    status, out, err = typed("status", shown, *words)
    assert (status, out) == (2, "")
    assert said in err


def test_a_quick_run_that_prints_nothing_has_no_log_and_what_it_prints_stays_after_a_merge(shown: str):
    store = open_store("analytics_store")
    before = printed_in(store, shown)
    store.compact(grace_s=0.0)
    assert printed_in(store, shown) == before
    rows = store.sql("SELECT metric, log_uri IS NULL AS silent FROM attempts ORDER BY metric").to_pylist()
    assert [tuple(row.values()) for row in rows] == [("a", False), ("b", False), ("quiet", True)]


def test_only_logs_of_the_sweep_are_read_and_a_copied_store_has_its_own(tmp_path: Path):
    store = open_store(tmp_path / "store")
    logs = Path(store.log_dir("s"))
    logs.mkdir(parents=True)
    (logs / "a.log").write_text("here")
    assert where(store, "s", "/elsewhere/logs/s/a.log", "node7") == str(logs / "a.log")
    assert where(store, "s", "/etc/passwd", "node7") == "/etc/passwd (on node7, or removed)"


def printed(text: str | None, metric: str = "f1") -> Printed:
    return Printed("evaluate", "digits", "svm", metric, "completed", f"/logs/{metric}.log", False, text, "node7")


def test_of_a_long_text_both_ends_are_shown_and_of_one_elsewhere_where_it_is():
    lines = [f"line {number}" for number in range(100)]
    shown = printed_text("s", [printed("\n".join(lines))])
    assert f"[... {100 - 2 * EDGE_LINES} lines are in /logs/f1.log ...]" in shown
    assert "    line 0\n" in shown
    assert "    line 99\n" in shown
    assert "line 50" not in shown
    assert "f1: its log is not on this machine, or was removed: /logs/f1.log of node7" in printed_text(
        "s", [printed(None)]
    )
