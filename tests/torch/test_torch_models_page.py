"""What docs/torch-models.md shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hydra.utils import instantiate

from sweeper.models import TorchExport
from sweeper.models.detected_classes import DETECTED_NAMES, detected_classes
from sweeper.models.torchvision_networks import untrained

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")
PAGE = Path(__file__).parents[2] / "docs" / "torch-models.md"
FILES = dict(re.findall(r"```(?:python|yaml)\n# (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL))
"""The files that the page tells its reader to write, by their paths."""


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with the files that the page's choices name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    return tmp_path


def built(name: str, **more: Any) -> Any:
    ((_, spec),) = yaml.safe_load(FILES[f"conf/model/{name}.yaml"]).items()
    return instantiate({**{key: value for key, value in spec.items() if key != "_sweep_"}, **more}, _convert_="all")


def test_the_classifier_of_the_page_is_built(page_folder: Path):
    torch.save(untrained("resnet18", "classification", 2, {}).state_dict(), "weights.pt")
    assert built("my_resnet").metadata["index2label"] == {0: "cat", 1: "dog"}
    built("on_a_gpu", class_names=["cat", "dog"], preprocessing="imagenet", image_size=32, softmax=True)


def test_the_detector_of_the_page_is_built(page_folder: Path):
    torch.save(untrained("fasterrcnn_resnet50_fpn", "detection", 3, {}).state_dict(), "detector.pt")
    assert built("my_detector").metadata["index2label"] == {0: "cat", 1: "dog"}


def test_the_script_of_the_page_exports_a_network(page_folder: Path):
    exec(FILES["export_it.py"], {})
    numbers = {"value_range": [0, 1], "mean": 0, "std": 1, "channels": "RGB", "softmax": True}
    model = TorchExport("model.pt2", class_names=["a", "b", "c"], **numbers)
    assert len(model([np.zeros((3, 32, 32), dtype=np.float32)] * 5)) == 5


@pytest.mark.parametrize(
    ("names", "starts_with_background", "right"),
    [
        (["cat", "dog"], True, True),
        (["cat", "dog"], False, False),
        (["__background__", "cat", "dog"], True, True),
        (["__background__", "cat", "dog"], False, True),
        ({1: "cat", 2: "dog"}, True, True),
        ({1: "cat", 2: "dog"}, False, True),
        (["cat", "dog", "cow"], True, False),
        (["cat", "dog", "cow"], False, True),
    ],
)
def test_the_table_of_labels_is_right(names: Any, starts_with_background: bool, right: bool):
    def classes() -> Any:
        read = DETECTED_NAMES.read(names)
        return detected_classes(read, 3, starts_with_background=starts_with_background, source="w.pt")

    if right:
        assert classes().names[:2] == ("cat", "dog")
    else:
        with pytest.raises(ValueError, match=r"w\.pt"):
            classes()


def test_names_of_torchvisions_weights_on_coco_become_80_classes():
    from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights as Weights

    names = DETECTED_NAMES.read(Weights.COCO_V1.meta["categories"])
    classes = detected_classes(names, 91, starts_with_background=True, source="w.pt")
    assert (len(classes.names), classes.names[0], classes.names[-1]) == (80, "person", "toothbrush")
    assert classes.indices(np.array([1, 90])).tolist() == [0, 79]
