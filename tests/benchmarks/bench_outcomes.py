"""What the table by datum of an inference costs, for each datum: time to derive and to write it, to read it, its size.

python tests/benchmarks/bench_outcomes.py [--data 200000] [--classes 10 100] [--repeats 3]

Batches of 64 with float32 scores and one-hot targets; ids as an image folder gives them. The best repeat counts.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from sweeper.capabilities.batches import MetadataBatch
from sweeper.capabilities.outcomes import outcomes_of
from sweeper.capabilities.predictions import Predictions
from sweeper.store import open_store

BATCH = 64


def predictions(data: int, classes: int) -> Predictions:
    chance = np.random.default_rng(0)
    labels = chance.integers(0, classes, data)
    batches = [labels[start : start + BATCH] for start in range(0, data, BATCH)]
    scores = [chance.dirichlet(np.ones(classes), len(batch)).astype(np.float32) for batch in batches]
    targets = [np.eye(classes, dtype=np.float32)[batch] for batch in batches]
    metadata = [
        MetadataBatch(
            {"id": f"images/site_{i % 7}/img_{64 * number + i:07d}.png", "site": i % 7} for i in range(len(batch))
        )
        for number, batch in enumerate(batches)
    ]
    return Predictions(tuple(scores), tuple(targets), tuple(metadata))


def best(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Seconds of the fastest of some repeats, and what the last gave."""
    times: list[float] = []
    for _ in range(repeats + 1):  # the first imports
        began = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - began)
    return min(times[1:]), made


def measured(data: int, classes: int, keys: tuple[str, ...], repeats: int) -> dict[str, Any]:
    made = predictions(data, classes)
    derived_s, found = best(lambda: outcomes_of(made, keys), repeats)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        columns = {"datum_id": found.datum_id, **found.columns, **found.metadata}
        written_s, inference_id = best(lambda: store.write_outcomes({"": columns}), repeats)
        read_s, _ = best(lambda: store.outcomes([inference_id]), repeats)
        size = (Path(folder) / ".sweeper" / "outcomes" / f"{inference_id}.parquet").stat().st_size
    return {
        "classes": classes,
        "metadata": ", ".join(keys),
        "derive, us": derived_s / data * 1e6,
        "write, us": written_s / data * 1e6,
        "read, us": read_s / data * 1e6,
        "bytes": size / data,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=int, default=200_000)
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    rows = [measured(asked.data, n, keys, asked.repeats) for n in asked.classes for keys in ((), ("site",))]
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {asked.data:,} data")
    print(tabulate(rows, headers="keys", floatfmt=".2f"))


if __name__ == "__main__":
    main()
