"""One model over one folder of images: by sweeper against the loops that people write by hand, on as many processors.

python tests/benchmarks/bench_by_hand.py [--images 3000 9000] [--size 96] [--slots 2] [--repeats 3]

Each side reads the same JPEG files by the same dataset, calls the same model for batches of 64, and ends with an
accuracy: a plain loop, `ray.data` with `map_batches` and a pool of actors, a torch `DataLoader` with worker processes
(where torch is installed), and a sweep of one combination. Each is a process of its own, and they take turns. What is
compared is what further images cost, the difference of two sizes, so that the start of Ray is not counted: it is in
`bench_start.py`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["PYTHONPATH"] = os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

from tabulate import tabulate

from sweeper.datasets import ImageFolder

BATCH = 64
PATIENCE_S = 600
CLASSES = {0: "a", 1: "b"}


class Network:
    """Two dense layers over 3 x N x N pixels, in numpy, with weights drawn from a seed."""

    def __init__(self, size: int, width: int = 128, id: str = "network") -> None:
        draw = np.random.default_rng(0)
        self._first = draw.normal(size=(3 * size * size, width)).astype(np.float32) / size
        self._second = draw.normal(size=(width, 2)).astype(np.float32)
        self.metadata = {"id": id, "index2label": CLASSES}

    def __call__(self, batch: Sequence[Any]) -> Any:
        pixels = np.stack([np.asarray(image, np.float32).reshape(-1) for image in batch]) / 255
        scores = np.maximum(pixels @ self._first, 0) @ self._second
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return [*(scores / scores.sum(axis=1, keepdims=True))]


def accuracy(pairs: Sequence[tuple[Any, Any]]) -> float:
    """The share of answers whose largest score is at the class of the target."""
    return float(np.mean([np.argmax(answer) == np.argmax(target) for answer, target in pairs]))


def loop(folder: Path, size: int, slots: int) -> float:
    """A plain loop in one process."""
    dataset, model = ImageFolder(str(folder)), Network(size)
    pairs: list[tuple[Any, Any]] = []
    for start in range(0, len(dataset), BATCH):
        data = [dataset[i] for i in range(start, min(start + BATCH, len(dataset)))]
        pairs += zip(model([each[0] for each in data]), (each[1] for each in data), strict=True)
    return accuracy(pairs)


def ray_data(folder: Path, size: int, slots: int) -> float:
    """`ray.data`: the places of the images as rows, read and answered by a pool of actors."""
    import ray

    class Answer:
        def __init__(self) -> None:
            self.dataset, self.model = ImageFolder(str(folder)), Network(size)

        def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
            data = [self.dataset[int(i)] for i in rows["id"]]
            answers = self.model([each[0] for each in data])
            return {"right": [np.argmax(a) == np.argmax(each[1]) for a, each in zip(answers, data, strict=True)]}

    cpus = slots + 1  # the actors hold one each, and to list the places of the images needs another
    ray.init(address="local", num_cpus=cpus, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.range(len(ImageFolder(str(folder))))
    answered = rows.map_batches(Answer, batch_size=BATCH, compute=ray.data.ActorPoolStrategy(size=slots))
    return float(np.mean([row["right"] for row in answered.iter_rows()]))


def data_loader(folder: Path, size: int, slots: int) -> float:
    """A torch `DataLoader` whose worker processes read the images, and a model in this process."""
    from torch.utils.data import DataLoader

    dataset, model = ImageFolder(str(folder)), Network(size)
    loader = DataLoader(dataset, batch_size=BATCH, num_workers=slots, collate_fn=list)  # pyright: ignore
    pairs: list[tuple[Any, Any]] = []
    for data in loader:
        pairs += zip(model([each[0] for each in data]), (each[1] for each in data), strict=True)
    return accuracy(pairs)


def sweep(folder: Path, size: int, slots: int) -> float:
    """A sweep of one combination into a fresh store."""
    import sweeper

    place = Path(tempfile.mkdtemp(dir=folder.parent))
    parts = [
        f"+dataset.d={{_target_: sweeper.datasets.ImageFolder, root: '{folder}'}}",
        f"+model.m={{_target_: benchmarks.bench_by_hand.Network, size: {size}}}",
    ]
    grid = ["capability=[evaluate]", "dataset=[]", "model=[]", "metric=[accuracy]", "exclude=[]", *parts]
    where = [f"analytics_store.uri={place / 'store'}", f"job_backend.num_cpus={slots}"]
    (row,) = [row for row in sweeper.sweep([*grid, *where], progress=False).rows if row["scope"] == "overall"]
    return row["value"]


SIDES: dict[str, Callable[[Path, int, int], float]] = {"plain loop": loop, "ray.data": ray_data, "sweeper": sweep}
if find_spec("torch") is not None:
    SIDES["torch DataLoader"] = data_loader


def write_images(folder: Path, images: int, size: int) -> None:
    """Noisy photographs of two classes."""
    from PIL import Image

    random = np.random.default_rng(0)
    ramp = np.linspace(0, 200, size)[:, None, None] + np.linspace(0, 40, size)[None, :, None]
    for number in range(images):
        path = folder / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((ramp + random.integers(0, 15, (size, size, 3))).astype(np.uint8)).save(path)


def timed(side: str, folder: Path, size: int, slots: int) -> tuple[float, str]:
    """Seconds of one side in a process of its own, and the accuracy that it ends with."""
    began = time.perf_counter()
    command = [sys.executable, __file__, "--side", side, str(folder), str(size), str(slots)]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr[-3000:]
    return time.perf_counter() - began, done.stdout.split()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs=2, default=[3000, 9000])
    parser.add_argument("--size", type=int, default=96, help="pixels of each side")
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="bench-hand-"))
    folders = [place / str(count) for count in sorted(asked.images)]
    for folder in folders:
        write_images(folder, int(folder.name), asked.size)
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(asked.repeats):
        for side in SIDES:
            (few, _), (many, right) = (timed(side, folder, asked.size, asked.slots) for folder in folders)
            found[side].append(many - few)
            print(f"{side}: {few:.1f} s, {many:.1f} s, accuracy {right}", file=sys.stderr)
    further = abs(asked.images[1] - asked.images[0])
    best = min(median(seconds) for side, seconds in found.items() if side != "sweeper")
    rows = [[side, 1000 * median(each) / further, median(each) / best] for side, each in found.items()]
    print(tabulate(rows, [f"{further:,} further images", "ms each", "of the best by hand"], floatfmt=".2f"))
    print(f"{asked.slots} slots, {os.cpu_count()} processors; load at the end: {os.getloadavg()[0]:.1f}")
    shutil.rmtree(place)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        side, where, size, slots = sys.argv[2:]
        print(SIDES[side](Path(where), int(size), int(slots)))
    else:
        main()
