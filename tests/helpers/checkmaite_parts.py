"""What the example of checkmaite evaluates, built by hand from its own API: the other side of every comparison."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

import sweeper

EXAMPLE = Path(__file__).parents[2] / "examples" / "checkmaite"
EMBEDDING = {
    "device": "cpu",
    "feature_extractor_spec": {"source": "torchvision", "name": "resnet18"},
    "target_embedding_dim": 512,
}
FEW_ITERATIONS = {"num_iters": 4, "sufficiency_schedule": [100, 200], "device": "cpu", "use_amp": False}
"""Enough to see that a network is trained at all."""
TOLERANCE = 1e-6


def maker() -> ModuleType:
    """The example's make_data.py as a module."""
    spec = importlib.util.spec_from_file_location("make_data", EXAMPLE / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def example_data(base: Path) -> Path:
    """The example's data, made once below this folder."""
    folder = base / "checkmaite_data"
    maker().main(folder)
    return folder


def sweep_here(data: Path, store: Path, *overrides: str) -> sweeper.SweepResult:
    """The example's sweep in this process, which has imported checkmaite already."""
    said = [f"data={data}", f"analytics_store.uri={store}", "job_backend.kind=inline"]
    where = {"config_dir": str(EXAMPLE / "conf"), "config_name": "digits"}
    return sweeper.sweep([*said, *overrides], progress=False, **where)


def assert_same_rows(got: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Equal text and whole numbers, equal fractions within 1e-6, whatever the order of the rows."""
    assert len(got) == len(expected) > 0
    fields = [name for name in expected[0] if name != "created_at"]
    for one, other in zip(_sorted(got, fields), _sorted(expected, fields), strict=True):
        for field in fields:
            if isinstance(other[field], float):
                assert math.isclose(one[field], other[field], rel_tol=0, abs_tol=TOLERANCE), (field, one, other)
            else:
                assert one[field] == other[field], (field, one, other)


def _sorted(rows: list[dict[str, Any]], fields: list[str]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [str(row[f]) for f in fields if not isinstance(row[f], float)])


def rewrite_canvases(data: Path, folder: Path) -> None:
    """The example's canvases again, in the layouts of YOLO and of VisDrone, with the same numbers for the labels."""
    said = json.loads((data / "canvases" / "annotations.json").read_text())
    for kind in ("yolo/images/train", "yolo/labels/train", "visdrone/images", "visdrone/annotations"):
        (folder / kind).mkdir(parents=True)
    for image in said["images"]:
        stem, pixels = Path(image["file_name"]).stem, (data / "canvases" / "images" / image["file_name"]).read_bytes()
        boxes = [(a["category_id"], *a["bbox"]) for a in said["annotations"] if a["image_id"] == image["id"]]
        (folder / "yolo" / "images" / "train" / f"{stem}.png").write_bytes(pixels)
        (folder / "visdrone" / "images" / f"{stem}.png").write_bytes(pixels)
        side = image["width"]
        (folder / "yolo" / "labels" / "train" / f"{stem}.txt").write_text(
            "".join(f"{c} {(x + w / 2) / side} {(y + h / 2) / side} {w / side} {h / side}\n" for c, x, y, w, h in boxes)
        )
        (folder / "visdrone" / "annotations" / f"{stem}.txt").write_text(
            "".join(f"{x},{y},{w},{h},1,{c},0,0\n" for c, x, y, w, h in boxes)
        )
    labels = ["background", *(category["name"] for category in said["categories"])]
    (folder / "yolo" / "data.yaml").write_text(json.dumps({"path": ".", "train": "images/train", "names": labels}))


class PerfectButOne:
    """A tracker that finds the example's three digits where they are, and in every second frame misses one."""

    def __init__(self) -> None:
        self.metadata = {"id": "perfect-but-one", "index2label": {1: "digit"}}

    def __call__(self, batch: Any) -> list[Any]:
        return [SimpleNamespace(frame_tracks=[_frame(n) for n, _ in enumerate(stream)]) for stream in batch]


def _frame(number: int) -> Any:
    tracks = [0, 1] if number % 2 else [0, 1, 2]
    boxes = np.array([[2 * number + t, t * 24, 2 * number + t + 24, t * 24 + 24] for t in tracks], np.float32)
    return SimpleNamespace(
        boxes=boxes, labels=np.ones(len(tracks), int), scores=np.ones(len(tracks)), track_ids=np.array(tracks) + 1
    )


class CellDetector:
    """A detector that takes the example's three rows for one digit each, and finds it by its brightness."""

    def __init__(self) -> None:
        self.metadata = {"id": "cells", "index2label": {0: "nothing", 1: "digit"}}

    def __call__(self, batch: Any) -> list[Any]:
        return [_detected(np.asarray(pixels).max(axis=0)) for pixels in batch]


def _detected(image: np.ndarray) -> Any:
    boxes: list[list[float]] = []
    for row in range(3):
        bright = np.flatnonzero(image[row * 24 : row * 24 + 24].max(axis=0) > image.max() / 4)
        middle = (bright[0] + bright[-1]) / 2
        boxes.append([middle - 12, row * 24, middle + 12, row * 24 + 24])
    return SimpleNamespace(boxes=np.array(boxes, np.float32), labels=np.ones(3, int), scores=np.full(3, 0.95))


class Counting:
    """A classifier that takes every image for a 3, and counts the images that it is shown in this process."""

    seen = 0

    def __init__(self) -> None:
        self.metadata = {"id": "counting", "index2label": {digit: str(digit) for digit in range(10)}}

    def __call__(self, batch: Any) -> list[Any]:
        Counting.seen += len(batch)
        return [np.eye(10, dtype=np.float32)[3] for _ in batch]


class Direct:
    """Runs checkmaite's capabilities on the example's data without sweeper."""

    def __init__(self, data: Path) -> None:
        import torch

        torch.set_num_threads(1)  # as Ray's workers have it: more of them add up in another order
        os.environ["TORCH_HOME"] = str(data / "torch")
        self._data = data

    def rows(self, capability: str, datasets: list[str], models: list[str], metrics: list[str]) -> list[dict[str, Any]]:
        """The records of one run, as dictionaries."""
        made, config = self._capability(capability)
        run = made.run(
            datasets=[self.part("datasets", name) for name in datasets],
            models=[self.part("models", name) for name in models],
            metrics=[self._metrics()[name]() for name in metrics],
            config=config,
            use_cache=False,
        )
        return [record.model_dump() for record in run.extract()]

    @cache  # noqa: B019 - one object, for one session of tests
    def part(self, axis: str, name: str) -> Any:
        """A dataset or a model, made once."""
        return (self._datasets() if axis == "datasets" else self._models())[name]()

    def _datasets(self) -> Mapping[str, Callable[[], Any]]:
        from checkmaite.core.image_classification.dataset_loaders import load_yolo_classification_dataset as yolo
        from checkmaite.core.object_detection.dataset_loaders import load_coco_detection_dataset as coco

        def canvases(name: str) -> Any:
            folder = self._data / name
            return coco(str(folder / "images"), str(folder / "annotations.json"))

        return {
            "digits": lambda: yolo(str(self._data / "digits"), split="test"),
            "digits_noisy": lambda: yolo(str(self._data / "digits_noisy"), split="test"),
            "digits_train": lambda: yolo(str(self._data / "digits"), split="train"),
            "canvases": lambda: canvases("canvases"),
            "canvases_noisy": lambda: canvases("canvases_noisy"),
        }

    def _models(self) -> Mapping[str, Callable[[], Any]]:
        from checkmaite.core.image_classification.models import OnnxICModel, TorchvisionICModel
        from checkmaite.core.object_detection.models import OnnxODModel, TorchvisionODModel
        from sklearn.ensemble import RandomForestClassifier

        from sweeper.models import SklearnClassifier

        def files(name: str, suffix: str) -> dict[str, str]:
            folder = self._data / "models"
            return {"weights_path": str(folder / f"{name}.{suffix}"), "config_path": str(folder / f"{name}.json")}

        def forest() -> Any:
            train = self.part("datasets", "digits_train")
            return SklearnClassifier(RandomForestClassifier(n_estimators=50, random_state=0), train)

        alexnet, ssdlite = files("alexnet", "pt"), files("ssdlite", "pt")
        return {
            "forest": forest,
            "mlp_onnx": lambda: OnnxICModel(**files("digits", "onnx"), device="cpu"),
            "alexnet": lambda: TorchvisionICModel(model_name="alexnet", device="cpu", **alexnet),
            "cells_onnx": lambda: OnnxODModel(**files("cells", "onnx"), device="cpu"),
            "ssdlite": lambda: TorchvisionODModel(model_name="ssdlite320_mobilenet_v3_large", device="cpu", **ssdlite),
        }

    def _metrics(self) -> Mapping[str, Callable[[], Any]]:
        from checkmaite.core.image_classification import metrics as ic
        from checkmaite.core.object_detection import metrics as od

        return {
            "checkmaite/ic_accuracy": lambda: ic.accuracy_multiclass_torch_metric_factory(num_classes=10),
            "checkmaite/ic_f1": lambda: ic.f1score_multiclass_torch_metric_factory(num_classes=10),
            "checkmaite/od_map50": od.map50_torch_metric_factory,
        }

    def _capability(self, name: str) -> tuple[Any, Any]:
        from checkmaite.core import image_classification as ic
        from checkmaite.core import object_detection as od

        kind, _, name = name.removeprefix("checkmaite/").partition("_")
        package: Any = {"ic": ic, "od": od}[kind]
        made: dict[str, tuple[str, dict[str, Any]]] = {
            "evaluation": ("MaiteEvaluation", {}),
            "robustness": ("NrtkRobustness", {"perturber_factory": _brightness()}),
            "cleaning": ("DataevalCleaning", {}),
            "bias": ("DataevalBias", EMBEDDING),
            "shift": ("DataevalShift", EMBEDDING),
            "feasibility": ("DataevalFeasibility", EMBEDDING),
            "explainability": ("XaitkExplainable", {"saliency_generator": _saliency(kind)}),
        }
        capability, config = made[name]
        return getattr(package, capability)(), getattr(package, f"{capability}Config")(**config)


def _brightness() -> Any:
    from nrtk.impls.perturb_image.photometric.enhance import BrightnessPerturber
    from nrtk.impls.perturb_image_factory import PerturberStepFactory

    return PerturberStepFactory(perturber=BrightnessPerturber, theta_key="factor", start=0.25, stop=1.25, step=0.25)


def _saliency(kind: str) -> Any:
    from xaitk_saliency.impls.gen_image_classifier_blackbox_sal.rise import RISEStack
    from xaitk_saliency.impls.gen_object_detector_blackbox_sal.drise import DRISEStack

    if kind == "ic":
        return RISEStack(n=50, s=7, p1=0.7, seed=42, threads=1, debiased=True)
    return DRISEStack(n=20, s=7, p1=0.7, seed=42, threads=1, fill=[95, 96, 93])
