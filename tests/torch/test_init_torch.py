"""`sweeper init` knows weights of torchvision and exported programs, and asks for what no file says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from command_line import typed
from init_files import coco, folders

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")


@pytest.fixture(autouse=True)
def here(empty_folder: Path) -> None:
    folders(Path("images"))
    coco(Path("boxes"))


def drafted(model: str, data: str) -> tuple[str, list[str]]:
    status, out, err = typed("init", "--model", model, "--data", data, "--json")
    assert status == 0, err
    told = json.loads(out)
    return told["choices"][0]["target"], [key.rpartition(".")[2] for key in told["missing"]]


def test_weights_of_a_classifier_ask_for_the_architecture_and_how_images_go_in():
    torch.save(torchvision.models.squeezenet1_1(num_classes=2).state_dict(), "w.pth")
    target, missing = drafted("w.pth", "images")
    assert target == "sweeper.models.TorchvisionClassifier"
    assert missing[0] == "architecture"
    assert {"value_range", "mean", "std", "channels", "image_size", "softmax", "class_names"} <= set(missing)
    assert "a classification network of torchvision.models" in Path("conf/model/w.yaml").read_text()


def test_what_is_filled_in_runs():
    torch.save(torchvision.models.squeezenet1_1(num_classes=2).state_dict(), "w.pth")
    drafted("w.pth", "images")
    path = Path("conf/model/w.yaml")
    choice = yaml.safe_load(path.read_text())
    for name in ("value_range", "mean", "std", "channels"):
        del choice["w"][name]
    given = {"preprocessing": "imagenet", "image_size": 64, "softmax": True, "class_names": ["cat", "dog"]}
    choice["w"].update(given, architecture="squeezenet1_1", resize=True)
    path.write_text(yaml.safe_dump(choice))
    status, out, err = typed("--config-dir", "conf", "--config-name", "my_sweep", "job_backend.kind=inline")
    assert status == 0, err + out


def test_weights_of_a_detector_are_told_by_their_names():
    detector = torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=3
    )
    torch.save(detector.state_dict(), "d.pt")
    assert drafted("d.pt", "boxes") == ("sweeper.models.TorchvisionDetector", ["architecture", "class_names"])


def test_a_whole_pickled_model_is_refused():
    torch.save(torch.nn.Linear(2, 2), "whole.pt")
    status, _, err = typed("init", "--model", "whole.pt", "--data", "images")
    assert status == 2
    assert "--model: whole.pt" in err


def test_an_exported_program_says_its_size():
    class Means(torch.nn.Module):
        def forward(self, images):
            return images.mean(dim=(2, 3))[:, :2]

    torch.export.save(torch.export.export(Means().eval(), (torch.zeros(1, 3, 9, 7),)), "p.pt2")
    target, missing = drafted("p.pt2", "images")
    assert target == "sweeper.models.TorchExport"
    assert "softmax" in missing
