"""Every shipped choice of a dataset, model, metric and capability composes alone, can be built, and runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from maite.protocols import generic as gen
from omegaconf import OmegaConf
from onnx_files import AS_IT_IS, fixed_answers
from PIL import Image

from sweeper.datasets import Digits
from sweeper.vocabulary import Arity

CONF = Path(__file__).parents[2] / "conf"
CONDITIONS = [
    "blur",
    "contrast",
    "fog",
    "jpeg",
    "low_light",
    "motion_blur",
    "nrtk",
    "occlusion",
    "rain",
    "resolution",
    "rotation",
    "scale",
    "snow",
    "translation",
]
CHOICES = {
    "capability": [
        "data_quality",
        "detection_errors",
        "detection_quality",
        "detection_shift",
        "error_analysis",
        "evaluate",
        "robustness",
        *(f"robustness_{condition}" for condition in CONDITIONS),
        "shift",
    ],
    "dataset": [
        "coco",
        "digits",
        "digits_dark",
        "digits_noisy",
        "digits_occluded",
        "digits_rotated",
        "huggingface",
        "image_csv",
        "image_folder",
        "yolo",
    ],
    "model": [
        "bright_regions",
        "forest",
        "knn",
        "logreg",
        "mlp",
        "naive_bayes",
        "onnx_classifier",
        "onnx_detector",
        "svm",
    ],
    "metric": [
        "accuracy",
        "balanced_accuracy",
        "brier",
        "coco_map",
        "detection_f1",
        "ece",
        "f1_macro",
        "log_loss",
        "precision_macro",
        "recall_macro",
    ],
}
OF_TORCH = {"torch_export", "torchvision_classifier", "torchvision_detector"}
"""Are tested in tests/torch, where there is torch."""
OF_DETECTION = {"bright_regions", "coco", "coco_map", "detection_f1", "onnx_detector", "yolo"}
PROTOCOLS = {"dataset": gen.Dataset, "model": gen.Model, "metric": gen.Metric}
EACH = pytest.mark.parametrize(("axis", "name"), [(axis, name) for axis, names in CHOICES.items() for name in names])


def composed(config_name, overrides=()):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(config_name, list(overrides))


def plain(spec):
    """The resolved spec without `_sweep_`, as a worker gets it."""
    if isinstance(spec, dict):
        return {key: plain(value) for key, value in spec.items() if key != "_sweep_"}
    return [plain(value) for value in spec] if isinstance(spec, list) else spec


@pytest.fixture(scope="module")
def overrides(tmp_path_factory):
    """What a choice needs to be said: a dataset of files has no default root."""
    root = tmp_path_factory.mktemp("images")
    for name in ("cat", "dog"):
        (root / name).mkdir()
        Image.new("RGB", (8, 8)).save(root / name / "1.png")
    said = {name: [f"dataset.{name}.root={root}"] for name in write_labels(root)}
    return {**said, "onnx_classifier": of_onnx(root / "digits.onnx"), "onnx_detector": detector(root / "boxes.onnx")}


def of_onnx(path):
    """Writes a classifier of the digits in ONNX; gives what the file does not say."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    train = Digits("train")
    rows = train.images.reshape(len(train), -1)
    path.write_bytes(to_onnx(LogisticRegression(max_iter=1000).fit(rows, train.labels), rows[:1]).SerializeToString())
    given = {"layout": "flat_CHW", "image_size": 8, "channels": "GRAY", "value_range": [0, 1], "mean": 0, "std": 1}
    said = {"path": path, "class_names": [*"0123456789"], **given}
    return [f"model.onnx_classifier.{name}={value}" for name, value in said.items()]


def write_labels(root):
    """Writes what says of the images in a folder what they show, in each of the formats; gives the names of choices."""
    image = {"id": 1, "file_name": "cat/1.png", "height": 8, "width": 8}
    coco = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}
    (root / "coco.json").write_text(json.dumps(coco))
    (root / "data.yaml").write_text("val: cat\nnames: [cat]")
    (root / "cat" / "1.txt").write_text("0 0.5 0.5 1 1")
    (root / "labels.csv").write_text("file,label\ncat/1.png,cat")
    return "coco", "huggingface", "image_csv", "image_folder", "yolo"


def detector(path):
    """Writes a detector in ONNX; gives what the file does not say."""
    answers = {"boxes": np.zeros((0, 4), np.float32), "scores": np.zeros((0, 2), np.float32)}
    given = {**AS_IT_IS, "channels": "RGB", "class_names": ["cat", "dog"], "box_format": "xyxy", "box_units": "pixels"}
    said = {"path": fixed_answers(path, answers), **given}
    return [f"model.onnx_detector.{name}={value}" for name, value in said.items()]


