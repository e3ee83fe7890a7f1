"""The examples run as their heads say."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LIMIT_S

from sweeper.models import OnnxClassifier

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SWEEP = (sys.executable, "-m", "sweeper", "job_backend.kind=inline")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_here(name: str, *arguments: str) -> None:
    """Run an example in this process, which has a Ray."""
    before = sys.argv
    sys.argv = [name, *arguments]
    try:
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    finally:
        sys.argv = before


def test_own_parts_from_their_folder(tmp_path: Path):
    command = [sys.executable, "-m", "sweeper", "--config-dir", "conf", "--config-name", "my_sweep", "--json"]
    command += [f"analytics_store.uri={tmp_path / 'store'}", "job_backend.num_cpus=2"]
    done = subprocess.run(command, cwd=EXAMPLES / "own_parts", capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["plan"]["run"] == document["counts"]["completed"] == 6
    keys = {(row["capability"], row["key"]) for row in document["results"]}
    assert {("latency", "median_ms"), ("evaluate", "worst_class"), ("evaluate", "accuracy")} <= keys


def test_python_api_then_reading_its_results(ray_session: None, capsys: pytest.CaptureFixture[str]):
    run_here("python_api.py", "store")
    said = capsys.readouterr().out
    assert "8 of 8 combinations would run" in said
    assert "ran 0 more; exit status 0" in said
    run_here("read_results.py", "store")
    said = capsys.readouterr().out
    assert "completed    8" in said
    assert "naive_bayes" in said


def test_the_sweep_of_detection_on_its_made_data(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("faster_coco_eval")
    run_here("detection/make_data.py", "detection_data")
    assert "200 images with " in capsys.readouterr().out
    command = [sys.executable, "-m", "sweeper", "--config-name", "detection", "job_backend.kind=inline", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    rows = {(row["capability"], row["model"], row["key"]): row for row in json.loads(done.stdout)["results"]}
    eager = rows["evaluate", "eager", "map"]
    assert eager["value"] > rows["evaluate", "middling", "map"]["value"] > rows["evaluate", "cautious", "map"]["value"]
    assert eager["ci_low"] < eager["value"] < eager["ci_high"]
    assert rows["robustness", "middling", "f1.area"]["value"] > rows["robustness", "eager", "f1.area"]["value"]
    assert rows["detection_quality", "", "contents.images"]["value"] == 200
    assert rows["detection_errors", "eager", "object.correct"]["value"] == rows["evaluate", "eager", "recall"]["value"]
    assert rows["detection_shift", "", "boxes.shifted_share"]["value"] == 0  # only the light is another
    assert rows["detection_shift", "", "classifier.auc"]["value"] > 0.9


def test_an_onnx_file_on_class_folders(tmp_path: Path):
    subprocess.run([sys.executable, str(EXAMPLES / "onnx_classifier" / "make_files.py")], check=True, timeout=LIMIT_S)
    conf = ["--config-dir", str(EXAMPLES / "onnx_classifier" / "conf"), "--config-name", "digits"]
    done = subprocess.run([*SWEEP, *conf, "--json"], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    values = {row["key"]: row["value"] for row in json.loads(done.stdout)["results"]}
    assert set(values) == {"accuracy", "log_loss", "ece"}
    assert values["accuracy"] > 0.95
    only_paths = [
        "model.onnx_classifier.path=onnx_example/digits.onnx",
        "dataset.image_folder.root=onnx_example/images",
    ]
    axes = ["capability=[evaluate]", "dataset=[image_folder]", "model=[onnx_classifier]"]
    done = subprocess.run([*SWEEP, *axes, *only_paths], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 2
    assert "model.onnx_classifier.class_names=" in done.stderr


def test_a_file_that_says_what_it_expects_needs_no_more_than_its_path(tmp_path: Path):
    subprocess.run([sys.executable, str(EXAMPLES / "onnx_classifier" / "make_files.py")], check=True, timeout=LIMIT_S)
    page = (EXAMPLES.parent / "docs" / "own-models.md").read_text()
    script = page.partition("# say_it_in_the_file.py\n")[2].partition("```")[0]
    subprocess.run([sys.executable, "-c", script], check=True, timeout=LIMIT_S)
    told = OnnxClassifier.facts(path="digits.onnx")
    assert (told.channels, told.height, told.n_classes) == (1, 8, 10)
    assert told.class_names is not None
    assert told.class_names[0] == "zero"
