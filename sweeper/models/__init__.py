"""Models as MAITE image-classification objects."""

from __future__ import annotations

from sweeper.models.sklearn_classifier import SklearnClassifier

__all__ = ["SklearnClassifier"]
