"""Which of our own parts need an extra, seen before anything is imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache

from sweeper.common.extras import Extra, how_to_install

NEEDED: dict[str, tuple[Extra, tuple[str, ...]]] = {
    "sweeper.models.OnnxClassifier": ("onnx", ("modelmaite", "onnx", "onnxruntime")),
    "sweeper.models.OnnxDetector": ("onnx", ("modelmaite", "onnx", "onnxruntime")),
    "sweeper.models.TorchvisionClassifier": ("torch", ("torch", "torchvision")),
    "sweeper.models.TorchvisionDetector": ("torch", ("torch", "torchvision")),
    "sweeper.models.TorchExport": ("torch", ("torch",)),
    "sweeper.augmentations.Nrtk": ("nrtk", ("nrtk",)),
    "sweeper.metrics.CocoMap": ("detection", ("faster_coco_eval",)),
}
"""The extra of a target and the packages that it is made of."""


EXTRAS: Mapping[str, Extra] = {
    "duckdb": "sql",
    "checkmaite": "checkmaite",
    "datamaite": "data",
    "modelmaite": "checkmaite",
    "nrtk": "nrtk",
    "torchmetrics": "checkmaite",
    "xaitk_saliency": "checkmaite",
}
"""Packages of others that come with an extra of ours."""


def extra_of(target: str) -> Extra | None:
    """The extra that a class or function needs; `None` for what the core has, and for what is not known here."""
    return NEEDED[target][0] if target in NEEDED else EXTRAS.get(target.partition(".")[0])


@cache
def what_is_missing(target: str) -> str | None:
    """Which package a target of ours lacks and how to get it, as a sentence; `None` if nothing is missing."""
    extra, packages = NEEDED.get(target, (None, ()))
    if extra is None:
        return None
    missing = next((package for package in packages if importlib.util.find_spec(package) is None), None)
    return None if missing is None else f"it needs {missing}, which is not installed. {how_to_install(extra)}"
