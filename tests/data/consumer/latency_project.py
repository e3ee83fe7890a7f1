"""A project that uses the public names of sweeper; the tests check its types against the installed wheel."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

import sweeper
from sweeper import Record, SweepResult, jobs, open_store
from sweeper.errors import ConfigError, JobError
from sweeper.models import SklearnClassifier

Array = NDArray[np.float32]
Metadata = dict[str, str]


class Model(Protocol):
    metadata: Metadata

    def __call__(self, batch: Sequence[Array], /) -> Sequence[Array]: ...


class Dataset(Protocol):
    metadata: Metadata

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> tuple[Array, Array, Mapping[str, str]]: ...


class LatencyRecord(Record, table_name="latency"):
    dataset_id: str
    model_id: str
    mean_ms: float
    note: str | None = None


@dataclass(frozen=True)
class LatencyRun:
    dataset_metadata: list[Metadata]
    model_metadata: list[Metadata]
    mean_ms: float
    metric_metadata: list[Metadata] = field(default_factory=list[Metadata])
    capability_id: str = "latency"
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)

    def extract(self) -> list[LatencyRecord]:
        dataset, model = self.dataset_metadata[0]["id"], self.model_metadata[0]["id"]
        return [LatencyRecord(run_uid=self.run_uid, dataset_id=dataset, model_id=model, mean_ms=self.mean_ms)]


class Latency:
    """A capability of one's own: it takes one model, one dataset and no metric."""

    id = "latency"

    def run(
        self,
        models: Sequence[Model],
        datasets: Sequence[Dataset],
        metrics: Sequence[object] = (),
        config: None = None,
        use_cache: bool = False,
    ) -> LatencyRun:
        model, dataset = models[0], datasets[0]
        start = time.perf_counter()
        for index in range(len(dataset)):
            model([dataset[index][0]])
        mean_ms = (time.perf_counter() - start) * 1000 / len(dataset)
        return LatencyRun([dataset.metadata], [model.metadata], mean_ms)


class WorstClass:
    """A metric of one's own."""

    higher_is_better = True

    def __init__(self) -> None:
        self.metadata = {"id": "worst_class"}
        self._hits: dict[int, list[bool]] = {}

    def reset(self) -> None:
        self._hits = {}

    def update(
        self, pred_batch: Sequence[Array], target_batch: Sequence[Array], metadata_batch: Sequence[Mapping[str, str]], /
    ) -> None:
        for prediction, target in zip(pred_batch, target_batch, strict=True):
            label = int(np.argmax(target))
            self._hits.setdefault(label, []).append(int(np.argmax(prediction)) == label)

    def compute(self) -> dict[str, float]:
        return {"worst_class": min(sum(hits) / len(hits) for hits in self._hits.values())}


def swept(overrides: Sequence[str], store: str) -> SweepResult:
    """Plan and run a sweep."""
    asked = [*overrides, f"analytics_store.uri={store}"]
    for item in sweeper.plan(asked).to_run:
        print(item.fingerprint, item.combination.label, item.reason)
    result = sweeper.sweep(asked, progress=False)
    for failure in result.failures:
        print(failure.label, failure.message)
    return result


def latency_job(model: SklearnClassifier, dataset: Dataset, store: str) -> str | None:
    """Submit one run as a job and wait for it; the id of the run, or nothing where it failed."""
    jobs.configure_job_backend("inline", analytics_store=store)
    try:
        job = jobs.submit_capability(Latency(), models=[model], datasets=[dataset])
        receipt = job.result(timeout=60)
    except JobError as error:
        print(error.job_id)
        return None
    finally:
        jobs.shutdown_job_backend()
    print(job.status is jobs.JobStatus.COMPLETED, open_store(store).tables())
    return receipt.run_uid


def main() -> int:
    try:
        result = swept(["model=[logreg]", "dataset=[digits]"], "analytics_store")
    except ConfigError as error:
        print(error)
        return 2
    best = max(float(row["value"]) for row in result.rows)
    print(sweeper.__version__, best, dict(result.counts), open_store("analytics_store").tables())
    return result.exit_status
