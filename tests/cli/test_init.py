"""`sweeper init` looks at a model and data, and what it writes runs at once, or says all that is to be filled in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from command_line import typed
from hypothesis import given
from hypothesis import strategies as st
from init_files import coco, folders, yolo
from omegaconf import OmegaConf
from onnx_files import NAMES, class_folders, fixed_answers, network_file, sklearn_file
from patience import LIMIT_S

from sweeper.cli.init.choice_file import choice_text, value_text
from sweeper.cli.init.drafts import Argument, Draft
from sweeper.cli.init.fitting import fitted
from sweeper.cli.init.project import choice_name
from sweeper.common.facts import Facts
from sweeper.config.catalogue import MARK_OF_INIT

WHOLE = {"value_range": "[0, 1]", "mean": "0", "std": "1", "channels": "RGB"}
NAMED = {**WHOLE, "names": json.dumps(dict(enumerate(reversed(NAMES))))}
RUN = ["--config-dir", "conf", "--config-name", "my_sweep", "job_backend.kind=inline"]


@pytest.fixture(autouse=True)
def here(empty_folder: Path) -> None:
    """Every command is typed in an empty folder."""


def document(*argv: str) -> dict:
    status, out, err = typed("init", *argv, "--json")
    assert status == 0, err
    return json.loads(out)


def read(path: str) -> dict:
    return yaml.safe_load(Path(path).read_text())


def test_what_is_written_runs_at_once():
    class_folders(Path("images"))
    network_file(Path("net.onnx"), shape=("N", 3, 8, 9), softmax=True, metadata=NAMED)
    status, out, err = typed("init", "--model", "net.onnx", "--data", "./images")
    assert (status, err) == (0, "")
    assert "  taken from the files: softmax: false (the last node of its output 'logits', a Softmax)" in out
    assert "  set: size: [8, 9] (height and width that the model takes; the first image has 6 x 5)" in out
    assert "  set: classes: [red, green, blue] (in the order of the model)" in out
    command = out.splitlines()[-1].removeprefix("run it: python ").split()
    argv = [sys.executable, *command, "job_backend.kind=inline", "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    rows = {row["key"]: row for row in json.loads(done.stdout)["results"]}
    assert set(rows) == {"accuracy", "f1_macro", "ece"}
    assert (rows["accuracy"]["model"], rows["accuracy"]["dataset"]) == ("net", "images")


SUPPRESSED = {"author": "Ultralytics", "task": "detect", "names": "{0: 'cat', 1: 'dog'}", "args": "{'nms': True}"}


def detector(path: Path, shape: tuple[int | str, ...] = (1, 3, 6, 8)) -> None:
    """A detector that finds the boxes of `init_files.coco` in each image: corners, score and class."""
    found = np.array([[1, 1, 5, 4, 0.9, 0], [1, 1, 5, 4, 0.8, 1]], dtype=np.float32)
    fixed_answers(path, {"output0": found}, shape=shape, metadata=SUPPRESSED)


@pytest.mark.parametrize("layout", [coco, yolo])
def test_a_detector_and_boxes_run_at_once(layout: Callable[[Path], Path]):
    layout(Path("boxes"))
    detector(Path("det.onnx"))
    assert document("--model", "det.onnx", "--data", "boxes")["missing"] == []
    status, out, err = typed(*RUN, "--json")
    assert status == 0, err
    assert {row["metric"] for row in json.loads(out)["results"]} == {"coco_map", "detection_f1"}


def test_boxes_in_splits_are_asked_for():
    yolo(Path("boxes"), ("train", "val"))
    detector(Path("det.onnx"))
    assert document("--model", "det.onnx", "--data", "boxes")["missing"] == ["dataset.boxes.split"]
    assert "  split: ???  # the data to use: train, val\n" in Path("conf/dataset/boxes.yaml").read_text()
    assert typed(*RUN)[2] == (
        "sweeper: dataset.boxes.split is ???: it has no default. Give it: dataset.boxes.split=VALUE.\n"
    )
    assert typed(*RUN, "dataset.boxes.split=val")[0] == 0


def test_a_table_runs_at_once():
    class_folders(Path("table/files"), 6)
    lines = [f"{path.relative_to('table')},{path.parent.name}" for path in sorted(Path("table/files").rglob("*.png"))]
    Path("table/labels.csv").write_text("\n".join(["path,class", *lines]) + "\n")
    network_file(Path("net.onnx"), softmax=True, metadata=NAMED)
    assert document("--model", "net.onnx", "--data", "table")["missing"] == []
    assert typed(*RUN)[0] == 0


def test_the_files_say_what_was_taken_from_where():
    class_folders(Path("images"), 6)
    network_file(Path("net.onnx"), softmax=True, metadata=NAMED)
    typed("init", "--model", "net.onnx", "--data", "images")
    text = Path("conf/model/net.yaml").read_text()
    assert text.startswith(MARK_OF_INIT)
    assert text.partition("\n")[2].startswith("# An image classifier in an ONNX file.\nnet:\n")
    assert "\n  #   class_names: red, green, blue (its metadata 'names')\n" in text
    listed = json.loads(typed("ls", "model", "--config-dir", "conf", "--json")[1])
    assert "An image classifier in an ONNX file." in [one["summary"] for one in listed if not one["is_shipped"]]
    assert read("conf/model/net.yaml") == {
        "net": {
            "_target_": "sweeper.models.OnnxClassifier",
            "path": "net.onnx",
            "_sweep_": {"task": "image_classification"},
        }
    }


def test_what_a_file_does_not_say_is_to_be_filled_in_and_one_error_lists_it():
    class_folders(Path("images"), 6)
    sklearn_file(Path("m.onnx"))
    told = document("--model", "m.onnx", "--data", "images")
    needed = ["layout", "value_range", "mean", "std", "channels", "image_size"]
    assert told["missing"] == [f"model.m.{name}" for name in needed]
    assert "  layout: ???  # the order of the axes" in Path("conf/model/m.yaml").read_text()
    status, out, err = typed(*RUN)
    assert (status, out) == (2, "")
    assert all(f"model.m.{name}=VALUE" in err for name in needed)
    values = ["flat_CHW", "[0,1]", "0", "1", "RGB", "[6,5]"]
    given = [f"model.m.{name}={value}" for name, value in zip(needed, values, strict=True)]
    status, out, err = typed(*RUN, *given)
    assert status == 0, err
    assert "3 completed" in out


def test_paths_are_those_that_hold_in_the_folder_of_the_project(tmp_path: Path):
    class_folders(Path("data/images"), 6)
    network_file(Path("net.onnx"), softmax=True, metadata=NAMED)
    told = document("my project", "--model", "net.onnx", "--data", str(tmp_path.resolve() / "data" / "images"))
    assert told["command"].startswith("cd 'my project' && python -m sweeper --config-dir conf")
    arguments = {choice["axis"]: choice["arguments"] for choice in told["choices"]}
    assert arguments["model"] == {"path": "../net.onnx"}
    assert arguments["dataset"]["root"] == str(tmp_path.resolve() / "data" / "images")
    assert set(told["files"]) == {
        f"my project/conf/{name}.yaml" for name in ("my_sweep", "model/net", "dataset/images")
    }


# What is there stays there


def test_nothing_is_replaced_and_force_replaces_only_what_init_wrote():
    class_folders(Path("images"), 6)
    network_file(Path("net.onnx"), softmax=True, metadata=NAMED)
    words = ["init", "--model", "net.onnx", "--data", "images"]
    assert typed(*words)[0] == 0
    written = Path("conf/model/net.yaml")
    status, _, err = typed(*words)
    assert status == 2
    assert "conf/model/net.yaml, conf/dataset/images.yaml, conf/my_sweep.yaml: already there" in err
    assert "--force" in err
    assert typed(*words, "--force")[0] == 0
    filled_in = f"{written.read_text()}  normalize: true\n"
    Path("conf/dataset/images.yaml").unlink()
    for text in ("mine: {}\n", filled_in, f"{MARK_OF_INIT}\nmine: {{}}\n"):
        written.write_text(text)
        status, _, err = typed(*words, "--force")
        assert status == 2
        assert err.startswith("sweeper: conf/model/net.yaml: not written by init, or changed since, so --force")
        assert written.read_text() == text
        assert not Path("conf/dataset/images.yaml").exists()


def test_a_folder_that_cannot_be_written_is_one_message():
    Path("project").write_text("a file")
    status, _, err = typed("init", "project")
    assert status == 2
    assert err.startswith("sweeper: project cannot be written: ")


# Own parts


def test_without_a_model_and_data_one_part_of_each_kind_is_written_and_runs():
    status, out, err = typed("init", "mine")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "run it: cd mine && python -m sweeper --config-dir conf --config-name my_sweep"
    assert {path.parent.name for path in Path("mine/conf").glob("*/*.yaml")} == {
        "capability",
        "dataset",
        "metric",
        "model",
    }
    argv = [sys.executable, "-m", "sweeper", *RUN, "--json"]
    done = subprocess.run(argv, cwd="mine", capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["completed"] == 6


# What cannot be told


def refused(*argv: str) -> str:
    status, out, err = typed("init", *argv)
    assert (status, out) == (2, "")
    assert not Path("conf").exists()
    return err


@pytest.fixture
def model() -> str:
    network_file(Path("net.onnx"), softmax=True, metadata=NAMED)
    return "net.onnx"


def test_one_of_the_two_is_not_enough(model: str):
    assert "--model and --data together" in refused("--model", model)


@pytest.mark.parametrize(("name", "said"), [("gone.onnx", "there is no file gone.onnx"), ("notes.txt", "ends in .txt")])
def test_a_model_that_is_none_is_told_with_what_is_known(name: str, said: str):
    Path("notes.txt").write_text("")
    folders(Path("images"))
    err = refused("--model", name, "--data", "images")
    assert said in err
    assert "a network in ONNX (.onnx)" in err


def test_a_file_that_is_damaged_is_told_by_the_class_that_reads_it(model: str):
    folders(Path("images"))
    Path("broken.onnx").write_bytes(b"\x08\x08\x12")
    err = refused("--model", "broken.onnx", "--data", "images")
    assert err.startswith("sweeper: --model: broken.onnx")
    assert err.count("Export it again.") == 1


def test_data_that_are_not_there_or_nothing_known(model: str):
    assert "--data: there is no gone." in refused("--model", model, "--data", "gone")
    Path("nothing").mkdir()
    err = refused("--model", model, "--data", "nothing")
    assert err.startswith("sweeper: --data: nothing is nothing that is known. Looked for were class folders")
    assert "YOLO (a data.yaml)" in err


def test_data_that_may_be_read_in_two_ways_name_both(model: str):
    coco(yolo(Path("both")))
    err = refused("--model", model, "--data", "both")
    assert "both may be read in 2 ways" in err
    assert "sweeper.datasets.Yolo" in err
    assert "sweeper.datasets.Coco" in err


def test_a_folder_of_training_and_test_data_is_to_be_named(model: str):
    for part in ("train", "val"):
        folders(Path("images") / part)
    err = refused("--model", model, "--data", "images")
    assert "images holds the folders train, val, each with class folders. Name one of them: --data images/train." in err


def test_a_classifier_is_not_for_boxes(model: str):
    coco(Path("boxes"))
    err = refused("--model", model, "--data", "boxes")
    assert "net.onnx is for image classification (sweeper.models.OnnxClassifier)" in err
    assert "boxes is for object detection (sweeper.datasets.Coco)" in err


# Texts


texts = st.one_of(
    st.text(max_size=20).filter(lambda text: "${" not in text),
    st.sampled_from(
        ["null", "No", "1e3", ".5", "nan", "a/${b}", "2001-01-01", "a: b", "# a", "'", '"', "\\", "~", "-", "*a"]
    ),
)


@given(st.one_of(texts, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()))
def test_a_value_is_read_as_it_was_written(value: object):
    loaded = OmegaConf.create(f"key: {value_text([value])}\nthis: {value_text(value)}")
    assert OmegaConf.to_container(loaded, resolve=True) == {"key": [value], "this": value}
    assert "\n" not in value_text(value)


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/My Net-2.onnx", "my_net_2"), ("images", "images"), ("digits", "my_digits"), ("...", "mine"), ("é.onnx", "é")],
)
def test_a_choice_is_called_by_its_file_and_by_no_name_that_ships(path: str, name: str):
    assert choice_name(Path(path), {"digits"}) == name


def draft(axis: str, **facts: object) -> Draft:
    return Draft(axis, "x", "a.B", "image_classification", "It.", (Argument("root", "r"),), (), Facts("f", **facts))


def set_by(model: Draft, dataset: Draft) -> dict[str, object]:
    return {argument.name: argument.value for argument in fitted(dataset, model).arguments[1:]}


def test_data_are_brought_to_what_the_model_takes():
    data = draft("dataset", channels=3, height=4, width=5, class_names={0: "a", 1: "b"})
    assert set_by(draft("model", channels=1, height=8, width=8, class_names={0: "b", 1: "a", 2: "c"}), data) == {
        "size": [8, 8],
        "grayscale": True,
        "classes": ["b", "a", "c"],
    }
    assert set_by(draft("model", channels=3, height=4, width=5, class_names={0: "a", 1: "b"}), data) == {}
    assert set_by(draft("model", class_names={0: "x", 1: "a"}), data) == {}
    assert set_by(draft("model"), data) == {}


def test_a_choice_file_is_whole():
    text = choice_text(draft("dataset"))
    assert yaml.safe_load(text) == {"x": {"_target_": "a.B", "root": "r", "_sweep_": {"task": "image_classification"}}}
