"""Models as MAITE image-classification objects."""

from __future__ import annotations

from sweeper.models.onnx_classifier import OnnxClassifier
from sweeper.models.reindexed import Reindexed
from sweeper.models.sklearn_classifier import SklearnClassifier

__all__ = ["OnnxClassifier", "Reindexed", "SklearnClassifier"]
