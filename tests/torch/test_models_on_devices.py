"""Our models of torch on the processor and, where there is one, on a CUDA device (`pytest -m gpu`)."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch_files import CLASSES, MEAN, SIZE, STD, pixels

from sweeper.models import TorchExport, TorchvisionClassifier, TorchvisionDetector
from sweeper.models.devices import device_for, gpus_of_task
from sweeper.worker.object_cache import ObjectCache

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
Build = Callable[[str | None], Any]
DETECTOR = "ssdlite320_mobilenet_v3_large"
OF_IMAGES: dict[str, Any] = {
    "class_names": list(CLASSES),
    "value_range": [0, 1],
    "mean": list(MEAN),
    "std": list(STD),
    "channels": "RGB",
    "image_size": SIZE,
    "softmax": True,
}


@pytest.fixture(scope="module")
def builders(network: Any, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Build]:
    """What builds each model on a device."""
    from sweeper.models.torchvision_networks import untrained

    folder = tmp_path_factory.mktemp("models")
    batch = torch.export.Dim("batch", min=1, max=64)
    example = torch.zeros(2, 3, SIZE, SIZE)
    torch.export.save(torch.export.export(network, (example,), dynamic_shapes=({0: batch},)), folder / "m.pt2")
    torch.manual_seed(0)
    torch.save(untrained(DETECTOR, "detection", len(CLASSES) + 1, {}).state_dict(), folder / "d.pt")
    thresholds = {"score_thresh": 0.0, "detections_per_img": 10}
    return {
        "classifier": lambda on: TorchvisionClassifier("resnet18", weights, device=on, **OF_IMAGES),
        "exported": lambda on: TorchExport(folder / "m.pt2", device=on, **OF_IMAGES),
        "detector": lambda on: TorchvisionDetector(
            DETECTOR, folder / "d.pt", class_names=list(CLASSES), arguments=thresholds, device=on
        ),
    }


def scores(model: Any) -> np.ndarray:
    """All scores that a model gives some images; a detector's are sorted."""
    answers = model([*pixels("two", 5).transpose(0, 3, 1, 2)])
    arrays = [np.sort(answer.scores) if hasattr(answer, "scores") else answer for answer in answers]
    assert {type(array) for array in arrays} == {np.ndarray}, "in the memory of the host"
    return np.stack(arrays)


@pytest.mark.parametrize("name", ["classifier", "exported", "detector"])
def test_answers_are_those_of_the_processor_and_always_the_same(builders: dict[str, Build], name: str, device: str):
    model = builders[name](device)
    found = scores(model)
    np.testing.assert_array_equal(scores(model), found)
    np.testing.assert_allclose(found, scores(builders[name]("cpu")), rtol=1e-2, atol=1e-3 if device == "cuda" else 1e-6)


@pytest.mark.parametrize("name", ["classifier", "exported", "detector"])
def test_a_model_that_is_dropped_leaves_the_device(builders: dict[str, Build], name: str, device: str):
    cache = ObjectCache(1, 1e12)
    before = torch.cuda.memory_allocated() if device == "cuda" else 0
    model = cache.get("first", lambda: builders[name](device))
    scores(model)
    watched = weakref.ref(model)
    if device == "cuda":
        assert torch.cuda.memory_allocated() > before
    del model
    cache.clear()
    assert watched() is None
    assert device == "cpu" or torch.cuda.memory_allocated() <= before + (16 << 20), "but for the libraries' own"


# The device of a task


@pytest.mark.usefixtures("ray_session")
def test_a_task_works_where_ray_has_put_it(device: str):
    import ray

    wanted = 1 if device == "cuda" else 0
    if wanted and not ray.cluster_resources().get("GPU"):
        pytest.skip("Ray sees no GPU")
    task: Any = ray.remote(lambda: (gpus_of_task(), device_for(None).type))
    assert ray.get(task.options(num_gpus=wanted).remote(), timeout=120) == (wanted, device)


def test_only_what_ray_has_given_counts(monkeypatch: pytest.MonkeyPatch):
    """On a node with GPUs, Ray shows all of them to every task."""
    given: dict[str, list[str]] = {"GPU": ["0", "1"]}
    context = SimpleNamespace(get_accelerator_ids=lambda: given)
    ray = SimpleNamespace(is_initialized=lambda: True, get_runtime_context=lambda: context)
    monkeypatch.setitem(sys.modules, "ray", ray)
    assert gpus_of_task() == 2
    given.clear()
    assert gpus_of_task() == 0
    assert device_for(None).type == "cpu"
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False))
    assert gpus_of_task() == 0
