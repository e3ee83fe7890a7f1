"""Predictions that are kept in Ray's object store are read as those in memory are, a block at a time."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import large_predictions
import numpy as np
import pyarrow.compute as pc
import pytest
from shard_parts import CLASSES, Images

import sweeper
from sweeper.capabilities.batches import BlockReader, Column, MadeBatch, MemoryBlock, MetadataBatch
from sweeper.capabilities.outcomes import outcomes_of
from sweeper.capabilities.predictions import Predictions
from sweeper.messages.requests import InferenceRequest, PredictionCacheEntry, StoreLocation
from sweeper.metrics import ExpectedCalibrationError, SklearnMetric
from sweeper.worker import stored_blocks
from sweeper.worker.blocks import BlockStore, InMemory
from sweeper.worker.inference import infer
from sweeper.worker.inferred import Inference
from sweeper.worker.object_size import estimated_bytes
from sweeper.worker.stored_blocks import ObjectStore, StoredBlock

SIZE, BATCH = 1000, 8


class Model:
    """A classifier that counts the images it sees."""

    def __init__(self, seen: Counter[str] | None = None) -> None:
        self._seen = Counter[str]() if seen is None else seen
        self.metadata = {"id": "model", "index2label": CLASSES}

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        return self

    def __call__(self, batch: Sequence[Any]) -> list[Any]:
        chances = [float(np.asarray(image).mean()) for image in batch]
        self._seen.update(map(repr, chances))
        return [np.array([chance, 1 - chance], np.float32) for chance in chances]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch, ray_session: None) -> None:
    monkeypatch.setattr(stored_blocks, "IN_MEMORY_BYTES", 30_000)
    monkeypatch.setattr(stored_blocks, "BLOCK_BYTES", 5_000)


def inferred(blocks: BlockStore, entry: PredictionCacheEntry | None = None, model: Model | None = None) -> Inference:
    capability = type("All", (), {"batch_size": BATCH})()
    board = None if entry is None else "no board"
    request = InferenceRequest(model or Model(), Images(SIZE), capability, entry, shard_board=board)
    return infer(request, job_id="job", blocks=blocks)


@pytest.mark.usefixtures("small_blocks")
def test_predictions_in_blocks_are_those_in_memory():
    in_memory, in_blocks = inferred(InMemory()), inferred(ObjectStore())
    assert (in_memory.is_in_blocks, in_blocks.is_in_blocks) == (False, True)
    one, other = in_memory.predictions[""], in_blocks.predictions[""]
    assert len(one) == len(other) == SIZE
    for field in ("prediction_batches", "target_batches"):
        np.testing.assert_array_equal(np.concatenate(getattr(one, field)), np.concatenate(getattr(other, field)))
    assert [list(batch) for batch in one.metadata_batches] == [list(batch) for batch in other.metadata_batches]
    np.testing.assert_array_equal(one.prediction_batches[-1], other.prediction_batches[-1])
    assert [len(batch) for batch in other.target_batches[3:5]] == [BATCH, BATCH]
    assert one.findings == other.findings


@pytest.mark.usefixtures("small_blocks")
def test_values_and_outcomes_are_the_same_to_the_bit():
    one, other = inferred(InMemory()).predictions[""], inferred(ObjectStore()).predictions[""]
    metrics = [
        SklearnMetric("sklearn.metrics.accuracy_score"),
        SklearnMetric("sklearn.metrics.f1_score", kwargs={"average": "macro"}),
        SklearnMetric("sklearn.metrics.log_loss", takes="probabilities"),
        SklearnMetric("sklearn.metrics.roc_auc_score", takes="probabilities"),
        ExpectedCalibrationError(),
    ]
    assert [one.score(metric) for metric in metrics] == [other.score(metric) for metric in metrics]
    rows, again = outcomes_of(one, ["id"]), outcomes_of(other, ["id"])
    assert rows is not None
    assert again is not None
    assert (rows.datum_id, rows.metadata) == (again.datum_id, again.metadata)
    assert all((rows.columns[name] == again.columns[name]).all() for name in rows.columns)


@pytest.mark.usefixtures("small_blocks")
def test_another_process_reads_them_and_finds_arrays_that_it_cannot_write_into():
    import ray

    @ray.remote
    def read(inference: Inference) -> tuple[float, bool]:
        batches = inference.predictions[""].prediction_batches
        return sum(float(np.sum(batch)) for batch in batches), any(batch.flags.writeable for batch in batches)  # pyright: ignore

    assert ray.get(read.remote(inferred(ObjectStore())), timeout=60) == (pytest.approx(SIZE, rel=1e-5), False)


@pytest.mark.usefixtures("small_blocks")
def test_bytes_in_the_object_store_count():
    in_memory, in_blocks = inferred(InMemory()), inferred(ObjectStore())
    assert estimated_bytes(in_blocks) >= estimated_bytes(in_memory)


@pytest.mark.usefixtures("small_blocks")
def test_large_predictions_outlive_their_sweep_as_parts(tmp_path: Path):
    entry = PredictionCacheEntry(StoreLocation(str(tmp_path)), "a" * 64)
    first = inferred(ObjectStore(), entry)
    files = [*(tmp_path / ".sweeper" / "predictions").rglob("*.npz")]
    assert len(files) > 1
    assert not any(path.stem == entry.key for path in files)
    seen: Counter[str] = Counter()
    second = inferred(ObjectStore(), entry, Model(seen))
    assert second.is_in_blocks
    assert seen.total() == BATCH, "one batch is compared"
    one, other = first.predictions[""].prediction_batches, second.predictions[""].prediction_batches
    np.testing.assert_array_equal(np.concatenate(list(one)), np.concatenate(list(other)))
    assert len([*(tmp_path / ".sweeper" / "predictions").rglob("*.npz")]) == len(files)


def made(number: int) -> MadeBatch:
    metadata = MetadataBatch([{"id": number}])
    return MadeBatch(number, np.array([[number, 0]]), np.array([[0, 1]]), metadata)  # pyright: ignore[reportArgumentType]


class Counted:
    """A block that counts how often it is read."""

    def __init__(self, *numbers: int) -> None:
        self.numbers, self.data, self.read = numbers, len(numbers), 0

    def batches(self) -> Sequence[MadeBatch]:
        self.read += 1
        return [made(number) for number in self.numbers]


def test_each_block_is_read_once_by_who_goes_through_all_batches():
    blocks = [Counted(3, 4), Counted(0, 1, 2), Counted(5)]
    reader = BlockReader(blocks)
    columns = [Column[Any](reader, field) for field in ("predictions", "targets", "metadata")]
    assert [int(predicted[0][0]) for predicted, _, _ in zip(*columns, strict=True)] == [*range(6)]
    assert [block.read for block in blocks] == [1, 1, 1]
    assert columns[0].data == 6


def test_blocks_travel_without_what_was_read_of_them():
    column = Column[Any](BlockReader([MemoryBlock([made(0)]), Counted(1)]), "predictions")
    size = len(pickle.dumps(column))
    _ = [*column]
    assert len(pickle.dumps(column)) == pytest.approx(size, abs=8)
    assert [int(batch[0][0]) for batch in copy.deepcopy(column)] == [0, 1]


@pytest.mark.parametrize("blocks", [[Counted(0, 2)], [Counted(0), Counted(0, 1)]])
def test_a_batch_that_is_missing_or_there_twice_is_an_error(blocks: list[Counted]):
    with pytest.raises(AssertionError, match="missing, or there twice"):
        BlockReader(blocks)


@pytest.mark.usefixtures("ray_session")
@pytest.mark.faults
def test_predictions_that_are_lost_while_they_are_read_are_made_once_more(tmp_path: Path):
    file = tmp_path / "calls"
    metric = {"_target_": "large_predictions.EndsTheModel", "file": str(file)}
    result = sweeper.sweep(
        {
            "capability": {"evaluate": {"_target_": "sweeper.capabilities.Evaluate", "batch_size": 256}},
            "dataset": {"rare": {"_target_": "large_predictions.Rare"}},
            "model": {"wide": {"_target_": "large_predictions.Wide", "file": str(file), "_sweep_": {"shards": False}}},
            "metric": {f"metric_{number}": {**metric, "name": f"metric_{number}"} for number in range(2)},
            "analytics_store": {"uri": str(tmp_path / "store")},
        }
    )
    ended_by = file.with_suffix(".done").read_text()
    assert {row["metric"]: row["value"] for row in result.rows}[ended_by] == 0.5, "it is tried again without retries"
    attempts = result.store.attempts().filter(pc.equal(result.store.attempts()["metric"], ended_by))
    assert sorted(attempts["status"].to_pylist()) == ["completed", "lost"]
    calls = [line.split() for line in file.read_text().splitlines()]
    assert sum(int(size) for _, size in calls) == 2 * large_predictions.DATA


def test_few_bytes_stay_in_memory():
    store = ObjectStore()
    block = store.keep([made(0), made(1)])
    assert isinstance(block, MemoryBlock)
    assert not isinstance(block, StoredBlock)
    assert isinstance(Predictions((), (), ()).target_batches, tuple)
