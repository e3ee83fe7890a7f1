"""Models of torch on a device: their answers reach other workers, they share a card, and they leave it when dropped.

Each test runs on the processor, where torch is installed, and on a CUDA device, where there is one (`pytest -m gpu`).
"""

from __future__ import annotations

import gc
import weakref
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch_parts import Boxes, Classifier, Detector, Found, calls

import sweeper
from sweeper.capabilities.predictions import predict
from sweeper.datasets import Digits
from sweeper.isolation.host import on_host
from sweeper.metrics import SklearnMetric
from sweeper.worker.object_cache import ObjectCache

torch = pytest.importorskip("torch")
BALLAST = 64 << 20
FORMS = ("tensor", "list", "graph")


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    """The device of the models: a CUDA device where this machine has one."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device, or torch was built without CUDA")
    return request.param


def taken(device: str) -> int:
    """Bytes of the device that this process has, whether in use or kept by torch."""
    return torch.cuda.memory_reserved() if device == "cuda" else 0


# Answers


@pytest.mark.parametrize("form", FORMS)
def test_predictions_are_in_the_memory_of_the_host_whatever_the_model_answers_with(device: str, form: str):
    dataset = Digits(split="test")
    made = predict(Classifier(device, form), dataset, batch_size=100)
    of_processor = predict(Classifier("cpu"), dataset, batch_size=100)
    for batch, other in zip(made.prediction_batches, of_processor.prediction_batches, strict=True):
        rows = [*batch]
        assert {row.device.type for row in rows} == {"cpu"}
        assert device == "cpu" or not any(row.requires_grad for row in rows)
        np.testing.assert_allclose(
            torch.stack(rows).detach().numpy(), torch.stack([*other]).numpy(), rtol=1e-4, atol=1e-6
        )
    accuracy = SklearnMetric("sklearn.metrics.accuracy_score", key="accuracy")
    assert made.score(accuracy) == pytest.approx(of_processor.score(accuracy), abs=0.01)


def test_what_a_detector_found_is_in_the_memory_of_the_host(device: str):
    made = predict(Detector(device), Boxes(), batch_size=7)
    found = [each for batch in made.prediction_batches for each in batch]
    assert len(found) == len(Boxes())
    for each in found:
        assert {value.device.type for value in vars(each).values()} == {"cpu"}
        assert len(each.boxes) == len(each.labels) == len(each.scores)


def test_what_is_on_the_host_already_is_not_copied():
    tensor, array = torch.ones(3), np.ones(3)
    given: list[Any] = [tensor, array, {"a": tensor}, (tensor, "text"), None, 1.5]
    moved = on_host(given)
    assert moved[0] is moved[2]["a"] is moved[3][0] is tensor
    assert moved[1] is array
    assert moved[3:] == [(tensor, "text"), None, 1.5]


def away(*shape: int) -> Any:
    """A tensor that says that it is on another device, and is counted when it is moved from there."""
    return torch.ones(shape).as_subclass(Away)


class Away(torch.Tensor):
    """Has what matters of a tensor on a card, so that the same code runs where there is none."""

    moves = 0

    @property
    def device(self) -> Any:
        return torch.device("cuda")

    def cpu(self) -> Any:
        Away.moves += 1
        return self.as_subclass(torch.Tensor)


def test_tensors_of_one_form_are_moved_together_and_then_have_memory_of_their_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Away, "moves", 0)
    rows = on_host([away(3) for _ in range(5)])
    assert Away.moves == 1
    assert [type(row) for row in rows] == [torch.Tensor] * 5
    assert len({row.untyped_storage().data_ptr() for row in rows}) == 5
    assert {row.untyped_storage().nbytes() for row in rows} == {12}, "a row that is kept keeps no other"


def test_tensors_are_found_wherever_answers_have_them():
    found = Found(away(2, 4), [away(1), np.ones(1)], {"of": away(2)})
    moved = on_host(({"found": found, "ragged": [away(1), away(2)]}, "text"))
    assert isinstance(moved, tuple)
    answers = moved[0]
    one = answers["found"]
    tensors = [one.boxes, one.labels[0], one.scores["of"], *answers["ragged"]]
    assert [type(tensor) for tensor in tensors] == [torch.Tensor] * 5
    assert (type(one.labels[1]), moved[1]) == (np.ndarray, "text")


def test_a_batch_of_a_device_does_not_stay_there(device: str):
    before = taken(device)
    made = predict(Classifier(device, "list"), Digits(split="test"), batch_size=100)
    assert sum(len(batch) for batch in made.prediction_batches) == len(Digits(split="test"))
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
    assert taken(device) <= before + (4 << 20), "what torch keeps for its own libraries at most"


# The object cache


def test_a_model_that_is_dropped_gives_its_memory_back(device: str):
    cache = ObjectCache(1, 1e12)
    before = taken(device)
    first = cache.get("first", lambda: Classifier(device, ballast=4 * BALLAST))
    watched = weakref.ref(first)
    with_first = taken(device)
    del first
    cache.get("second", lambda: Classifier(device, ballast=BALLAST))
    assert watched() is None
    if device == "cuda":
        assert with_first - before >= 4 * BALLAST
        assert taken(device) - before < 2 * BALLAST, "torch keeps freed memory until it is told to give it back"
    cache.clear()
    assert taken(device) <= before + (4 << 20)


# Sweeps


def swept(folder: Path, device: str, models: int = 2, resources: str = "", **more: Any) -> sweeper.SweepResult:
    """A sweep of such models over the digits, each call of which is noted."""
    notes = folder / "notes"
    notes.mkdir(parents=True)
    spec = "".join(f", {key}: {value}" for key, value in more.items())
    runtime = f", _sweep_: {{resources: {{{resources}}}}}" if resources else ""
    parts = [
        f"+model.m{n}={{_target_: torch_parts.Classifier, device: {device}, notes: '{notes}', id: m{n}, seed: {n}"
        f"{spec}{runtime}}}"
        for n in range(models)
    ]
    grid = ["capability=[evaluate]", "dataset=[digits,digits_noisy]", "model=[]", "metric=[accuracy,log_loss]"]
    store = f"analytics_store.uri='{folder / 'store'}'"
    return sweeper.sweep([*grid, "exclude=[]", *parts, store], progress=False)


def together(notes: Path) -> int:
    """How many pairs of calls of two processes were under way at once."""
    some = [*calls(notes)]
    return sum(a[0] < b[0] and a[2] < b[3] and b[2] < a[3] for a, b in product(some, some))


@pytest.fixture
def ray_of(ray_session: None, device: str) -> None:
    """The Ray of the session, with a card where the test needs one."""
    import ray

    if device == "cuda" and not ray.cluster_resources().get("GPU"):
        pytest.skip("Ray sees no GPU")


@pytest.mark.usefixtures("ray_of")
def test_a_sweep_uses_the_device_and_its_readers_need_none(device: str, tmp_path: Path):
    result = swept(tmp_path, device, resources="num_gpus: 1" if device == "cuda" else "num_cpus: 1", form="list")
    assert [failure.message for failure in result.failures] == []
    assert result.counts["completed"] == 8
    assert {each[1] for each in calls(tmp_path / "notes")} == {device}
    alone = {
        (row["model"], row["dataset"], row["metric"]): row["value"] for row in swept(tmp_path / "alone", "cpu").rows
    }
    for row in result.rows:
        assert row["value"] == pytest.approx(alone[row["model"], row["dataset"], row["metric"]], abs=0.01)


@pytest.mark.usefixtures("ray_of")
def test_two_workers_share_a_card(device: str, tmp_path: Path):
    half = "num_gpus: 0.5, num_cpus: 1" if device == "cuda" else "num_cpus: 1"
    result = swept(tmp_path, device, resources=half, sleep_s=0.2)
    assert [failure.message for failure in result.failures] == []
    assert len({process for process, *_ in calls(tmp_path / "notes")}) > 1
    assert together(tmp_path / "notes") > 0
