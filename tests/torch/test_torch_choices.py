"""The shipped choices of torch: each composes alone, and says what it needs before it can be built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch_files import CLASSES, SIZE

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
CONF = Path(__file__).parents[2] / "conf"
OF_IMAGES = ["preprocessing=imagenet", f"image_size={SIZE}", "softmax=true"]


def built(name: str, *given: str) -> Any:
    overrides = [f"model.{name}.{one}" for one in (f"class_names=[{','.join(CLASSES)}]", *given)]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config: Any = OmegaConf.to_container(compose(f"model/{name}", overrides), resolve=True)
    assert set(config) == {"model"}
    assert set(config["model"]) == {name}
    spec = {key: value for key, value in config["model"][name].items() if key != "_sweep_"}
    return instantiate(spec, _convert_="all")


def test_the_classifier_can_be_built(weights: Path):
    model = built("torchvision_classifier", "architecture=resnet18", f"weights_path={weights}", *OF_IMAGES)
    assert len(model([np.zeros((3, SIZE, SIZE), dtype=np.float32)])[0]) == len(CLASSES)


def test_the_detector_can_be_built(tmp_path: Path):
    from sweeper.models.torchvision_networks import untrained

    name = "ssdlite320_mobilenet_v3_large"
    torch.save(untrained(name, "detection", len(CLASSES) + 1, {}).state_dict(), tmp_path / "w.pt")
    model = built("torchvision_detector", f"architecture={name}", f"weights_path={tmp_path / 'w.pt'}")
    assert model.metadata["index2label"] == dict(enumerate(CLASSES))


def test_the_exported_network_can_be_built(network: Any, tmp_path: Path):
    torch.export.save(torch.export.export(network, (torch.zeros(1, 3, SIZE, SIZE),)), tmp_path / "m.pt2")
    of_images = ("value_range=[0,1]", "mean=0", "std=1", "channels=RGB", "softmax=true")
    model = built("torch_export", f"path={tmp_path / 'm.pt2'}", *of_images)
    assert len(model([np.zeros((3, SIZE, SIZE), dtype=np.float32)])[0]) == len(CLASSES)
