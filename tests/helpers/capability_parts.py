"""Small datasets, models and metrics that tests of capabilities share."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scene_parts import Answers, Scenes, boxes_of

from sweeper.augmentations import LowLight
from sweeper.capabilities import (
    DataQuality,
    DetectionErrors,
    DetectionQuality,
    DetectionShift,
    ErrorAnalysis,
    Evaluate,
    Robustness,
    Shift,
)
from sweeper.datasets import ArrayDataset, Augmented, Digits
from sweeper.vocabulary import Arity

DIGITS = Digits()
TARGETS = [boxes_of([[1, 1, 20 + n, 30], [2, 0, 4, 60]], [n % 3, 1]) for n in range(12)]
SCENES, OTHER_SCENES = Scenes(TARGETS), Scenes(TARGETS[::2], id="others")


def dataset(images, labels, n_classes=10, id="made"):
    return ArrayDataset(images, labels, index2label={i: f"class {i}" for i in range(n_classes)}, id=id)


def with_images(images, labels):
    """The test digits, with more images appended; the added ones get the ids 540, 541, ..."""
    return dataset(np.concatenate([DIGITS.images, images]), np.concatenate([DIGITS.labels, labels]))


CASES = {
    "evaluate": (Evaluate(), Arity.ONE, Arity.ONE, Arity.ONE),
    "robustness": (Robustness(LowLight, [0.5]), Arity.ONE, Arity.ONE, Arity.ONE),
    "data_quality": (DataQuality(), Arity.ONE, Arity.ZERO, Arity.ZERO),
    "detection_quality": (DetectionQuality(), Arity.ONE, Arity.ZERO, Arity.ZERO),
    "detection_errors": (DetectionErrors(), Arity.ONE, Arity.ONE, Arity.ZERO),
    "detection_shift": (DetectionShift(), Arity.TWO, Arity.ZERO, Arity.ZERO),
    "shift": (Shift(), Arity.TWO, Arity.ZERO, Arity.ZERO),
    "error_analysis": (ErrorAnalysis(), Arity.ONE, Arity.ONE, Arity.ZERO),
}
COUNTS = {Arity.ZERO: 0, Arity.ONE: 1, Arity.TWO: 2}
ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def parts(case, model, metric, change=()):
    _, n_datasets, n_models, n_metrics = case
    counts = {"datasets": COUNTS[n_datasets], "models": COUNTS[n_models], "metrics": COUNTS[n_metrics], **dict(change)}
    detects = case[0].id.startswith("sweeper.detection_")
    stock = {
        "datasets": [SCENES, OTHER_SCENES, SCENES] if detects else [DIGITS, Augmented(DIGITS, LowLight(0.5)), DIGITS],
        "models": [Answers(TARGETS) if detects else model] * 3,
        "metrics": [metric] * 3,
    }
    return {axis: stock[axis][:count] for axis, count in counts.items()}


class Detections:
    """A detection dataset, model and metric in one: targets are objects, a different number of boxes for each image."""

    metadata = {"id": "detections"}  # noqa: RUF012 - a user's own class

    @dataclasses.dataclass
    class Target:
        boxes: np.ndarray
        labels: np.ndarray
        scores: np.ndarray

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError(index)
        target = self.Target(np.zeros((index + 1, 4)), np.zeros(index + 1), np.ones(index + 1))
        return np.zeros((3, 4, 4)), target, {"id": index}

    def __call__(self, batch):
        return [self[index][1] for index in range(len(batch))]

    def reset(self):
        self.boxes = 0

    def update(self, predictions, targets, metadata):
        self.boxes += sum(len(target.boxes) for target in targets)

    def compute(self):
        return {"boxes": np.float32(self.boxes), "per_class": np.zeros(2), "task": "detection", "ok": True}


class Plain(Detections):
    """A classification dataset of three images."""

    def __getitem__(self, index):
        image, _, metadata = super().__getitem__(index)
        return image, np.zeros(2), metadata
