"""A classifier and a detector of torch that live on a device and answer with tensors of it; torch is imported late."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sweeper.datasets import Digits

CLASSES = {n: str(n) for n in range(10)}


class Classifier:
    """A small network with weights drawn from a seed, for images of 1 x 8 x 8.

    Parameters
    ----------
    device
        `cpu` or `cuda`: of those that its process sees, as Ray has set them for the resources that were asked for.
    form
        What a batch is answered with: one `tensor`, a `list` of tensors, or tensors of a graph of gradients (`graph`).
    notes
        A folder in which each call leaves a file named after its process, the device of the weights, the times at which
        it began and ended.
    ballast
        So many bytes of the device are taken beside the weights.
    sleep_s
        How long a call lasts at least.
    """

    def __init__(
        self,
        device: str,
        form: str = "tensor",
        *,
        seed: int = 0,
        notes: str | None = None,
        ballast: int = 0,
        sleep_s: float = 0.0,
        id: str = "torch",
    ) -> None:
        import torch

        generator = torch.Generator().manual_seed(seed)
        self.weights = torch.randn(64, 10, generator=generator).to(device)
        self.ballast = torch.zeros(ballast, dtype=torch.uint8, device=device)
        self._form, self._notes, self._sleep_s = form, notes, sleep_s
        self.metadata = {"id": id, "index2label": CLASSES}

    def __call__(self, batch: Sequence[Any]) -> Any:
        import torch

        began = time.time()
        images = torch.as_tensor(np.stack([np.asarray(image).reshape(-1) for image in batch])).float()
        with torch.set_grad_enabled(self._form == "graph"):
            weights = self.weights.clone().requires_grad_(self._form == "graph")
            scores = torch.softmax(images.to(weights.device) @ weights, dim=1)
        time.sleep(self._sleep_s)
        if self._notes:
            Path(self._notes, f"{os.getpid()} {self.weights.device.type} {began} {time.time()}").touch()
        return [*scores] if self._form == "list" else scores


@dataclass
class Found:
    """What a detector found in one image: boxes of n x 4, n labels and n scores."""

    boxes: Any
    labels: Any
    scores: Any


class Detector:
    """Finds a box around the brightest pixel and, in every other image, one around all."""

    metadata: dict[str, Any] = {"id": "boxes", "index2label": CLASSES}  # noqa: RUF012 - as MAITE has it

    def __init__(self, device: str) -> None:
        self._device = device

    def __call__(self, batch: Sequence[Any]) -> list[Found]:
        return [self._found(np.asarray(image)[0], count=1 + n % 2) for n, image in enumerate(batch)]

    def _found(self, image: np.ndarray, count: int) -> Found:
        import torch

        y, x = divmod(int(image.argmax()), image.shape[1])
        boxes = torch.tensor([[x, y, x + 1, y + 1], [0, 0, *image.shape[::-1]]], dtype=torch.float32)[:count]
        scores = torch.linspace(0.9, 0.8, count)
        return Found(*(each.to(self._device) for each in (boxes, torch.arange(count), scores)))


class Boxes:
    """The images of `Digits` with a box around all of each."""

    def __init__(self, size: int = 20) -> None:
        self._digits, self._size = Digits(split="test"), size
        self.metadata = {"id": "boxed", "index2label": CLASSES}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> tuple[Any, Found, dict[str, Any]]:
        if not 0 <= index < self._size:
            raise IndexError(index)
        image, _, metadata = self._digits[index]
        return image, Found(np.array([[0.0, 0.0, 8.0, 8.0]]), np.array([0]), np.array([1.0])), dict(metadata)


def calls(notes: Path) -> Iterator[tuple[str, str, float, float]]:
    """Process, device, and the times at which it began and ended, of each call."""
    for path in notes.iterdir():
        process, device, began, ended = path.name.split()
        yield process, device, float(began), float(ended)
