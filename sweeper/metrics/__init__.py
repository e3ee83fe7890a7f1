"""Metrics as MAITE image-classification objects: each `compute()` gives `{key: float}`."""

from __future__ import annotations

from sweeper.metrics.calibration import ExpectedCalibrationError
from sweeper.metrics.collected import CollectedMetric
from sweeper.metrics.sklearn_metric import SklearnMetric

__all__ = ["CollectedMetric", "ExpectedCalibrationError", "SklearnMetric"]
