"""Capabilities: what is measured about datasets and models, each with a typed result and flat rows."""

from __future__ import annotations

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun
from sweeper.capabilities.evaluate import Evaluate, EvaluateRun, EvaluationRecord
from sweeper.capabilities.predictions import Predictions, predict

__all__ = [
    "BuiltinCapability",
    "CapabilityRun",
    "Evaluate",
    "EvaluateRun",
    "EvaluationRecord",
    "Predictions",
    "predict",
]
