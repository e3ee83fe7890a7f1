"""A network exported by torch needs no code: its values are those of a script without sweeper."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from onnx_files import NAMES, SIZE, class_folders
from patience import LIMIT_S
from places import HELPERS

import sweeper
from sweeper.models import OnnxDetector

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
METRICS = ("accuracy", "balanced_accuracy", "f1_macro", "log_loss", "brier")


def exported(path: Path, *, any_batch: bool) -> Path:
    """A small network of convolutions with drawn weights, exported with a batch of any size, or of one image."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(8, len(NAMES)),
    ).eval()
    example = torch.rand(2 if any_batch else 1, 3, *SIZE)
    shapes = ({0: torch.export.Dim.DYNAMIC},) if any_batch else None
    torch.onnx.export(network, (example,), str(path), dynamic_shapes=shapes, dynamo=True, verbose=False)
    return path


@pytest.mark.parametrize("any_batch", [True, False])
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning", "ignore:.*:FutureWarning")
def test_values_of_a_network_of_torch_are_those_of_a_script_without_sweeper(tmp_path, any_batch):
    folder, model = class_folders(tmp_path / "images"), exported(tmp_path / "m.onnx", any_batch=any_batch)
    given = ("value_range=[0,1]", "mean=0", "std=1", "channels=RGB", "softmax=true", "class_names=[blue,green,red]")
    overrides = [
        "capability=[evaluate]",
        "dataset=[image_folder]",
        f"dataset.image_folder.root={folder}",
        "model=[onnx_classifier]",
        f"model.onnx_classifier.path={model}",
        *(f"model.onnx_classifier.{one}" for one in given),
        f"metric=[{','.join(METRICS)}]",
        f"analytics_store.uri={tmp_path / 'store'}",
        "job_backend.kind=inline",
    ]
    result = sweeper.sweep(overrides, progress=False)
    assert result.exit_status == 0, result.failures
    measured = {row["key"]: row["value"] for row in result.table.to_pylist()}
    assert measured == pytest.approx(by_hand(model, folder), abs=1e-6)


def by_hand(model: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-I", str(HELPERS / "plain_onnx.py"), str(model), str(folder), "NCHW"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return json.loads(done.stdout)


# A detector of torchvision


def test_a_detector_of_torchvision_gives_the_boxes_that_it_gives_in_torch(tmp_path):
    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(0)
    detector = torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=3, box_score_thresh=0.0, min_size=64, max_size=64
    ).eval()
    image = torch.rand(3, 64, 64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter has dozens of them
        torch.onnx.export(
            detector,
            ([image],),
            str(tmp_path / "m.onnx"),
            input_names=["image"],
            output_names=["boxes", "labels", "scores"],
            opset_version=17,
            dynamo=False,
        )
    with torch.no_grad():
        (expected,) = detector([image])
    model = OnnxDetector(
        tmp_path / "m.onnx",
        channels="RGB",
        value_range=[0, 1],
        mean=0,
        std=1,
        class_names=["cat", "dog"],
        first_label=1,
        box_format="xyxy",
        box_units="pixels",
    )
    (found,) = model([image.numpy()])
    assert len(found.boxes) > 0
    np.testing.assert_allclose(found.boxes, expected["boxes"].numpy(), atol=1e-2)
    np.testing.assert_array_equal(found.labels, expected["labels"].numpy() - 1)
    np.testing.assert_allclose(found.scores, expected["scores"].numpy(), atol=1e-4)
