"""Detection datasets and detectors that say what a test tells them to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweeper.common.detections import DetectionTarget


def boxes_of(boxes: Any, labels: Any = None, scores: Any = None, **further: Any) -> DetectionTarget:
    """Boxes of one image; by default all of class 0, with the score 1."""
    corners = np.asarray(boxes, np.float32).reshape(-1, 4)
    classes = np.zeros(len(corners), np.int64) if labels is None else np.asarray(labels, np.int64)
    sure = np.ones(len(corners), np.float32) if scores is None else np.asarray(scores, np.float32)
    return DetectionTarget(corners, classes, sure, **further)


class Scenes:
    """A detection dataset of these images and boxes."""

    def __init__(
        self,
        targets: Sequence[Any],
        images: Sequence[Any] | None = None,
        *,
        names: Sequence[str] = ("cat", "dog", "owl"),
        size: tuple[int, int] = (40, 50),
        metadata: Sequence[Mapping[str, Any]] | None = None,
        id: str = "scenes",
    ) -> None:
        random = np.random.default_rng(len(targets))
        self._targets = targets
        self._images = images or [random.random((3, *size), np.float32) for _ in targets]
        self._metadata = metadata or [{} for _ in targets]
        self.metadata = {"id": id, "index2label": dict(enumerate(names))}

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, index: int) -> tuple[Any, Any, dict[str, Any]]:
        if index >= len(self):
            raise IndexError(index)
        return self._images[index], self._targets[index], {"id": f"i{index}", **self._metadata[index]}


class Answers:
    """A detector that gives these answers, one image after another."""

    def __init__(self, answers: Sequence[Any], names: Sequence[str] = ("cat", "dog", "owl"), id: str = "told") -> None:
        self._answers, self._next = answers, 0
        self.metadata = {"id": id, "index2label": dict(enumerate(names))}

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        start = self._next
        self._next = (start + len(batch)) % len(self._answers)
        return list(self._answers[start : start + len(batch)])
