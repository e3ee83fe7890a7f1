"""Parts whose inference dominates and is written down: what `bench_grid.py` runs, whoever runs it."""

from __future__ import annotations

import os
import pickle
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


def loaded(file: str) -> Any:
    """A model that was fitted before and lies in a file, as models do."""
    return pickle.loads(Path(file).read_bytes())


class Written:
    """A model that appends lines to a file: one when it is made, and one for each batch, with data seen and seconds."""

    def __init__(self, model: Any, file: str, id: str) -> None:
        self._model, self._file = model, file
        self.metadata = {**model.metadata, "id": id}
        self._write(f"made {id}")

    def __call__(self, batch: Sequence[Any]) -> Sequence[Any]:
        began = time.perf_counter()
        answer = self._model(batch)
        self._write(f"{len(batch)} {time.perf_counter() - began}")
        return answer

    def _write(self, line: str) -> None:
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(handle, f"{line}\n".encode())  # one write, so that lines of several processes do not mix
        os.close(handle)


def written(file: Path) -> tuple[int, int, float]:
    """Models made; data and seconds of inference, summed over all batches."""
    lines = [line.split() for line in file.read_text().splitlines()]
    batches = [(int(first), float(second)) for first, second in lines if first != "made"]
    return len(lines) - len(batches), sum(n for n, _ in batches), sum(seconds for _, seconds in batches)
