"""What the example of checkmaite evaluates, built by hand from its own API: the other side of every comparison."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

EXAMPLE = Path(__file__).parents[1] / "examples" / "checkmaite"
BATCH = 20
EMBEDDING = {
    "device": "cpu",
    "feature_extractor_spec": {"source": "torchvision", "name": "resnet18"},
    "target_embedding_dim": 512,
}


def maker() -> ModuleType:
    """The example's make_data.py as a module."""
    spec = importlib.util.spec_from_file_location("make_data", EXAMPLE / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
            datasets=[self._part(self._datasets(), name) for name in datasets],
            models=[self._part(self._models(), name) for name in models],
            metrics=[self._metrics()[name]() for name in metrics],
            config=config,
            use_cache=False,
        )
        return [record.model_dump() for record in run.extract()]

    @cache  # noqa: B019 - one object, for one session of tests
    def _part(self, parts: Any, name: str) -> Any:
        return parts[name]()

    @cache  # noqa: B019
    def _datasets(self) -> Any:
        from checkmaite.core.image_classification.dataset_loaders import load_yolo_classification_dataset as yolo
        from checkmaite.core.object_detection.dataset_loaders import load_coco_detection_dataset as coco

        def canvases(name: str) -> Any:
            folder = self._data / name
            return coco(str(folder / "images"), str(folder / "annotations.json"))

        return _Table(
            {
                "digits": lambda: yolo(str(self._data / "digits"), split="test"),
                "digits_noisy": lambda: yolo(str(self._data / "digits_noisy"), split="test"),
                "canvases": lambda: canvases("canvases"),
                "canvases_noisy": lambda: canvases("canvases_noisy"),
            }
        )

    @cache  # noqa: B019
    def _models(self) -> Any:
        from checkmaite.core.image_classification.dataset_loaders import load_yolo_classification_dataset as yolo
        from checkmaite.core.image_classification.models import OnnxICModel, TorchvisionICModel
        from checkmaite.core.object_detection.models import OnnxODModel, TorchvisionODModel
        from sklearn.ensemble import RandomForestClassifier

        from sweeper.models import SklearnClassifier

        def files(name: str, suffix: str) -> dict[str, str]:
            folder = self._data / "models"
            return {"weights_path": str(folder / f"{name}.{suffix}"), "config_path": str(folder / f"{name}.json")}

        def forest() -> Any:
            train = yolo(str(self._data / "digits"), split="train")
            return SklearnClassifier(RandomForestClassifier(n_estimators=50, random_state=0), train)

        alexnet, ssdlite = files("alexnet", "pt"), files("ssdlite", "pt")
        return _Table(
            {
                "forest": forest,
                "mlp_onnx": lambda: OnnxICModel(**files("digits", "onnx"), device="cpu"),
                "alexnet": lambda: TorchvisionICModel(model_name="alexnet", device="cpu", **alexnet),
                "cells_onnx": lambda: OnnxODModel(**files("cells", "onnx"), device="cpu"),
                "ssdlite": lambda: TorchvisionODModel(
                    model_name="ssdlite320_mobilenet_v3_large", device="cpu", **ssdlite
                ),
            }
        )

    @cache  # noqa: B019
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
        from nrtk.impls.perturb_image.photometric.enhance import BrightnessPerturber
        from nrtk.impls.perturb_image_factory import PerturberStepFactory

        if name == "checkmaite/ic_robustness":
            factory = PerturberStepFactory(
                perturber=BrightnessPerturber, theta_key="factor", start=0.25, stop=1.25, step=0.25
            )
            return ic.NrtkRobustness(), ic.NrtkRobustnessConfig(perturber_factory=factory)
        made: dict[str, tuple[Any, Any]] = {
            "checkmaite/ic_evaluation": (ic.MaiteEvaluation(), ic.MaiteEvaluationConfig(batch_size=BATCH)),
            "checkmaite/ic_cleaning": (ic.DataevalCleaning(), ic.DataevalCleaningConfig()),
            "checkmaite/ic_bias": (ic.DataevalBias(), ic.DataevalBiasConfig(**EMBEDDING)),
            "checkmaite/ic_shift": (ic.DataevalShift(), ic.DataevalShiftConfig(**EMBEDDING)),
            "checkmaite/od_evaluation": (od.MaiteEvaluation(), od.MaiteEvaluationConfig()),
        }
        return made[name]


class _Table(dict[str, Callable[[], Any]]):
    """A dictionary that can be a key, by identity."""

    __hash__ = object.__hash__
