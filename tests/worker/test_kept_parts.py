"""What was made of an inference before a crash is not made again, and is not trusted blindly."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shard_parts import CLASSES, Images

from sweeper.errors import PartError
from sweeper.messages.requests import InferenceRequest, PredictionCacheEntry, StoreLocation
from sweeper.worker import inference, kept_parts
from sweeper.worker.blocks import InMemory
from sweeper.worker.inference import infer
from sweeper.worker.inferred import Inference
from sweeper.worker.shards import Part

pytestmark = pytest.mark.usefixtures("ray_session")
BATCHES = 6


class Counting:
    """A classifier that counts how often it sees each image, and fails in the batch `fails_at`."""

    def __init__(self, seen: Counter[float], fails_at: int | None = None, state: bool = False) -> None:
        self._seen, self._fails_at, self._state = seen, fails_at, state
        self._calls = 0
        self.metadata = {"id": "counting", "index2label": CLASSES}

    def __deepcopy__(self, memo: dict[int, Any]) -> Counting:
        return self

    def __call__(self, batch: list[Any]) -> list[Any]:
        if self._calls == self._fails_at:
            raise MemoryError("gone")
        self._calls += 1
        self._seen.update(float(np.asarray(image).mean()) for image in batch)
        chances = [float(np.asarray(image).mean()) / 2 + self._state * self._calls / 20 for image in batch]
        return [np.array([chance, 1 - chance], np.float32) for chance in chances]


@pytest.fixture(autouse=True)
def keep_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "KEEP_S", 0.0)


@pytest.fixture
def entry(tmp_path: Path) -> PredictionCacheEntry:
    return PredictionCacheEntry(StoreLocation(str(tmp_path / "store")), "a" * 64)


def made(entry: PredictionCacheEntry | None, model: Counting, shard_board: str | None = "no board") -> Inference:
    capability = type("All", (), {"batch_size": 64})()
    request = InferenceRequest(model, Images(BATCHES * 64), capability, entry, shard_board=shard_board)
    return infer(request, job_id="job")


def answers(made: Inference) -> np.ndarray[Any, Any]:
    return np.concatenate([np.asarray(batch) for batch in made.predictions[""].prediction_batches])


def files(entry: PredictionCacheEntry) -> list[str]:
    return sorted(path.name for path in Path(entry.store.uri, ".sweeper", "predictions").rglob("*.npz"))


def crashed(entry: PredictionCacheEntry, *, state: bool = False, shard_board: str | None = "no board") -> None:
    with pytest.raises(MemoryError):
        made(entry, Counting(Counter(), fails_at=4, state=state), shard_board)


def test_batches_that_were_made_before_a_crash_are_not_made_again(entry: PredictionCacheEntry):
    crashed(entry)
    assert len(files(entry)) == 4
    seen: Counter[float] = Counter()
    second = made(entry, Counting(seen))
    assert len(seen) == 3 * 64, "two that are left, and one that is compared"
    assert (answers(second) == answers(made(None, Counting(Counter()), None))).all()
    assert [str(each["id"]) for batch in second.predictions[""].metadata_batches for each in batch] == [
        str(number) for number in range(BATCHES * 64)
    ]
    assert files(entry) == [f"{entry.key}.npz"]


def test_a_model_with_a_state_does_not_go_on_where_another_one_ended(entry: PredictionCacheEntry):
    crashed(entry, state=True)
    with pytest.raises(PartError, match=r"set _sweep_\.shards: false"):
        made(entry, Counting(Counter(), state=True))


def test_one_worker_that_makes_all_batches_in_their_order_keeps_and_reads_no_parts(entry: PredictionCacheEntry):
    crashed(entry)
    seen: Counter[float] = Counter()
    made(entry, Counting(seen), shard_board=None)
    assert len(seen) == BATCHES * 64
    crashed(PredictionCacheEntry(entry.store, "b" * 64), shard_board=None)
    assert files(entry) == [f"{entry.key}.npz"]


def test_a_damaged_part_is_made_again(entry: PredictionCacheEntry):
    crashed(entry)
    for path in Path(entry.store.uri, ".sweeper", "predictions").rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    seen: Counter[float] = Counter()
    made(entry, Counting(seen))
    assert len(seen) == BATCHES * 64


def test_parts_without_hashes_are_of_no_use_where_images_are_compared(entry: PredictionCacheEntry):
    crashed(entry)
    assert len(kept(entry, BATCHES * 64, hashes=False)) == 4
    assert kept(entry, BATCHES * 64, hashes=True) == []
    assert kept(entry, BATCHES * 64 - 1, hashes=False) == [], "of another dataset"


def kept(entry: PredictionCacheEntry, size: int, *, hashes: bool) -> list[Part]:
    return [*kept_parts.Folder(entry, (size, 64, "")).read(InMemory(), hashes=hashes)]
