"""Parts whose inference dominates and is written down: what `bench_grid.py` runs, whoever runs it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Repeated:
    """A dataset as many times over, read once and kept in memory."""

    def __init__(self, dataset: Any, times: int, id: str) -> None:
        self._data = [dataset[index] for index in range(len(dataset))]
        self._times = times
        self.metadata = {**dataset.metadata, "id": id}

    def __len__(self) -> int:
        return len(self._data) * self._times

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        image, target, metadata = self._data[index % len(self._data)]
        return image, target, {**metadata, "id": str(index)}


class Written:
    """A model that appends a line for each batch to a file: how many data it saw, and how many seconds they took."""

    def __init__(self, model: Any, file: str, id: str) -> None:
        self._model, self._file = model, file
        self.metadata = {**model.metadata, "id": id}

    def __call__(self, batch: Sequence[Any]) -> Sequence[Any]:
        began = time.perf_counter()
        answer = self._model(batch)
        line = f"{len(batch)} {time.perf_counter() - began}\n".encode()
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(handle, line)  # one write, so that lines of several processes do not mix
        os.close(handle)
        return answer


def written(file: Path) -> tuple[int, float]:
    """Data and seconds of inference, summed over all lines."""
    lines = [line.split() for line in file.read_text().splitlines()]
    return sum(int(n) for n, _ in lines), sum(float(seconds) for _, seconds in lines)
