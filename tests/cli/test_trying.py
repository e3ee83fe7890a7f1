"""`sweeper try`: parts are built and tried on one batch by the checks of a run, and what breaks is told."""

from __future__ import annotations

import io
import json
import sys

import pytest
from onnx_files import FLAT, sklearn_file

from sweeper.cli.commands import run_command

PARTS = """
import numpy as np

class Data:
    metadata = {"id": "mine", "index2label": {0: "cat", 1: "dog"}}
    def __init__(self, length=5, fault=""):
        self.length, self.fault = length, fault
        if fault == "constructor":
            print("building")
            raise KeyError("no such split")
        if fault == "id":
            self.metadata = {"id": 5}
    def __len__(self):
        return self.length
    def __getitem__(self, i):
        if self.fault == "read":
            return helper(i)
        image = np.full((1, 2, 2), i / 10, dtype=np.float32)
        target = np.array([0.5, 0.7] if self.fault == "target" else [i % 2, 1 - i % 2], dtype=np.float32)
        return (image, target) if self.fault == "datum" else (image, target, {"id": i, "site": "north"})

def helper(i):
    try:
        return [][i]
    except IndexError as error:
        raise RuntimeError("reading failed") from error

class Model:
    metadata = {"id": "guess", "index2label": {0: "cat", 1: "dog"}}
    def __init__(self, fault=""):
        self.fault = fault
    def __call__(self, batch):
        scores = np.tile(np.array([0.25, 0.75], dtype=np.float32), (len(batch), 1))
        if self.fault == "short":
            return scores[1:]
        return scores * np.nan if self.fault == "undefined" else scores

class Metric:
    metadata = {"id": "share"}
    def __init__(self, fault=""):
        self.fault, self.right = fault, []
    def reset(self):
        self.right = []
    def update(self, predictions, targets, metadata):
        self.right += [int(np.argmax(p) == np.argmax(t)) for p, t in zip(predictions, targets)]
    def compute(self):
        return 0.5 if self.fault == "number" else {"share": sum(self.right) / len(self.right)}

class Capability:
    id = "counting"
    def __init__(self, fault=""):
        self.fault = fault
    def run(self, models=None, datasets=None, metrics=None, config=None, use_cache=False):
        return None if self.fault == "run" else Run([len(d) for d in datasets])

class Run:
    run_uid, capability_id = "r", "counting"
    def __init__(self, counts):
        self.counts = counts
    def extract(self):
        return [Row(n) for n in self.counts]

class Row:
    def __init__(self, n):
        self.n = n
"""
FILES = {
    "dataset/data": "data: {_target_: tried_parts.Data}",
    "model/guess": "guess: {_target_: tried_parts.Model}",
    "metric/share": "share: {_target_: tried_parts.Metric}",
    "capability/counting": (
        "counting:\n  _target_: tried_parts.Capability\n"
        "  _sweep_: {arity: {datasets: ONE, models: ZERO, metrics: ZERO}}"
    ),
    "model/data": "data: {_target_: tried_parts.Model}",
}


