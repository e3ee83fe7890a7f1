"""A made detection set of bright rectangles on dark noise, and detectors that find them, importable by workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sweeper.datasets import DetectionTarget

NAMES = {0: "flat", 1: "tall"}
SIDE = 64


class Rectangles:
    """Images (1 x 64 x 64, float32) with up to `most` bright rectangles: class 0 is flat, class 1 is tall.

    Parameters
    ----------
    n, seed
        Number of images, and what they are drawn by.
    videos
        Each image has the metadata `video`, of so many.
    wrong
        What the truth of image 2 has that no truth may have: a key of `WRONG`.
    names
        The index2label; `None` for none.
    """

    def __init__(
        self,
        n: int = 40,
        seed: int = 0,
        *,
        most: int = 4,
        videos: int = 20,
        wrong: str = "",
        names: Mapping[int, str] | None = NAMES,
        id: str = "rectangles",
    ) -> None:
        self.n, self.seed, self.most, self.videos, self.wrong = n, seed, most, videos, wrong
        self.metadata: dict[str, Any] = {"id": id} | ({} if names is None else {"index2label": dict(names)})

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> tuple[np.ndarray, Any, dict[str, Any]]:
        if not 0 <= index < self.n:
            raise IndexError(index)
        image, truth = drawn(np.random.default_rng([self.seed, index]), self.most)
        given = WRONG[self.wrong](truth) if self.wrong and index == 2 else truth
        return image, given, {"id": f"image-{index}", "video": f"video-{index % self.videos}"}


def drawn(random: np.random.Generator, most: int) -> tuple[np.ndarray, DetectionTarget]:
    """An image and its truth; rectangles lie in fields of their own, so that they do not touch."""
    image = random.random((1, SIDE, SIDE), np.float32) * 0.2
    fields = random.permutation(4)[: random.integers(0, most + 1)]
    boxes, labels = [], []
    for field in fields:
        label = int(random.integers(0, 2))
        high, wide = (int(random.integers(14, 22)), int(random.integers(6, 11)))[:: 1 if label else -1]
        x, y = (
            int(start + random.integers(2, 32 - size - 2))
            for start, size in zip((field % 2 * 32, field // 2 * 32), (wide, high), strict=True)
        )
        image[0, y : y + high, x : x + wide] += 0.7
        boxes.append([x, y, x + wide, y + high])
        labels.append(label)
    return image, DetectionTarget(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64), np.ones(len(labels), np.float32)
    )


class Thresholds:
    """Finds what is brighter than `threshold`, as scipy labels it; mistakes are drawn from what is in the image.

    Parameters
    ----------
    miss, double, confuse, shift
        The probability with which an object is missed, found twice, or given the other class, and by how many pixels
        its box is moved.
    false
        How many boxes of nothing each image gets on average.
    wrong
        What the answer for an image with objects has that no answer may have: a key of `WRONG`.
    names
        The index2label; `None` for none.
    """

    def __init__(
        self,
        *,
        threshold: float = 0.45,
        miss: float = 0.0,
        double: float = 0.0,
        confuse: float = 0.0,
        shift: float = 0.0,
        false: float = 0.0,
        wrong: str = "",
        names: Mapping[int, str] | None = NAMES,
        id: str = "thresholds",
    ) -> None:
        self.threshold, self.miss, self.double, self.confuse = threshold, miss, double, confuse
        self.shift, self.false, self.wrong = shift, false, wrong
        self.metadata: dict[str, Any] = {"id": id} | ({} if names is None else {"index2label": dict(names)})

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        return [self._found(np.asarray(image, np.float32)) for image in batch]

    def _found(self, image: np.ndarray) -> Any:
        from scipy import ndimage

        marked, _ = ndimage.label(image.mean(axis=0) > self.threshold)
        slices = ndimage.find_objects(marked)
        boxes = [[x.start, y.start, x.stop, y.stop] for y, x in slices if (x.stop - x.start) * (y.stop - y.start) > 8]
        random = np.random.default_rng(int(image.sum() * 1000))  # the same mistakes each time this image is seen
        answer = self._with_mistakes(np.array(boxes, np.float32).reshape(-1, 4), random)
        return WRONG[self.wrong](answer) if self.wrong and len(answer.labels) else answer

    def _with_mistakes(self, boxes: np.ndarray, random: np.random.Generator) -> DetectionTarget:
        boxes = boxes[random.random(len(boxes)) >= self.miss]
        boxes = np.concatenate([boxes, boxes[random.random(len(boxes)) < self.double]])
        labels = (boxes[:, 3] - boxes[:, 1] > boxes[:, 2] - boxes[:, 0]).astype(np.int64)
        labels = np.where(random.random(len(labels)) < self.confuse, 1 - labels, labels)
        boxes = boxes + random.normal(0, self.shift, (len(boxes), 1)) if self.shift else boxes
        corners = random.integers(0, SIDE - 16, (random.poisson(self.false), 2))
        boxes = np.concatenate([boxes, np.concatenate([corners, corners + 12], axis=1)]).astype(np.float32)
        labels = np.concatenate([labels, random.integers(0, 2, len(corners))])
        scores = np.clip(
            random.normal(np.where(np.arange(len(labels)) < len(labels) - len(corners), 0.8, 0.5), 0.1), 0, 1
        )
        return DetectionTarget(boxes, labels, scores.astype(np.float32))


def _with_box(target: DetectionTarget, box: Sequence[float]) -> DetectionTarget:
    return replace(target, boxes=np.array([box] * len(target.labels), np.float32).reshape(-1, 4))


WRONG: Mapping[str, Any] = {
    "reversed": lambda target: _with_box(target, [9, 5, 3, 9]),
    "infinite": lambda target: _with_box(target, [0, 0, float("inf"), 9]),
    "three": lambda target: replace(target, boxes=target.boxes[:, :3]),
    "shorter": lambda target: replace(target, labels=target.labels[:-1]),
    "halves": lambda target: replace(target, labels=target.labels + 0.5),
    "unknown": lambda target: replace(target, labels=target.labels + 7),
    "percent": lambda target: replace(target, scores=target.scores * 100),
    "nan": lambda target: replace(target, scores=target.scores * np.nan),
    "wide": lambda target: replace(target, scores=np.repeat(target.scores[:, None], 2, axis=1)),
}
"""Ways in which the boxes of an image are none. `wide` is right: N x C scores are allowed."""
