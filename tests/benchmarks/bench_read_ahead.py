"""How much a model waits for the images of a folder, with and without threads that read them ahead.

python tests/benchmarks/bench_read_ahead.py [--images 2048] [--size 96] [--batch-s 0.1]
python tests/benchmarks/bench_read_ahead.py --device cuda [--width 64] [--threads 0 8 16]      # needs torch

The model sleeps for each batch of 64, as a process does that waits for a GPU, so that the processors are free to decode
JPEG files. What is told is the time that its batches take alone, divided by the time of the whole pass: 1 where it
never waits.

With `--device`, the model is a network of torch on that device, of as many channels as `--width` says, and alone means:
the same batches, read before. On `cuda` the aim is 0.9, with a thread for each processor.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tabulate import tabulate

from sweeper.capabilities.predictions import predict_batches
from sweeper.datasets import ImageFolder

BATCH = 64


class Sleeping:
    """A classifier of two classes that sleeps for each batch."""

    def __init__(self, batch_s: float) -> None:
        self._batch_s = batch_s
        self.metadata = {"id": "sleeping", "index2label": {0: "a", 1: "b"}}

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        time.sleep(self._batch_s)
        return [np.array([0.5, 0.5], np.float32)] * len(batch)


class Network:
    """A classifier of two classes with four layers of convolutions on a device, which it waits for."""

    def __init__(self, device: str, width: int) -> None:
        import torch
        from torch import nn

        torch.manual_seed(0)
        layers: list[Any] = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
        for _ in range(3):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
        self._network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 2)).to(device)
        self._device = device
        self.metadata = {"id": "network", "index2label": {0: "a", 1: "b"}}

    def __call__(self, batch: Sequence[Any]) -> Any:
        import torch

        images = torch.from_numpy(np.stack(batch))
        with torch.inference_mode():
            return torch.softmax(self._network(images.to(self._device).float().div_(255)), dim=1).cpu()


def alone_s(model: Any, dataset: ImageFolder, batches: int) -> float:
    """Seconds of the model alone, on the same batches from memory; they are read anew in small parts."""
    seconds = 0.0
    for number in range(batches):
        inputs = [np.asarray(dataset[i][0]) for i in range(number * BATCH, min((number + 1) * BATCH, len(dataset)))]
        began = time.perf_counter()
        model(inputs)
        seconds += time.perf_counter() - began
    return seconds


def written(folder: Path, images: int, size: int) -> ImageFolder:
    """A folder of noisy photographs of two classes."""
    random = np.random.default_rng(0)
    ramp = np.linspace(0, 200, size)[:, None, None] + np.linspace(0, 40, size)[None, :, None]
    for number in range(images):
        path = folder / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray((ramp + random.integers(0, 15, (size, size, 3))).astype(np.uint8)).save(path)
    return ImageFolder(str(folder))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=2048)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--batch-s", type=float, default=0.1)
    parser.add_argument("--device", help="cpu or cuda: a network of torch instead of one that sleeps")
    parser.add_argument("--width", type=int, default=64, help="channels of that network")
    parser.add_argument("--threads", type=int, nargs="+", default=[0, 1, 2])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dataset = written(Path(folder), asked.images, asked.size)
        batches = -(-asked.images // BATCH)
        rows: list[tuple[int, float, float]] = []
        model = Network(asked.device, asked.width) if asked.device else Sleeping(asked.batch_s)
        predict_batches(model, dataset, None, BATCH, range(2))  # what is made once: kernels, memory, imports
        for threads in (*asked.threads, *asked.threads):
            alone = alone_s(model, dataset, batches) if asked.device else batches * asked.batch_s
            began = time.perf_counter()
            predict_batches(model, dataset, None, BATCH, range(batches), threads=threads)
            seconds = time.perf_counter() - began
            rows.append((threads, seconds, alone / seconds))
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(tabulate(rows, ("threads", "seconds", "of the model alone"), floatfmt=("", ".2f", ".2f")))


if __name__ == "__main__":
    main()
