"""`ls` and `describe`: every choice is found, and shown with what is known of it, whether or not it can be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import typed, write_configs
from patience import LIMIT_S

from sweeper.cli.choice_list import MORE, listed
from sweeper.cli.tables.cells import width_of
from sweeper.config.catalogue import Entry
from sweeper.config.hydra_session import shipped_folder
from sweeper.vocabulary import AXES

OWN = """# Mine.
mine:
  _target_: broken_for_describe.Mine
  _sweep_: {task: image_classification}"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder of configs whose model is of a module that raises when it is imported."""
    (tmp_path / "broken_for_describe.py").write_text("class Mine: ...\nraise RuntimeError('no card')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return write_configs(tmp_path / "conf", {"model/mine": OWN, "dataset/svm": "# A namesake.\nsvm: {_target_: a.B}"})


@pytest.mark.parametrize("group", [*AXES, "sweep"])
def test_every_file_of_a_group_is_listed_with_its_first_comment(group: str):
    status, out, err = typed("ls", group)
    assert (status, err) == (0, "")
    top = shipped_folder() / group
    for path in top.rglob("*.yaml"):
        name = path.relative_to(top).with_suffix("").as_posix()
        line = next(line for line in out.splitlines() if line.split()[:1] == [name])
        assert path.read_text().splitlines()[0].lstrip("# ") in line or group == "sweep"


def test_what_is_known_of_a_choice_is_listed(own: str):
    found = {(one["group"], one["name"]): one for one in json.loads(typed("ls", "--json", "--config-dir", own)[1])}
    assert found["capability", "shift"]["arity"] == "2 datasets"
    assert found["capability", "evaluate"]["arity"] == "1 dataset, 1 model, 1 metric"
    assert found["metric", "checkmaite/od_map"]["extra"] == "checkmaite"
    assert found["metric", "checkmaite/od_map"]["task"] == "object_detection"
    assert found["metric", "accuracy"]["extra"] == ""
    assert not found["model", "mine"]["is_shipped"]
    assert found["model", "svm"]["is_shipped"]


def test_what_is_yours_is_said(own: str):
    _, out, _ = typed("ls", "model", "--config-dir", own)
    assert "yours" in next(line for line in out.splitlines() if line.startswith("  mine "))
    assert "yours" not in next(line for line in out.splitlines() if line.startswith("  svm "))


@pytest.mark.parametrize("columns", [20, 50, 80, 100, 200])
def test_lines_fit_where_names_do(columns: int):
    first = entry("模型", "What it is. " * 9, "sweeper.models.OnnxClassifier", "object_detection")
    lines = ["".join(span.text for span in line) for line in listed([first, entry("long_name", "Short.")], columns)]
    assert max(map(width_of, lines[1:3])) <= columns
    assert lines[0] == "model"
    assert lines[3:] == (["", MORE] if columns < 200 else [])
    assert ("object detection" in lines[1]) == (columns >= 80)


def entry(name: str, summary: str, target: str = "a.B", task: str = "") -> Entry:
    spec = {"_target_": target, "_sweep_": {"task": task}}
    return Entry("model", name, Path(f"conf/model/{name}.yaml"), True, "", summary, spec)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ls", "modle"], "no config group 'modle' to list. Did you mean 'model'? Allowed: capability, dataset"),
        (["describe", "svn"], "no choice 'svn' in the config groups. Did you mean 'svm'? `sweeper ls` lists them"),
        (["describe", "metric/svm"], "no choice 'metric/svm'"),
        (["describe"], "describe needs the name of a choice"),
        (["ls", "--config-dir", "nowhere"], "there is no such folder"),
    ],
)
def test_what_is_not_there_is_one_message(words: list[str], said: str):
    status, out, err = typed(*words)
    assert (status, out) == (2, "")
    assert said in err


def test_a_choice_is_described_with_its_file_and_its_classes():
    status, out, err = typed("describe", "svm")
    assert (status, err) == (0, "")
    assert "kernel: rbf" in out
    assert "A scikit-learn classifier on raw pixels" in out
    assert "train (required), soft_targets (False)" in out
    assert "C (1.0)" in out


def test_a_name_of_several_groups_shows_each_of_them(own: str):
    _, out, _ = typed("describe", "svm", "--config-dir", own)
    assert "model/svm: " in out
    assert "dataset/svm: A namesake." in out
    assert "dataset/svm" not in typed("describe", "model/svm", "--config-dir", own)[1]


def test_what_cannot_be_imported_is_described_all_the_same(own: str):
    status, out, _ = typed("describe", "mine", "--config-dir", own)
    assert status == 0
    assert "It cannot be imported: RuntimeError: no card" in out
    described = json.loads(typed("describe", "mine", "--config-dir", own, "--json")[1])
    assert described[0]["spec"]["_target_"] == "broken_for_describe.Mine"


def test_listing_imports_no_hydra_and_no_arrow():
    words = [sys.executable, "-X", "importtime", "-m", "sweeper", "ls"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "yaml" in imported
    assert imported.isdisjoint({"hydra", "ray", "pyarrow", "sklearn", "torch"})
