"""A classifier of torchvision from a state dict: values as by hand, and one plain error for what is wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss
from torch_files import CLASSES, SIZE, by_hand, pixels

import sweeper
from sweeper.common.facts import Facts
from sweeper.errors import ConfigError, PartError
from sweeper.models import TorchvisionClassifier

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
KNOWN: dict[str, Any] = {
    "class_names": CLASSES,
    "preprocessing": "imagenet",
    "image_size": SIZE,
    "softmax": True,
}
CHOICE = "model.torchvision_classifier"
ASKED = ("class_names", "value_range", "mean", "std", "channels", "image_size", "softmax")


def classifier(weights: Path, architecture: str = "resnet18", **arguments: Any) -> TorchvisionClassifier:
    return TorchvisionClassifier(architecture, weights, **{**KNOWN, **arguments})


def overrides(weights: Path, images: Path, **arguments: str) -> list[str]:
    """A sweep of the network over the images, as it is typed."""
    given = {
        "architecture": "resnet18",
        "weights_path": f"'{weights}'",
        "class_names": "[one,two,zero]",
        "preprocessing": "imagenet",
        "image_size": str(SIZE),
        "softmax": "true",
        **arguments,
    }
    return [
        "capability=[evaluate]",
        "dataset=[image_folder]",
        f"dataset.image_folder.root='{images}'",
        "model=[torchvision_classifier]",
        *(f"{CHOICE}.{name}={value}" for name, value in given.items()),
        "metric=[accuracy,log_loss]",
    ]


# Values


@pytest.mark.usefixtures("ray_session")
def test_a_sweep_has_the_values_of_a_plain_script(network: Any, weights: Path, images: Path, tmp_path: Path):
    result = sweeper.sweep([*overrides(weights, images), f"analytics_store.uri='{tmp_path}'"], progress=False)
    assert [failure.message for failure in result.failures] == []
    probabilities, labels = by_hand(network, images)
    expected = {
        "accuracy": accuracy_score(labels, probabilities.argmax(axis=1)),
        "log_loss": log_loss(labels, probabilities.astype(np.float64), labels=range(3)),
    }
    assert expected["accuracy"] > 0.5, "a network that knows nothing would show nothing"
    found = {row["metric"]: row["value"] for row in result.rows if row["key"] in expected}
    assert found == pytest.approx(expected, abs=1e-6)


def as_images(name: str, count: int) -> list[np.ndarray]:
    return [*(pixels(name, count).transpose(0, 3, 1, 2))]


def test_bytes_and_floats_have_the_same_scores_in_a_batch_of_any_size(weights: Path):
    model = classifier(weights)
    integers = as_images("two", 5)
    floats = [image.astype(np.float32) / 255 for image in integers]
    together = np.stack([*model(integers)])
    np.testing.assert_allclose(np.stack([*model(floats)]), together, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([np.stack([*model([one])]) for one in integers]), together, atol=1e-5)
    assert model([]) == []
    assert together.dtype == np.float32
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)


def test_the_same_batch_has_the_same_scores_and_leaves_nothing_behind(weights: Path):
    model = classifier(weights)
    settings = torch.is_grad_enabled(), torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    first = np.stack([*model(as_images("one", 4))])
    model(as_images("zero", 7))
    np.testing.assert_array_equal(np.stack([*model(as_images("one", 4))]), first)
    assert (torch.is_grad_enabled(), torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark) == settings


def test_numbers_of_a_recipe_can_be_given_one_by_one_and_channels_turned(weights: Path):
    images = as_images("two", 3)
    numbers = {"value_range": [0, 1], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "channels": "RGB"}
    by_name = np.stack([*classifier(weights)(images)])
    np.testing.assert_array_equal(np.stack([*classifier(weights, preprocessing=None, **numbers)(images)]), by_name)
    turned = {**numbers, "channels": "BGR", "mean": numbers["mean"][::-1], "std": numbers["std"][::-1]}
    model = classifier(weights, preprocessing=None, **turned)
    assert not np.allclose(np.stack([*model(images)]), by_name)


def test_checkpoints_of_training_scripts_are_read(network: Any, tmp_path: Path):
    from argparse import Namespace

    state = {f"module.{name}": value for name, value in network.state_dict().items()}
    torch.save({"model": state, "epoch": 3, "args": Namespace(lr=0.1)}, tmp_path / "checkpoint.pt")
    model = classifier(tmp_path / "checkpoint.pt", entry="model", prefix="module.")
    assert np.argmax(model(as_images("one", 1))[0]) == CLASSES.index("one")


def test_names_may_be_in_a_json_file_beside_the_weights(network: Any, tmp_path: Path):
    torch.save(network.state_dict(), tmp_path / "w.pt")
    (tmp_path / "w.json").write_text(json.dumps({"index2label": dict(enumerate(CLASSES))}))
    assert classifier(tmp_path / "w.pt", class_names=None).metadata["index2label"] == dict(enumerate(CLASSES))
    with pytest.raises(
        PartError, match=r"class_names is given as \[a, b, c\], and it is .* by index2label of .*w\.json"
    ):
        classifier(tmp_path / "w.pt", class_names=["a", "b", "c"])


# What is wrong


def facts(weights: object, architecture: str = "resnet18", **arguments: Any) -> Facts:
    return TorchvisionClassifier.facts(architecture=architecture, weights_path=weights, **{**KNOWN, **arguments})


def refused(*arguments: Any, **more: Any) -> str:
    with pytest.raises(PartError) as caught:
        classifier(*arguments, **more)
    return str(caught.value)


def test_all_that_the_file_does_not_say_is_asked_for_at_once(weights: Path, images: Path, tmp_path: Path):
    missing = dict.fromkeys(("class_names", "preprocessing", "image_size", "softmax"), "null")
    with pytest.raises(ConfigError) as caught:
        sweeper.plan([*overrides(weights, images, **missing), f"analytics_store.uri='{tmp_path}'"])
    asked = re.findall(rf"^ +'?{CHOICE}\.(\w+)=", str(caught.value), re.MULTILINE)
    assert tuple(asked) == ASKED


def test_what_needs_no_torch_is_told_before_the_sweep(weights: Path, images: Path, tmp_path: Path):
    for wrong, said in (
        ({"class_names": "[one,two]"}, "holds a network of 3 classes, and class_names has 2: one, two"),
        ({"architecture": "resnet81"}, r"Did you mean 'resnet18'\?"),
        ({"weights_path": "nowhere.pt"}, r"There is no file .*nowhere\.pt; weights are never downloaded"),
        ({"weights_path": "null"}, "weights_path is None, and it must be the path of a file"),
        ({"class_names": "[zero,one,two]"}, "zero"),
    ):
        with pytest.raises(ConfigError, match=said):
            sweeper.plan([*overrides(weights, images, **wrong), f"analytics_store.uri='{tmp_path}'"])


def test_facts_are_told_without_torch(weights: Path):
    names = dict(enumerate(CLASSES))
    assert facts(weights) == Facts(str(weights), 3, SIZE, SIZE, 3, names)
    assert facts(weights, resize=True, convert_channels=True) == Facts(str(weights), None, None, None, 3, names)
    code = (
        "import sys; from sweeper.models import TorchvisionClassifier as C; "
        f"C.facts(architecture='resnet18', weights_path={str(weights)!r}, **{KNOWN!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "False"


def test_another_architecture_is_refused_with_what_differs(weights: Path):
    assert re.search(
        r"is no state dict of resnet34: .* are missing\. Name the architecture", refused(weights, "resnet34")
    )
    assert re.search(r"\(64 x 64 x 3 x 3, and resnet50 has 64 x 64 x 1 x 1\)", refused(weights, "resnet50"))
    assert re.search(r"are missing; conv1\.weight, .* are not of it\.", refused(weights, "vgg11"))


def test_missing_and_unexpected_tensors_are_one_error(network: Any, tmp_path: Path):
    state = {name: value for name, value in network.state_dict().items() if name != "layer1.0.conv1.weight"}
    torch.save({**state, "extra.weight": torch.zeros(2)}, tmp_path / "w.pt")
    said = r"no state dict of resnet18: layer1\.0\.conv1\.weight is missing; extra\.weight is not of it\."
    assert re.search(said, refused(tmp_path / "w.pt"))


def test_a_whole_pickled_network_is_refused(network: Any, tmp_path: Path):
    torch.save(network, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt")
    assert "holds an object of torchvision.models.resnet.ResNet, not a state dict" in said
    assert "torch.save(model.state_dict(), 'weights.pt')" in said


def test_a_damaged_file_is_refused(weights: Path, tmp_path: Path):
    whole = weights.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-100], whole.replace(b"storage", b"st0rage")):
        (tmp_path / "w.pt").write_bytes(damaged)
        assert re.search(r"w\.pt is not a whole file|torch cannot load .*w\.pt", refused(tmp_path / "w.pt"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"preprocessing": "image_net"}, "preprocessing is 'image_net'; allowed: imagenet"),
        ({"mean": 0}, r"mean is given as \[0\], and it is \[0\.485, 0\.456, 0\.406\] by preprocessing: imagenet"),
        ({"preprocessing": None, "value_range": [0, 1], "mean": 0, "std": 1, "channels": "GRAY"}, "take three"),
        ({"image_size": 0}, "image_size is 0; allowed: a number"),
        ({"softmax": "yes"}, "softmax is 'yes'; allowed: true or false"),
        ({"class_names": ["a", "a", "b"]}, "'a' is there twice"),
        ({"device": "gpu"}, "device is 'gpu', and torch cannot use it here"),
        ({"arguments": {"widht": 1}}, "unexpected keyword argument 'widht'"),
    ],
)
def test_wrong_arguments_are_refused(weights: Path, arguments: dict[str, Any], said: str):
    assert re.search(said, refused(weights, **arguments))


def test_images_that_the_network_was_not_made_for_are_refused(weights: Path):
    model = classifier(weights)
    for shape, said in (
        ((1, SIZE, SIZE), r"takes 3 channels \(RGB\); got images of 1 channel"),
        ((3, 32, SIZE), "takes images of 16 x 16 .* got 32 x 16"),
        ((SIZE, SIZE), "takes images of C x H x W"),
    ):
        with pytest.raises(PartError, match=said):
            model([np.zeros(shape, dtype=np.float32)])
    with pytest.raises(PartError, match=r"floats must lie in \[0, 1\]"):
        model([np.full((3, SIZE, SIZE), 255.0)])
    assert len(classifier(weights, resize=True, convert_channels=True)([np.zeros((1, 9, 9), dtype=np.uint8)])) == 1


def test_networks_that_turn_their_images_need_a_word_on_it(tmp_path: Path):
    import torchvision

    state = torchvision.models.googlenet(weights=None, num_classes=3, init_weights=False).state_dict()
    torch.save(state, tmp_path / "w.pt")
    said = refused(tmp_path / "w.pt", "googlenet")
    assert "'+model.torchvision_classifier.arguments.transform_input=true'" in said
    model = classifier(tmp_path / "w.pt", "googlenet", arguments={"transform_input": False}, resize=True, image_size=64)
    assert len(model([np.zeros((3, 64, 64), dtype=np.float32)])) == 1


def test_a_network_says_which_sizes_it_cannot_take(tmp_path: Path):
    import torchvision

    torch.save(torchvision.models.alexnet(weights=None, num_classes=3).state_dict(), tmp_path / "w.pt")
    with pytest.raises(PartError, match=r"alexnet of .*w\.pt cannot work on a batch of 1 x 3 x 16 x 16: "):
        classifier(tmp_path / "w.pt", "alexnet")([np.zeros((3, SIZE, SIZE), dtype=np.float32)])
