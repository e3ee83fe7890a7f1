"""A capability, a dataset, a model and a metric of one's own, in one file.

Nothing here inherits from sweeper but the record of the capability's table: the MAITE protocols are enough.
Run it from this folder:

    python -m sweeper --config-dir conf --config-name my_sweep
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sweeper import Record

LABELS = {0: "horizontal", 1: "vertical"}


class Stripes:
    """Noisy stripes, horizontal or vertical: CHW float32 images in [0, 1] with one-hot targets."""

    def __init__(self, n: int = 60, size: int = 12, noise: float = 0.3, seed: int = 0) -> None:
        self.metadata = {"id": f"stripes[noise={noise:g}]", "index2label": LABELS}
        random = np.random.default_rng(seed)
        self._classes = random.integers(0, 2, n)
        rows = np.tile(np.arange(size) % 4 < 2, (size, 1))
        clean = np.stack([rows if vertical else rows.T for vertical in self._classes]).astype(np.float32)
        self._images = np.clip(clean + random.normal(0, noise, clean.shape), 0, 1).astype(np.float32)[:, None]

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        target = np.eye(2, dtype=np.float32)[self._classes[index]]
        return self._images[index], target, {"id": f"stripe-{index}"}


class GradientModel:
    """Which way does the brightness change more? No training, two pseudo-probabilities."""

    def __init__(self, sharpness: float = 50.0) -> None:
        self.sharpness = sharpness
        self.metadata = {"id": f"gradient[sharpness={sharpness:g}]", "index2label": LABELS}

    def __call__(self, batch: Sequence[np.ndarray]) -> list[np.ndarray]:
        images = np.stack(batch)[:, 0]
        across = np.abs(np.diff(images, axis=2)).mean(axis=(1, 2))
        down = np.abs(np.diff(images, axis=1)).mean(axis=(1, 2))
        vertical = 1 / (1 + np.exp(-self.sharpness * (across - down)))
        return list(np.stack([1 - vertical, vertical], axis=1))


class WorstClass:
    """The accuracy of the class that does worst."""

    higher_is_better = True

    def __init__(self) -> None:
        self.metadata = {"id": "worst_class"}
        self.reset()

    def reset(self) -> None:
        self._pairs: list[tuple[int, int]] = []

    def update(self, pred_batch: Sequence[Any], target_batch: Sequence[Any], metadata_batch: Sequence[Any]) -> None:
        self._pairs += [(int(np.argmax(t)), int(np.argmax(p))) for p, t in zip(pred_batch, target_batch, strict=True)]

    def compute(self) -> dict[str, Any]:
        truth, answer = np.array(self._pairs).T
        return {"worst_class": float(min((answer[truth == c] == c).mean() for c in np.unique(truth)))}


class LatencyRecord(Record, table_name="latency"):
    """One row per run; every field is a column of the table `latency`."""

    dataset_id: str
    model_id: str
    median_ms: float
    p95_ms: float


@dataclass(frozen=True)
class LatencyRun:
    """What a capability returns: ids, metadata of its parts, and rows."""

    dataset_metadata: list[dict[str, Any]]
    model_metadata: list[dict[str, Any]]
    median_ms: float
    p95_ms: float
    metric_metadata: list[dict[str, Any]] = field(default_factory=list)
    capability_id: str = "latency"
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)

    def extract(self) -> list[LatencyRecord]:
        return [
            LatencyRecord(
                run_uid=self.run_uid,
                dataset_id=self.dataset_metadata[0]["id"],
                model_id=self.model_metadata[0]["id"],
                median_ms=self.median_ms,
                p95_ms=self.p95_ms,
            )
        ]


class Latency:
    """How long does a model take for one image? Takes one dataset and one model, and no metric."""

    id = "latency"

    def __init__(self, images: int = 30) -> None:
        self.images = images

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any = None, use_cache: bool = False) -> LatencyRun:
        (model,), (dataset,) = models, datasets
        times = []
        for index in range(min(self.images, len(dataset))):
            image = dataset[index][0]
            start = time.perf_counter()
            model([image])
            times.append((time.perf_counter() - start) * 1000)
        return LatencyRun([dict(dataset.metadata)], [dict(model.metadata)], *np.percentile(times, [50, 95]).tolist())
