"""Types of MAITE's objects, for what works with every task: classification, detection, and others.

A protocol that takes data (a model, a metric, an augmentation) is contravariant in their type. So `Any` is the only
argument that all tasks fit. Import this module for type checking only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from maite.protocols import DatumMetadata
from maite.protocols import generic as gen

TaskDataset: TypeAlias = gen.Dataset[object, object, DatumMetadata]
TaskModel: TypeAlias = gen.Model[Any, object]
TaskMetric: TypeAlias = gen.Metric[Any, Any]
TaskAugmentation: TypeAlias = gen.Augmentation[object, object, DatumMetadata, Any, Any, Any]
Batch: TypeAlias = tuple[Sequence[object], Sequence[object], Sequence[DatumMetadata]]
"""Inputs, targets and metadata of some data, all of one length."""
ClassOrder: TypeAlias = Sequence[str] | Mapping[int, str] | TaskDataset | TaskModel
"""The order of classes: their names, a mapping from indices to names, or an object whose `index2label` is used."""