@pytest.fixture(scope="module")
def build(overrides):
    built = {}

    def build(axis, name):
        if name == "robustness_nrtk":
            pytest.importorskip("nrtk")
        if (axis, name) not in built:
            config = composed(f"{axis}/{name}", overrides.get(name, ()))
            spec = OmegaConf.to_container(config, resolve=True)[axis][name]
            built[axis, name] = instantiate(plain(spec), _convert_="all")
        return built[axis, name]

    return build


@pytest.mark.parametrize("axis", CHOICES)
def test_every_shipped_choice_of_sweeper_itself_is_tested_here(axis):
    shipped = [path.stem for path in sorted((CONF / axis).glob("*.yaml")) if "_target_: sweeper." in path.read_text()]
    ours = [name for name in shipped if "sweeper.checkmaite" not in (CONF / axis / f"{name}.yaml").read_text()]
    assert [name for name in ours if name not in OF_TORCH] == CHOICES[axis]


@EACH
def test_a_choice_composes_alone_under_its_own_name(axis, name, overrides):
    config = OmegaConf.to_container(composed(f"{axis}/{name}", overrides.get(name, ())), resolve=True)
    assert set(config) <= {axis, "part"}
    assert list(config[axis]) == [name]


@EACH
def test_a_choice_is_what_its_axis_says(axis, name, build):
    part = build(axis, name)
    if axis == "capability":
        assert part.id == f"sweeper.{'robustness' if name.startswith('robustness') else name}"
    else:
        assert isinstance(part, PROTOCOLS[axis])


@pytest.mark.parametrize("axis", ["dataset", "model", "metric"])
def test_ids_of_the_shipped_choices_differ(axis, build):
    ids = [build(axis, name).metadata["id"] for name in CHOICES[axis]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", CHOICES["capability"])
def test_a_capability_says_of_itself_what_its_class_says(name, build):
    said = OmegaConf.to_container(composed(f"capability/{name}"))["capability"][name]
    capability, sweep = build("capability", name), said["_sweep_"]
    assert {axis: Arity[number] for axis, number in sweep["arity"].items()} == {
        "datasets": capability.supports_datasets,
        "models": capability.supports_models,
        "metrics": capability.supports_metrics,
    }
    assert sweep.get("reads_predictions", False) == capability.reads_predictions
    assert set(sweep.get("predictions_depend_on", [])) <= set(said)


def test_choices_of_one_task_go_together():
    for axis in ("dataset", "model", "metric"):
        for name in CHOICES[axis]:
            said = OmegaConf.to_container(composed(f"{axis}/{name}"))[axis][name]
            task = "object_detection" if name in OF_DETECTION else "image_classification"
            assert said["_sweep_"]["task"] == task


@pytest.mark.parametrize("model", [name for name in CHOICES["model"] if name not in OF_DETECTION])
def test_every_model_does_well_as_collected_and_worse_in_the_dark(model, build):
    evaluate, accuracy = build("capability", "evaluate"), build("metric", "accuracy")
    light, dark = (
        evaluate.run([build("model", model)], [build("dataset", name)], [accuracy]).values["accuracy"]
        for name in ("digits", "digits_dark")
    )
    assert light > 0.9
    assert dark < light - 0.05


@pytest.mark.parametrize("metric", [name for name in CHOICES["metric"] if name not in OF_DETECTION])
def test_every_metric_gives_its_name_as_key(metric, build):
    run = build("capability", "evaluate").run(
        [build("model", "logreg")], [build("dataset", "digits")], [build("metric", metric)]
    )
    assert list(run.values) == [metric]
    assert run.higher_is_better is (metric not in {"brier", "ece", "log_loss"})


def test_several_choices_that_share_parts_compose_at_once(tmp_path):
    lines = "".join(f"  - {axis}: [{', '.join(names)}]\n" for axis, names in CHOICES.items())
    (tmp_path / "all.yaml").write_text(f"hydra: {{searchpath: ['file://{CONF}']}}\ndefaults:\n{lines}  - _self_\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        config = compose("all", ["part.digits_split.seed=7"])
    resolved = OmegaConf.to_container(config, resolve=True)
    assert resolved["model"]["svm"]["train"]["seed"] == 7
    assert resolved["dataset"]["digits"]["seed"] == 7
    assert resolved["dataset"]["digits_dark"]["dataset"] == {
        key: value for key, value in resolved["dataset"]["digits"].items() if key != "_sweep_"
    }
