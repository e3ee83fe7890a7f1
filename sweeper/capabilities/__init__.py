"""Capabilities: what is measured about datasets and models, each with a typed result and flat rows."""

from __future__ import annotations

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun
from sweeper.capabilities.data_quality import DataQuality, DataQualityRecord, DataQualityRun
from sweeper.capabilities.detection_error_records import (
    DetectionConfusionRecord,
    DetectionErrorRecord,
    DetectionImageRecord,
    DetectionOverlapRecord,
)
from sweeper.capabilities.detection_errors import DetectionErrors, DetectionErrorsRun
from sweeper.capabilities.detection_quality import DetectionQuality, DetectionQualityRun
from sweeper.capabilities.detection_quality_rows import DetectionQualityRecord
from sweeper.capabilities.detection_shift import DetectionShift, DetectionShiftRun
from sweeper.capabilities.detection_shift_rows import DetectionShiftRecord
from sweeper.capabilities.error_analysis import ErrorAnalysis, ErrorAnalysisRun
from sweeper.capabilities.error_records import (
    CalibrationRecord,
    ConfusionRecord,
    ErrorAnalysisRecord,
    SliceClassRecord,
    WorstDatumRecord,
)
from sweeper.capabilities.evaluate import Evaluate, EvaluateRun, EvaluationRecord
from sweeper.capabilities.predictions import Predictions, predict
from sweeper.capabilities.robustness import Robustness, RobustnessRecord, RobustnessRun
from sweeper.capabilities.shift import Shift, ShiftRecord, ShiftRun

__all__ = [
    "BuiltinCapability",
    "CalibrationRecord",
    "CapabilityRun",
    "ConfusionRecord",
    "DataQuality",
    "DataQualityRecord",
    "DataQualityRun",
    "DetectionConfusionRecord",
    "DetectionErrorRecord",
    "DetectionErrors",
    "DetectionErrorsRun",
    "DetectionImageRecord",
    "DetectionOverlapRecord",
    "DetectionQuality",
    "DetectionQualityRecord",
    "DetectionQualityRun",
    "DetectionShift",
    "DetectionShiftRecord",
    "DetectionShiftRun",
    "ErrorAnalysis",
    "ErrorAnalysisRecord",
    "ErrorAnalysisRun",
    "Evaluate",
    "EvaluateRun",
    "EvaluationRecord",
    "Predictions",
    "Robustness",
    "RobustnessRecord",
    "RobustnessRun",
    "Shift",
    "ShiftRecord",
    "ShiftRun",
    "SliceClassRecord",
    "WorstDatumRecord",
    "predict",
]
