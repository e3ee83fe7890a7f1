"""How well all places are used by few inferences: 1 x 1, 1 x 4, 3 x 4 and 5 x 1 grids of models x datasets.

python tests/benchmarks/bench_shards.py [--slots 2] [--pass-s 20] [--grids 1x1 1x4 3x4 5x1]

A model sleeps for each batch, so that the machine's other work weighs little; with `--spin` it computes. What it has
made is counted in data. The time is that of the whole command, less that of the same sweep over datasets of one batch:
start-up, loading, scoring and the end. It is compared with the time of all batches divided by the places.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["PYTHONPATH"] = os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])

from tabulate import tabulate

BATCH, BATCH_S = 64, 0.05
CLASSES = {0: "a", 1: "b"}


class Images:
    """So many batches of images of 1 x 2 x 2."""

    def __init__(self, batches: int, id: str) -> None:
        self._size = batches * BATCH
        self.metadata = {"id": id, "index2label": CLASSES}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> tuple[Any, Any, dict[str, Any]]:
        if not 0 <= index < self._size:
            raise IndexError(index)
        return np.full((1, 2, 2), index, np.float32), np.eye(2, dtype=np.float32)[index % 2], {"id": str(index)}


class Slow:
    """A classifier that takes its time for each batch and counts the data in a file."""

    def __init__(self, file: str, id: str, spin: bool = False) -> None:
        self._file, self._spin = file, spin
        self.metadata = {"id": id, "index2label": CLASSES}

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        if self._spin:
            until = time.process_time() + BATCH_S
            while time.process_time() < until:
                pass
        else:
            time.sleep(BATCH_S)
        with open(self._file, "ab", buffering=0) as file:
            file.write(b"%d\n" % len(batch))
        shares = [int(image.flat[0]) * 7919 % 1000 / 1000 for image in batch]
        return [np.array([share, 1 - share], np.float32) for share in shares]


def swept(models: int, datasets: int, batches: int, slots: int, spin: bool) -> tuple[float, int]:
    """Seconds of the command, and data made."""
    folder = Path(tempfile.mkdtemp(prefix="bench-shards-"))
    made = folder / "made"
    parts = [
        *(
            f"+model.m{i}={{_target_: benchmarks.bench_shards.Slow, file: '{made}', id: m{i}, spin: {spin}}}"
            for i in range(models)
        ),
        *(
            f"+dataset.d{i}={{_target_: benchmarks.bench_shards.Images, batches: {batches}, id: d{i}}}"
            for i in range(datasets)
        ),
    ]
    none = ["capability=[evaluate]", "model=[]", "dataset=[]", "metric=[accuracy,f1_macro]", "exclude=[]"]
    command = [sys.executable, "-m", "sweeper", *none, *parts, f"job_backend.num_cpus={slots}"]
    began = time.perf_counter()
    subprocess.run(
        [*command, f"analytics_store.uri={folder / 'store'}"], check=True, capture_output=True, cwd=folder, timeout=3600
    )
    seconds, data = time.perf_counter() - began, sum(map(int, made.read_text().split()))
    shutil.rmtree(folder)
    return seconds, data


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--pass-s", type=float, default=20.0)
    parser.add_argument("--grids", nargs="+", default=["1x1", "1x4", "3x4", "5x1"])
    parser.add_argument("--spin", action="store_true")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for grid in asked.grids:
        models, datasets = map(int, grid.split("x"))
        batches = round(asked.pass_s / BATCH_S)
        start_s, _ = swept(models, datasets, 1, asked.slots, asked.spin)
        whole_s, data = swept(models, datasets, batches, asked.slots, asked.spin)
        needed_s = models * datasets * (batches - 1) * BATCH_S / asked.slots
        rows.append(
            {
                "models x datasets": grid,
                "inference / places, s": needed_s,
                "start-up, s": start_s,
                "beyond start-up, s": whole_s - start_s,
                "ratio": (whole_s - start_s) / needed_s,
                "with start-up": whole_s / (needed_s + start_s),
                "data made twice": data - models * datasets * batches * BATCH,
            }
        )
    print(tabulate(rows, headers="keys", floatfmt=".2f"))


if __name__ == "__main__":
    main()
