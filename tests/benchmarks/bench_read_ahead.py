"""How much a model waits for the images of a folder, with and without threads that read them ahead.

python tests/benchmarks/bench_read_ahead.py [--images 2048] [--size 96] [--batch-s 0.1]

The model sleeps for each batch of 64, as a process does that waits for a GPU, so that the processors are free to decode
JPEG files. What is told is the time that its batches take alone, divided by the time of the whole pass: 1 where it
never waits.
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
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dataset = written(Path(folder), asked.images, asked.size)
        batches = -(-asked.images // BATCH)
        rows: list[tuple[int, float, float]] = []
        for threads in (0, 1, 2, 0, 1, 2):
            began = time.perf_counter()
            predict_batches(Sleeping(asked.batch_s), dataset, None, BATCH, range(batches), threads=threads)
            seconds = time.perf_counter() - began
            rows.append((threads, seconds, batches * asked.batch_s / seconds))
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(tabulate(rows, ("threads", "seconds", "of the model alone"), floatfmt=("", ".2f", ".2f")))


if __name__ == "__main__":
    main()
