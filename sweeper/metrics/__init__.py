"""Metrics as MAITE objects, of classification and of detection: each `compute()` gives `{key: float}`."""

from __future__ import annotations

from sweeper.metrics.calibration import ExpectedCalibrationError
from sweeper.metrics.coco_map import CocoMap
from sweeper.metrics.collected import CollectedMetric
from sweeper.metrics.detection_f1 import DetectionF1
from sweeper.metrics.detection_metric import DetectionMetric
from sweeper.metrics.sklearn_metric import SklearnMetric

__all__ = [
    "CocoMap",
    "CollectedMetric",
    "DetectionF1",
    "DetectionMetric",
    "ExpectedCalibrationError",
    "SklearnMetric",
]
