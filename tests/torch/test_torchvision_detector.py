"""A detector of torchvision from a state dict: what it finds is what torchvision finds, by the dataset's indices."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweeper.common.facts import Facts
from sweeper.datasets import DetectionTarget
from sweeper.errors import PartError
from sweeper.models import TorchvisionDetector

torch = pytest.importorskip("torch")
models = pytest.importorskip("torchvision.models")
NAMES = ["cat", "dog", "cow"]
OFFERED = {
    "ssdlite320_mobilenet_v3_large": {"score_thresh": 0.0, "detections_per_img": 12},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"box_score_thresh": 0.0, "box_detections_per_img": 12, "min_size": 64},
    "retinanet_resnet50_fpn": {"score_thresh": 0.0, "detections_per_img": 12, "min_size": 64},
}
"""Networks of three kinds, with arguments that let them answer with many boxes."""
SSD = "ssdlite320_mobilenet_v3_large"


def untrained(name: str) -> Any:
    """A network with four labels and weights that were drawn."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    made = {"weights": None, "weights_backbone": None, "num_classes": 4}
    return models.get_model(name, **made, **OFFERED[name]).eval()


@pytest.fixture(scope="module", params=list(OFFERED))
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any, Path]:
    """The name of a network, the network, and its state dict."""
    network = untrained(request.param)
    path = tmp_path_factory.mktemp("weights") / f"{request.param}.pt"
    torch.save(network.state_dict(), path)
    return request.param, network, path


