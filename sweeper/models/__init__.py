"""Models as MAITE image-classification and object-detection objects."""

from __future__ import annotations

from sweeper.models.onnx_classifier import OnnxClassifier
from sweeper.models.reindexed import Reindexed
from sweeper.models.sklearn_classifier import SklearnClassifier
from sweeper.models.torchvision_classifier import TorchvisionClassifier

__all__ = ["OnnxClassifier", "Reindexed", "SklearnClassifier", "TorchvisionClassifier"]
