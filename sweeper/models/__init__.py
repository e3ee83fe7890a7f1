"""Models as MAITE image-classification objects."""

from __future__ import annotations

from sweeper.models.reindexed import Reindexed
from sweeper.models.sklearn_classifier import SklearnClassifier

__all__ = ["Reindexed", "SklearnClassifier"]