@pytest.fixture(scope="module")
def ssd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state dict of a small network."""
    path = tmp_path_factory.mktemp("weights") / "ssd.pt"
    torch.save(untrained(SSD).state_dict(), path)
    return path


def images() -> list[np.ndarray]:
    """Two images of different sizes."""
    random = np.random.default_rng(0)
    return [random.random((3, *size), dtype=np.float32) for size in ((60, 80), (100, 50))]


def detector(name: str, path: Path, **arguments: Any) -> TorchvisionDetector:
    given = {"class_names": ["__background__", *NAMES], "arguments": OFFERED[name], **arguments}
    return TorchvisionDetector(name, path, **given)


def test_what_is_found_is_what_torchvision_finds(saved: tuple[str, Any, Path]):
    name, network, path = saved
    model = detector(name, path)
    assert model.metadata["index2label"] == dict(enumerate(NAMES))
    with torch.no_grad():
        expected = network([torch.from_numpy(image) for image in images()])
    for found, plain in zip(model(images()), expected, strict=True):
        kept = plain["labels"].numpy() > 0
        assert isinstance(found, DetectionTarget)
        assert len(found.boxes) == kept.sum() > 0
        np.testing.assert_allclose(found.boxes, plain["boxes"].numpy()[kept], atol=1e-4)
        np.testing.assert_allclose(found.scores, plain["scores"].numpy()[kept], atol=1e-6)
        np.testing.assert_array_equal(found.labels, plain["labels"].numpy()[kept] - 1)
        assert (found.boxes.dtype, found.labels.dtype, found.scores.dtype) == (np.float32, np.int64, np.float32)


def test_boxes_are_in_pixels_of_the_image_that_was_given(ssd: Path):
    for image, found in zip(images(), detector(SSD, ssd)(images()), strict=True):
        height, width = image.shape[1:]
        assert found.boxes.min() >= 0
        assert found.boxes[:, ::2].max() <= width
        assert found.boxes[:, 1::2].max() <= height
        assert found.boxes.max() > 1, "no shares of the image"


def test_bytes_are_taken_and_the_same_batch_has_the_same_answers(ssd: Path):
    model = detector(SSD, ssd)
    integers = [(image * 255).astype(np.uint8) for image in images()]
    floats = [image.astype(np.float32) / 255 for image in integers]
    for first, second, third in zip(model(integers), model(floats), model(integers), strict=True):
        np.testing.assert_allclose(first.scores, second.scores, atol=1e-6)
        np.testing.assert_array_equal(first.scores, third.scores)
    assert model([]) == []


def test_labels_that_stand_for_no_class_are_left_out(ssd: Path):
    every = detector(SSD, ssd)(images())
    some = detector(SSD, ssd, class_names={1: "cat", 3: "cow"})
    assert some.metadata["index2label"] == {0: "cat", 1: "cow"}
    for all_found, found in zip(every, some(images()), strict=True):
        kept = all_found.labels != 1
        np.testing.assert_array_equal(found.scores, all_found.scores[kept])
        np.testing.assert_array_equal(found.labels, np.where(all_found.labels[kept] == 2, 1, 0))


def test_an_image_without_a_find_has_no_boxes(ssd: Path):
    (found,) = detector(SSD, ssd, arguments={"score_thresh": 0.999})(images()[:1])
    assert (found.boxes.shape, found.labels.shape, found.scores.shape) == ((0, 4), (0,), (0,))


def test_facts_are_told_without_torch(ssd: Path):
    arguments = {"architecture": SSD, "weights_path": str(ssd), "class_names": NAMES, "arguments": {}}
    assert TorchvisionDetector.facts(**arguments) == Facts(str(ssd), 3, None, None, 3, dict(enumerate(NAMES)))
    code = (
        "import sys; from sweeper.models import TorchvisionDetector as D; "
        f"D.facts(**{arguments!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"class_names": None}, "the file does not say all that must be known.*\n.*class_names="),
        ({"class_names": ["cat", "dog"]}, "is for the background and 3 classes, and class_names has 2 names"),
        ({"class_names": [*NAMES, "pig"]}, "has 4 names, of which the first is 'cat'"),
        ({"arguments": {"score_tresh": 1}}, r"takes no argument 'score_tresh'\. Did you mean 'score_thresh'\?"),
        ({"prefix": "module."}, r"begins with prefix 'module\.'"),
        ({"device": "gpu"}, "device is 'gpu', and torch cannot use it here"),
    ],
)
def test_wrong_arguments_are_refused(ssd: Path, arguments: dict[str, Any], said: str):
    with pytest.raises(PartError, match=said):
        detector(SSD, ssd, **arguments)


def test_weights_of_another_network_are_refused(ssd: Path, tmp_path: Path):
    def refused(name: str, path: Path) -> str:
        with pytest.raises(PartError) as caught:
            TorchvisionDetector(name, path, class_names=NAMES)
        return str(caught.value)

    assert re.search("no state dict of ssd300_vgg16: .* missing; .* not of it", refused("ssd300_vgg16", ssd))
    assert "Did you mean 'ssd300_vgg16'?" in refused("ssd_vgg16", ssd)
    assert "There is no file nowhere.pt; weights are never downloaded" in refused(SSD, Path("nowhere.pt"))
    torch.save(untrained(SSD), tmp_path / "whole.pt")
    assert "not a state dict: loading it would run code" in refused(SSD, tmp_path / "whole.pt")


def test_checkpoints_are_read(ssd: Path, tmp_path: Path):
    state = {f"module.{name}": value for name, value in torch.load(ssd, weights_only=True).items()}
    torch.save({"model": state, "epoch": 1}, tmp_path / "checkpoint.pt")
    model = detector(SSD, tmp_path / "checkpoint.pt", entry="model", prefix="module.")
    for found, plain in zip(model(images()), detector(SSD, ssd)(images()), strict=True):
        np.testing.assert_array_equal(found.scores, plain.scores)


def test_grey_images_are_refused_or_made_three_channels(ssd: Path):
    grey = [images()[0][:1]]
    with pytest.raises(PartError, match=r"takes 3 channels \(RGB\); got images of 1 channel"):
        detector(SSD, ssd)(grey)
    assert len(detector(SSD, ssd, convert_channels=True)(grey)) == 1
