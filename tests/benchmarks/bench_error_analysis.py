"""How long an error analysis takes, and how much memory, over predictions that are made as it reads them.

python tests/benchmarks/bench_error_analysis.py [--data 1000000] [--classes 100]

The predictions are never in memory together, as those are that lie in Ray's object store. Of each block they are made
anew whenever it is read; what that takes by itself is measured by reading all blocks once, and told beside.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tabulate import tabulate

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sweeper.capabilities import ErrorAnalysis
from sweeper.capabilities.batches import BlockReader, Column, MadeBatch, MetadataBatch
from sweeper.capabilities.predictions import Predictions

BATCH, BATCHES = 256, 32


@dataclass(frozen=True)
class Made:
    """A block of random predictions, the same whenever it is read."""

    numbers: Sequence[int]
    classes: int

    @property
    def data(self) -> int:
        return BATCH * len(self.numbers)

    def batches(self) -> Sequence[MadeBatch]:
        return [self._batch(number) for number in self.numbers]

    def _batch(self, number: int) -> MadeBatch:
        random = np.random.default_rng(number)
        labels = random.integers(0, self.classes, BATCH)
        scores = random.random((BATCH, self.classes), np.float32)
        scores[np.arange(BATCH), labels] += 0.9
        scores /= scores.sum(axis=1, keepdims=True)
        light, first = random.random(BATCH), BATCH * number
        metadata = [{"id": first + k, "light": float(light[k]), "site": f"site {k % 8}"} for k in range(BATCH)]
        return MadeBatch(number, scores, np.eye(self.classes, dtype=np.float32)[labels], MetadataBatch(metadata))


@dataclass(frozen=True)
class Part:
    """Stands for the model and the dataset, which are not asked for anything but what they are."""

    metadata: dict[str, object]

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: int) -> None: ...

    def __call__(self, batch: object) -> None: ...


def largest_mb() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=100)
    asked = parser.parse_args()
    count = -(-asked.data // BATCH)
    blocks = [Made(range(k, min(k + BATCHES, count)), asked.classes) for k in range(0, count, BATCHES)]
    began = time.perf_counter()
    for block in blocks:
        block.batches()
    making, before = time.perf_counter() - began, largest_mb()
    reader = BlockReader(blocks)
    columns = [Column[object](reader, field) for field in ("predictions", "targets", "metadata")]
    model, data = Part({"id": "random"}), Part({"id": "random"})
    rows = []
    for by in ((), ("site", "light")):
        began = time.perf_counter()
        found = ErrorAnalysis(by=by, pictures=False).run([model], [data], [], predictions={"": Predictions(*columns)})
        took, records = time.perf_counter() - began, len(found.extract())
        rows.append((", ".join(by) or "-", f"{took:.1f}", f"{largest_mb() - before:.0f}", f"{records:,}"))
    print(f"{BATCH * count:,} data of {asked.classes} classes; making them takes {making:.1f} s for each reading")
    print(tabulate(rows, ("by", "seconds", "more MB than a block", "rows")))


if __name__ == "__main__":
    main()
