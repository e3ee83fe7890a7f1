"""What a worker keeps: found again by key, bounded by count and bytes, let go in order of last use."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parts import Hits, Numbers

from sweeper.isolation import stand_ins
from sweeper.messages.requests import ObjectSpec, PackedObject
from sweeper.worker import object_cache
from sweeper.worker.instantiate import instantiate
from sweeper.worker.object_cache import ObjectCache
from sweeper.worker.object_size import estimated_bytes
from sweeper.worker.part_use import PartUse


@pytest.fixture(autouse=True)
def empty() -> None:
    object_cache.process_cache().clear()


class Packed(PackedObject):
    """A packed object that counts how often it is opened."""

    def __init__(self, key: str) -> None:
        self.key, self.opened = key, 0

    def unpack(self) -> Any:
        self.opened += 1
        return [self.key]


def test_the_same_key_gives_the_same_object() -> None:
    cache = ObjectCache(2, 1e9)
    assert cache.get("a", lambda: [1]) is cache.get("a", lambda: [2])


def test_the_least_recently_used_goes_first() -> None:
    cache = ObjectCache(2, 1e9)
    for key in ("a", "b", "a", "c"):
        cache.get(key, object)
    assert ("a" in cache, "b" in cache, "c" in cache) == (True, False, True)


def test_bytes_are_bounded_and_what_is_too_large_is_returned_but_not_kept() -> None:
    cache = ObjectCache(10, 1_000_000)
    for n in range(5):
        cache.get(f"{n}", lambda: np.zeros(400_000, np.uint8))
    assert len(cache) == 2
    assert cache.nbytes <= 1_000_000
    large = cache.get("large", lambda: np.zeros(2_000_000, np.uint8))
    assert large.nbytes == 2_000_000
    assert (len(cache), cache.nbytes) == (0, 0)


def test_a_build_that_fails_keeps_nothing() -> None:
    cache = ObjectCache(2, 1e9)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 / 0)
    assert len(cache) == 0


def test_eviction_gives_gpu_memory_back_where_torch_has_taken_any(monkeypatch: pytest.MonkeyPatch) -> None:
    emptied: list[bool] = []
    cuda = types.SimpleNamespace(is_initialized=lambda: True, empty_cache=lambda: emptied.append(True))
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(cuda=cuda))
    cache = ObjectCache(1, 1e9)
    cache.get("a", object)
    assert emptied == []
    cache.get("b", object)
    assert emptied == [True]
    cuda.is_initialized = lambda: False
    cache.get("c", object)
    assert emptied == [True]


def test_the_bounds_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_cache, "_process_cache", None)
    monkeypatch.setenv("SWEEPER_KEEP_OBJECTS", "1")
    monkeypatch.setenv("SWEEPER_KEEP_BYTES", "1e6")
    first = Packed("first")
    object_cache.shared_instance(first)
    object_cache.shared_instance(Packed("second"))
    assert not object_cache.is_cached(first)


def test_specs_are_built_once_and_containers_become_plain() -> None:
    spec = ObjectSpec({"_target_": "parts.Numbers", "n": 3, "name": "three"}, "three")
    assert object_cache.shared_instance(spec) is object_cache.shared_instance(spec)
    assert len(object_cache.shared_instance(spec)) == 3
    plain = instantiate({"_target_": "builtins.dict", "x": [1, {"y": 2}]})
    assert type(plain["x"]) is list
    assert type(plain["x"][1]) is dict


def test_live_objects_pass_through() -> None:
    live = Numbers()
    assert object_cache.shared_instance(live) is live
    assert object_cache.is_cached(live)
    assert object_cache.new_instance(live) is not live, "a run has its own copy"


def test_packed_objects_are_opened_once_or_anew() -> None:
    packed = Packed("x")
    assert object_cache.shared_instance(packed) is object_cache.shared_instance(packed)
    assert packed.opened == 1
    assert object_cache.new_instance(packed) is not object_cache.new_instance(packed)
    assert packed.opened == 3


def test_a_metric_from_a_spec_is_reset_before_each_use() -> None:
    spec = ObjectSpec({"_target_": "parts.Hits"}, "hits")
    metric: Hits = object_cache.new_instance(spec)
    metric.update([np.eye(2)[0]], [np.eye(2)[0]])
    assert object_cache.new_instance(spec).all == 0


class Holder:
    """Reaches an array through attributes, lists and itself."""

    def __init__(self, nbytes: int) -> None:
        self.parts = {"a": [np.zeros(nbytes, np.uint8)]}
        self.me = self


class Grumpy:
    """Refuses to be asked anything."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize(
    ("make", "nbytes"),
    [
        (lambda: np.zeros(1_000_000, np.uint8), 1_000_000),
        (lambda: Holder(1_000_000), 1_000_000),
        (lambda: [np.zeros(1000, np.uint8) for _ in range(1000)], 1_000_000),
        (Grumpy, 0),
    ],
)
def test_sizes_are_estimated_through_what_an_object_reaches(make: Any, nbytes: int) -> None:
    assert nbytes <= estimated_bytes(make()) <= 1.2 * nbytes + 2000


def test_stand_ins_build_only_what_is_asked_beyond_the_metadata(tmp_path: Path) -> None:
    from maite.protocols import generic as gen

    spec = ObjectSpec({"_target_": "parts.Numbers", "n": 3, "builds": str(tmp_path)}, "lazy numbers")
    dataset = stand_ins.for_dataset(PartUse(spec), {"id": "numbers"})
    assert isinstance(dataset, gen.Dataset)
    assert dataset.metadata["id"] == "numbers"
    assert bool(dataset)
    assert not list(tmp_path.iterdir())
    assert (len(dataset), dataset.n, dataset[1][2]) == (3, 3, {"id": "1"})
    assert len(list(tmp_path.glob("built-*"))) == 1


def test_a_stand_in_for_a_model_predicts() -> None:
    from maite.protocols import generic as gen

    model = stand_ins.for_model(PartUse(ObjectSpec({"_target_": "parts.Parity"}, "lazy parity")), {"id": "parity"})
    assert isinstance(model, gen.Model)
    assert model([np.ones(2)])[0].tolist() == [0.0, 1.0]
    with pytest.raises(AttributeError):
        _ = model.nonsense
