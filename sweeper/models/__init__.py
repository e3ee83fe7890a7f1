"""Models as MAITE image-classification and object-detection objects."""

from __future__ import annotations

from sweeper.models.bright_regions import BrightRegions
from sweeper.models.onnx_classifier import OnnxClassifier
from sweeper.models.onnx_detector import OnnxDetector
from sweeper.models.reindexed import Reindexed
from sweeper.models.sklearn_classifier import SklearnClassifier
from sweeper.models.torch_export import TorchExport
from sweeper.models.torchvision_classifier import TorchvisionClassifier
from sweeper.models.torchvision_detector import TorchvisionDetector

__all__ = [
    "BrightRegions",
    "OnnxClassifier",
    "OnnxDetector",
    "Reindexed",
    "SklearnClassifier",
    "TorchExport",
    "TorchvisionClassifier",
    "TorchvisionDetector",
]
