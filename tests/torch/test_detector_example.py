"""The example of a detector runs as its page says, and its values are those of pycocotools."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")
pytest.importorskip("faster_coco_eval")
EXAMPLE = Path(__file__).parents[2] / "examples" / "torchvision_detector"
ARGUMENTS = {"min_size": 96, "max_size": 96, "rpn_score_thresh": 0.0}
LIMIT_S = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with what the script of the example writes."""
    path = tmp_path_factory.mktemp("example")
    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "make_files.py")],
        cwd=path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return path


def found_by_torchvision(files: Path) -> list[dict[str, Any]]:
    """What the network finds, as COCO has results, with torchvision alone."""
    network = torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=3, **ARGUMENTS
    ).eval()
    network.load_state_dict(torch.load(files / "detector.pt", weights_only=True))
    results: list[dict[str, Any]] = []
    for image in json.loads((files / "instances.json").read_text())["images"]:
        pixels = np.array(Image.open(files / "images" / image["file_name"]))
        with torch.no_grad():
            (found,) = network([torch.from_numpy(pixels).permute(2, 0, 1).float() / 255])
        for (x0, y0, x1, y1), label, score in zip(
            *(found[k].tolist() for k in ("boxes", "labels", "scores")), strict=True
        ):
            box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "score": score, "category_id": {1: 3, 2: 7}[label]}
            results.append({"image_id": image["id"], **box})
    return results


def by_pycocotools(files: Path) -> np.ndarray:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(files / "instances.json"))
        evaluation = COCOeval(truth, truth.loadRes(found_by_torchvision(files)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats


def test_the_example_has_the_values_of_pycocotools(folder: Path):
    command = [sys.executable, "-m", "sweeper", "--config-dir", str(EXAMPLE / "conf"), "--config-name", "shapes"]
    more = ["--json", "job_backend.kind=inline", "capability.evaluate.batch_size=1"]
    done = subprocess.run([*command, *more], cwd=folder, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    values = {row["key"]: row["value"] for row in json.loads(done.stdout)["results"] if row["metric"] == "coco_map"}
    expected = by_pycocotools(folder / "files")
    assert expected[1] > 0.1, "a detector that finds nothing would show nothing"
    found = [values["map"], values["map_50"], values["map_75"], values["mar_1"], values["mar_100"]]
    np.testing.assert_allclose(found, expected[[0, 1, 2, 6, 8]], atol=1e-6)
