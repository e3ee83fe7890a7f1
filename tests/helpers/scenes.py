"""Made images with boxes, for tests of detection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sweeper.datasets import DetectionTarget


def target(
    boxes: Sequence[Sequence[float]],
    labels: Sequence[int] | None = None,
    scores: Sequence[float] | None = None,
    *,
    crowd: Sequence[bool] | None = None,
    area: Sequence[float] | None = None,
) -> DetectionTarget:
    """Boxes of one image; by default of class 0, and with scores of 1."""
    number = len(boxes)
    return DetectionTarget(
        np.array(boxes, np.float32).reshape(number, 4),
        np.array([0] * number if labels is None else labels, np.int64),
        np.array([1] * number if scores is None else scores, np.float32),
        None if crowd is None else np.array(crowd, np.bool_),
        None if area is None else np.array(area, np.float32),
    )


def scene(
    random: np.random.Generator, *, classes: int = 3, objects: int = 6, false: int = 4, crowds: float = 0.0
) -> tuple[DetectionTarget, DetectionTarget]:
    """Detections and truth of an image: some objects are missed, moved, found twice or given another class.

    Coordinates and scores are coarse, so that equal overlaps and equal scores are common.
    """
    number = int(random.integers(0, objects + 1))
    truth = _boxes(random, number)
    labels = random.integers(0, classes, number)
    again = random.integers(0, 3, number)
    found = np.repeat(truth, again, axis=0)
    found = found + random.integers(-4, 5, found.shape)
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
    found = np.concatenate([found, _boxes(random, int(random.integers(0, false + 1)))])
    said = np.concatenate([np.repeat(labels, again), random.integers(0, classes, len(found) - int(again.sum()))])
    said = np.where(random.random(len(said)) < 0.1, random.integers(0, classes, len(said)), said)
    scores = random.integers(1, 20, len(found)) / 20
    crowd = random.random(number) < crowds
    return target(found.tolist(), said.tolist(), scores.tolist()), target(
        truth.tolist(), labels.tolist(), crowd=crowd.tolist()
    )


def _boxes(random: np.random.Generator, number: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    corners = random.integers(0, 100, (number, 2))
    return np.concatenate([corners, corners + random.choice([8, 20, 40, 120], (number, 2))], axis=1)