@pytest.fixture
def parts(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    (tmp_path / "tried_parts.py").write_text(PARTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("tried_parts", None)


def tried(*words):
    out, err = io.StringIO(), io.StringIO()
    status = run_command(["try", *words, "--config-dir", "conf"], out, err)
    return status, out.getvalue(), err.getvalue()


def documents(*words):
    status, out, err = tried(*words, "--json")
    assert status in (0, 1), err
    return status, {f"{one['axis']}/{one['name']}": one for one in json.loads(out)["parts"]}


def test_each_part_is_told_step_by_step_and_given_what_was_tried_before_it(parts):
    before = {path for path in parts.rglob("*") if "cache" not in path.parts}
    status, found = documents("guess", "dataset/data", "share", "counting", "--batch-size", "4")
    assert status == 0
    data, model = found["dataset/data"]["seen"], found["model/guess"]["seen"]
    assert (data["class"], data["id"], data["length"]) == ("tried_parts.Data", "mine", 5)
    assert data["index2label"] == "2 classes: 0 (cat), 1 (dog)"
    assert data["input"] == "ndarray of float32, 1 x 2 x 2, from 0 to 0"
    assert data["target"] == "one-hot of 2, class 1 (dog)"
    assert data["metadata_of_a_datum"] == "id=0, site='north'"
    assert model["on"] == "4 data of data"
    assert model["prediction"].startswith("ndarray of float32, 4 x 2, from 0.25 to 0.75, sums from 1 to 1, first")
    assert found["metric/share"]["seen"]["values"] == "share: 0.5"
    assert found["capability/counting"]["seen"]["rows"] == [{"n": 4}]
    assert {path for path in parts.rglob("*") if "cache" not in path.parts} == before


BROKEN = {
    "a constructor that raises": ("dataset/data", "constructor", "KeyError", "no such split"),
    "an id that is no text": ("dataset/data", "id", "", "has the id 5 (int); MAITE asks for"),
    "a datum of two": ("dataset/data", "datum", "", "Item 0 of dataset 'mine' is a tuple of 2"),
    "a target that is no class": ("dataset/data", "target", "", "A target of dataset 'mine' is not one-hot"),
    "a datum that cannot be read": ("dataset/data", "read", "IndexError", "list index out of range"),
    "too few predictions": ("model/guess", "short", "", "gave 4 predictions for 5 data"),
    "scores that are no numbers": ("model/guess", "undefined", "", "gave scores that are NaN or infinite"),
    "a metric that gives a number": ("metric/share", "number", "", "compute() of metric 'share' gave 0.5"),
    "a run that gives nothing": ("capability/counting", "run", "", "run() of capability 'counting' gave None"),
}


@pytest.mark.parametrize(("name", "fault", "kind", "said"), BROKEN.values(), ids=BROKEN)
def test_a_part_that_breaks_its_protocol_is_told_in_one_message_and_fails_the_command(parts, name, fault, kind, said):
    override = f"+{name.replace('/', '.')}.fault={fault}"
    status, found = documents("dataset/data", "guess", "share", "counting", override)
    assert status == 1
    trouble = found[name]["trouble"]
    assert trouble["kind"] == kind
    assert said in trouble["message"]
    assert [one for one in found if found[one]["trouble"]] == [name]


def test_what_the_code_of_a_user_raises_is_shown_with_the_lines_of_that_code_alone(parts):
    status, out, _ = tried("dataset/data", "+dataset.data.fault=read")
    assert status == 1
    assert "FAILED: IndexError: list index out of range" in out
    assert "tried_parts.py, line 24, in helper: return [][i]" in out
    assert out.endswith("failed: dataset/data\n")
    assert "sweeper/worker" not in out


def test_what_a_part_prints_does_not_get_into_the_document(parts):
    status, _, err = tried("dataset/data", "+dataset.data.fault=constructor", "--json")
    assert (status, err) == (1, "building\n")


def test_parts_alone_are_built_and_it_is_said_what_to_name_beside_them(parts):
    status, out, _ = tried("guess", "share", "counting")
    assert status == 0
    assert "Name a dataset beside it" in out
    assert "name a model and a dataset beside it" in out
    assert "It was not run: it takes 1 dataset. Name 1 dataset beside it." in out


def test_a_model_whose_file_says_its_shape_is_tried_on_a_made_batch(parts):
    path = sklearn_file(parts / "m.onnx")
    words = [f"model.onnx_classifier.{key}={json.dumps(value)}" for key, value in FLAT.items()]
    status, found = documents("onnx_classifier", f"model.onnx_classifier.path={path}", *words)
    seen = found["model/onnx_classifier"]["seen"]
    assert status == 0, found
    assert seen["made_input"].startswith("ndarray of float32, 3 x 6 x 5, from 0")
    assert seen["prediction"].startswith("ndarray of float32, 2 x 3")


MISTAKES = {
    "no name": ([], "try needs the name of a choice"),
    "a name that is none": (["gues"], "There is no choice 'gues'"),
    "a name of two": (["data"], "Say which one: dataset/data or model/data."),
    "a batch of nothing": (["guess", "--batch-size", "0"], "--batch-size: '0' is not allowed."),
    "an argument that is none": (["guess", "+model.guess.falt=x"], "Did you mean 'fault'?"),
    "a sweep": (["sweep/nightly"], "is a sweep and no part"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_wrong_command_line_is_no_failure_of_a_part(parts, words, said):
    status, out, err = tried(*words)
    assert (status, out) == (2, "")
    assert said in err
