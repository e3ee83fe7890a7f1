"""No code: a file and a folder of images are swept, and the values are those of a script without sweeper."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from onnx_files import class_folders, network_file, sklearn_file
from patience import LIMIT_S
from places import HELPERS

import sweeper
from sweeper.cli.commands import run_command

METRICS = ("accuracy", "balanced_accuracy", "f1_macro", "log_loss", "brier")
GIVEN = ("value_range=[0,1]", "mean=0", "std=1", "channels=RGB")
OF_SKLEARN = ("layout=flat_CHW", "image_size=[6,5]")
OF_NETWORK = ("softmax=true", "class_names=[blue,green,red]")


def asked(folder: Path, model: Path, *given: str) -> list[str]:
    return [
        "capability=[evaluate]",
        "dataset=[image_folder]",
        f"dataset.image_folder.root={folder}",
        "model=[onnx_classifier]",
        f"model.onnx_classifier.path={model}",
        *(f"model.onnx_classifier.{one}" for one in given),
        f"metric=[{','.join(METRICS)}]",
        f"analytics_store.uri={folder.parent / 'store'}",
    ]


def by_hand(model: Path, folder: Path, layout: str) -> dict[str, float]:
    command = [sys.executable, "-I", str(HELPERS / "plain_onnx.py"), str(model), str(folder), layout]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("layout", ["flat", "NCHW"])
def test_values_are_those_of_a_script_without_sweeper(tmp_path, backend, layout):
    folder = class_folders(tmp_path / "images")
    make, given = (sklearn_file, OF_SKLEARN) if layout == "flat" else (network_file, OF_NETWORK)
    model = make(tmp_path / "m.onnx")
    result = sweeper.sweep([*asked(folder, model, *GIVEN, *given), backend], progress=False)
    assert result.exit_status == 0, result.failures
    measured = {row["key"]: row["value"] for row in result.table.to_pylist()}
    expected = by_hand(model, folder, layout)
    assert 0.3 < expected["accuracy"] < 1
    assert measured == pytest.approx(expected, abs=1e-6)


def said(*overrides: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    status = run_command([*overrides, "job_backend.kind=inline"], out, err)
    return status, err.getvalue()


def test_what_is_missing_is_told_before_anything_runs(tmp_path):
    folder, model = class_folders(tmp_path / "images", 6), network_file(tmp_path / "m.onnx")
    status, error = said(*asked(folder, model))
    assert status == 2
    for name in ("value_range", "mean", "std", "channels", "softmax", "class_names"):
        assert f"model.onnx_classifier.{name}=" in error
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("shape", "names", "expected"),
    [
        (("N", 1, "H", "W"), "[blue,green,red]", "channels"),
        (("N", 3, 8, 8), "[blue,green,red]", "8 x 8"),
        (("N", 3, 6, 5), "[green,blue,red]", "different classes"),
        (("N", 3, 6, 5), "[blue,green,yellow]", "yellow"),
    ],
)
def test_a_model_that_does_not_fit_the_images_is_refused_before_anything_runs(tmp_path, shape, names, expected):
    folder, model = class_folders(tmp_path / "images", 6), network_file(tmp_path / "m.onnx", shape=shape)
    channels = "GRAY" if shape[1] == 1 else "RGB"
    given = ("value_range=[0,1]", "mean=0", "std=1", f"channels={channels}", "softmax=true", f"class_names={names}")
    status, error = said(*asked(folder, model, *given))
    assert status == 2
    assert expected in error
    assert not (tmp_path / "store").exists()
