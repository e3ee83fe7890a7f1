"""A dataset and a model whose predictions are larger than the memory that a process may take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class ManyImages:
    """So many tiny images of so many classes, each made when it is read."""

    def __init__(self, size: int, classes: int) -> None:
        self._size, self._classes = size, classes
        self.metadata = {"id": "many images", "index2label": {index: f"class {index}" for index in range(classes)}}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> tuple[Array, Array, dict[str, Any]]:
        if not 0 <= index < self._size:
            raise IndexError(index)
        label = index * 7919 % self._classes
        target = np.zeros(self._classes, np.float32)
        target[label] = 1
        image = np.full((1, 1, 2), label, np.float32)
        image[0, 0, 1] = index % 1000 / 1000
        return image, target, {"id": index}


class WideClassifier:
    """Probabilities of many classes: the true one gets more the larger the second pixel of an image is."""

    def __init__(self, classes: int) -> None:
        self._noise = np.random.default_rng(0).random((64, classes), np.float32)
        self.metadata = {"id": "wide", "index2label": {index: f"class {index}" for index in range(classes)}}

    def __call__(self, batch: Sequence[Array]) -> list[Array]:
        pixels = np.stack(batch)[:, 0, 0]
        scores = self._noise[(pixels[:, 1] * 1000).astype(int) % 64].copy()
        scores[np.arange(len(batch)), pixels[:, 0].astype(int)] += 600 * pixels[:, 1] ** 2
        return list(scores / scores.sum(axis=1, keepdims=True))
