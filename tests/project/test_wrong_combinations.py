"""Models and data that do not fit, or are damaged: each is refused with its reason, or the values are right.

Each case makes files, and says how they are swept and what must come of it. Nothing is half right: a case that runs has
the values that follow from its pixels, and one that does not says what is wrong and where.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from command_line import typed
from onnx import TensorProto
from onnx_files import NAMES, class_folders, fixed_answers, network_file, sklearn_file
from PIL import Image

BEFORE, WHILE_IT_RUNS = 2, 1
"""Exit statuses: nothing was run; a combination failed."""


@dataclass(frozen=True)
class Refused:
    """What the message says, and when."""

    said: tuple[str, ...]
    status: int = BEFORE


@dataclass(frozen=True)
class Right:
    """The values by their keys."""

    values: Mapping[str, float]


Case = tuple[list[str], Refused | Right]
CASES: dict[str, Callable[[], Case]] = {}


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    CASES[make.__name__] = make
    return make


def refused(*said: str, status: int = BEFORE) -> Refused:
    return Refused(said, status)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.usefixtures("empty_folder")
def test_a_combination_is_refused_or_right(name: str):
    overrides, expected = CASES[name]()
    status, out, err = typed(*overrides, "job_backend.kind=inline", "--json")
    if isinstance(expected, Right):
        assert status == 0, err
        measured = {row["key"]: row["value"] for row in json.loads(out)["results"]}
        assert {key: measured[key] for key in expected.values} == pytest.approx(dict(expected.values), abs=1e-5)
        return
    assert status == expected.status, err + out
    message = err if status == BEFORE else "\n".join(failure["message"] for failure in json.loads(out)["failures"])
    for words in expected.said:
        assert words in message
    assert Path("analytics_store").exists() == (status != BEFORE)
    assert status == BEFORE or not json.loads(out)["results"]


def test_there_are_twenty_at_least():
    assert len(CASES) >= 20


def keys(prefix: str, values: Mapping[str, object]) -> list[str]:
    return [f"{prefix}.{key}={json.dumps(value)}" for key, value in values.items()]


# Classifiers

WHOLE = {"value_range": [0, 1], "mean": 0, "std": 1, "channels": "RGB", "softmax": True, "class_names": [*NAMES]}
"""What is right for a network that says nothing itself."""


def classified(
    model: Path, without: Iterable[str] = (), data: Mapping[str, object] | None = None, **given: object
) -> list[str]:
    """A sweep of a network in ONNX over class folders; `without` are parameters that are not given."""
    folder = Path("images")
    if not folder.exists():
        class_folders(folder, 12)
    told = {name: value for name, value in {**WHOLE, **given}.items() if name not in without}
    return [
        "capability=[evaluate]",
        "metric=[accuracy,log_loss]",
        "dataset=[image_folder]",
        "model=[onnx_classifier]",
        *keys("dataset.image_folder", {"root": "images", **(data or {})}),
        *keys("model.onnx_classifier", {"path": str(model), **told}),
    ]


def by_hand(order: tuple[int, int, int] = (2, 1, 0)) -> Right:
    """Values of the network of `network_file` on the images, whose scores are means of the channels in an order."""
    files = [path for name in NAMES for path in sorted(Path("images", name).iterdir())]
    labels = np.array([NAMES.index(path.parent.name) for path in files])
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB"), np.float64) / 255 for path in files])
    powers = np.exp(10 * pixels.mean(axis=(1, 2))[:, order])
    likely = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    accuracy = float(np.mean(likely.argmax(axis=1) == labels))
    return Right({"accuracy": accuracy, "log_loss": float(-np.log(likely[rows, labels]).mean())})


@case
def all_is_right() -> Case:
    return classified(network_file(Path("m.onnx"))), by_hand()


@case
def another_size() -> Case:
    model = network_file(Path("m.onnx"), shape=("N", 3, 8, 8))
    return classified(model), refused("8 x 8", "6 x 5", "'dataset.image_folder.size=[8,8]'")


@case
def another_layout_than_the_file_states() -> Case:
    model = network_file(Path("m.onnx"), shape=("N", "H", "W", 3), channel_axis=3)
    return classified(model, layout="NCHW"), refused("layout is given as NCHW, and it is NHWC")


@case
def channels_last() -> Case:
    model = network_file(Path("m.onnx"), shape=("N", "H", "W", 3), channel_axis=3)
    return classified(model), by_hand()


@case
def no_layout_where_the_shape_tells_none() -> Case:
    model = network_file(Path("m.onnx"), shape=("N", "C", "H", "W"))
    return classified(model), refused("model.onnx_classifier.layout=")


@case
def another_range_than_bytes() -> Case:
    model = network_file(Path("m.onnx"), kind=TensorProto.UINT8)
    return classified(model), refused("value_range")


@case
def bytes_go_in() -> Case:
    model = network_file(Path("m.onnx"), kind=TensorProto.UINT8, factor=10 / 255)
    return classified(model, without=["value_range", "mean", "std"]), by_hand()


@case
def a_range_that_the_file_states_and_nobody_gives() -> Case:
    model = network_file(Path("m.onnx"), factor=10 / 255, metadata={"value_range": "[0, 255]"})
    return classified(model, without=["value_range"]), by_hand()


@case
def another_range_than_the_file_states() -> Case:
    model = network_file(Path("m.onnx"), metadata={"value_range": "[0, 255]"})
    return classified(model), refused("value_range is given as [0, 1], and it is [0, 255] by its metadata")


@case
def another_order_of_channels_than_the_file_states() -> Case:
    model = network_file(Path("m.onnx"), metadata={"channels": "BGR"})
    return classified(model), refused("channels is given as RGB, and it is BGR by its metadata")


@case
def channels_in_the_order_that_the_file_states() -> Case:
    model = network_file(Path("m.onnx"), metadata={"channels": "BGR"})
    return classified(model, without=["channels"]), by_hand(order=(0, 1, 2))


@case
def colours_for_a_network_of_one_channel() -> Case:
    model = network_file(Path("m.onnx"), shape=("N", 1, "H", "W"))
    return classified(model, without=["channels"]), refused("takes 1 channel, the images have 3", "grayscale=true")


@case
def class_names_in_another_order() -> Case:
    model = network_file(Path("m.onnx"))
    return classified(model, class_names=["red", "green", "blue"]), refused(
        "index 0 is 'blue' in the data and 'red' to the model", "'dataset.image_folder.classes=[red,green,blue]'"
    )


@case
def class_names_with_other_capitals() -> Case:
    model = network_file(Path("m.onnx"))
    return classified(model, class_names=["Blue", "green", "red"]), refused("index 0 is 'blue' in the data")


@case
def data_in_the_order_of_the_model() -> Case:
    names = ["red", "blue", "green"]
    model = network_file(Path("m.onnx"))
    overrides = classified(model, class_names=names, data={"classes": names})
    expected = by_hand()  # of other names for the same scores: the classes are mixed up, and the values show it
    files = [path for name in NAMES for path in sorted(Path("images", name).iterdir())]
    pixels = np.stack([np.asarray(Image.open(path), np.float64) / 255 for path in files]).mean(axis=(1, 2))
    called = [names[index] for index in pixels[:, (2, 1, 0)].argmax(axis=1)]
    right = np.mean([name == path.parent.name for name, path in zip(called, files, strict=True)])
    assert right != expected.values["accuracy"]
    return overrides, Right({"accuracy": float(right)})


@case
def fewer_class_names_than_scores() -> Case:
    model = network_file(Path("m.onnx"))
    return classified(model, class_names=["blue", "green"]), refused("class_names has 2 names", "3 scores")


@case
def a_class_of_the_data_that_the_model_does_not_know() -> Case:
    class_folders(Path("images"), 12)
    Path("images/red").rename("images/violet")
    return classified(network_file(Path("m.onnx"))), refused("'violet' in the data")


@case
def logits_that_are_said_to_be_probabilities() -> Case:
    model = network_file(Path("m.onnx"))
    return classified(model, softmax=False), refused("softmax", status=WHILE_IT_RUNS)


@case
def softmax_that_nobody_speaks_of() -> Case:
    return classified(network_file(Path("m.onnx")), without=["softmax"]), refused("model.onnx_classifier.softmax=")


@case
def softmax_twice() -> Case:
    model = network_file(Path("m.onnx"), softmax=True)
    return classified(model), refused("softmax is given as true, and it is false by the last node")


@case
def rows_of_features_of_another_length() -> Case:
    model = sklearn_file(Path("m.onnx"))
    told = {"layout": "flat_CHW", "image_size": [4, 4]}
    return classified(model, without=["softmax", "class_names"], **told), refused("90")


@case
def a_damaged_network() -> Case:
    model = network_file(Path("m.onnx"))
    model.write_bytes(model.read_bytes()[:40])
    return classified(model), refused("m.onnx", "model.onnx_classifier.path=VALUE")


@case
def no_network() -> Case:
    return classified(Path("gone.onnx")), refused("gone.onnx", "model.onnx_classifier.path=VALUE")


@case
def a_corrupt_image_in_the_middle() -> Case:
    class_folders(Path("images"), 12)
    middle = sorted(Path("images/green").iterdir())[1]
    middle.write_bytes(middle.read_bytes()[:-30])
    return classified(network_file(Path("m.onnx"))), refused(str(middle), status=WHILE_IT_RUNS)


@case
def an_image_of_another_size_in_the_middle() -> Case:
    class_folders(Path("images"), 12)
    middle = sorted(Path("images/green").iterdir())[1]
    Image.open(middle).resize((9, 9)).save(middle)
    model = network_file(Path("m.onnx"), shape=("N", 3, 6, 5))
    return classified(model), refused("9 x 9", status=WHILE_IT_RUNS)


@case
def a_gray_image_in_the_middle() -> Case:
    class_folders(Path("images"), 12)
    middle = sorted(Path("images/green").iterdir())[1]
    Image.open(middle).convert("L").save(middle)
    overrides = classified(network_file(Path("m.onnx")))
    return overrides, Right({"log_loss": by_hand().values["log_loss"]})  # its scores are equal: no class is the best


@case
def a_table_with_a_file_that_is_not_there() -> Case:
    class_folders(Path("images"), 12)
    Path("images/labels.csv").write_text("file,label\nblue/000.png,blue\nblue/gone.png,blue\n")
    overrides = classified(network_file(Path("m.onnx")))
    rest = [line for line in overrides if not line.startswith("dataset")]
    return [*rest, "dataset=[image_csv]", "dataset.image_csv.root=images"], refused("gone.png")


# Detection

PERFECT = Right({"map": 1.0, "mar_100": 1.0})
SCENES = ({"cat": (2, 2, 14, 12)}, {"dog": (5, 3, 25, 18)}, {"cat": (1, 1, 9, 20), "dog": (15, 2, 30, 16)})
"""Boxes (x0, y0, x1, y1) in three images of 32 x 24 pixels, red for a cat and blue for a dog."""
COLOURS = {"cat": (255, 0, 0), "dog": (0, 0, 255)}


def scenes(folder: Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    for number, boxes in enumerate(SCENES):
        image = Image.new("RGB", (32, 24))
        for name, box in boxes.items():
            image.paste(COLOURS[name], box)
        names.append(f"{number}.png")
        image.save(folder / names[-1])
    return names


def detected(dataset: str, given: Mapping[str, object], names: str = "[cat,dog]") -> list[str]:
    finder = (
        f"+model.finder={{_target_: wrong_parts.ColourFinder, names: {names}, _sweep_: {{task: object_detection}}}}"
    )
    return [
        "capability=[evaluate]",
        "metric=[coco_map]",
        f"dataset=[{dataset}]",
        "model=[naive_bayes]",
        "~model.naive_bayes",
        finder,
        *keys(f"dataset.{dataset}", given),
    ]


def coco(ids: Mapping[str, int]) -> dict[str, list[dict[str, object]]]:
    """The content of a COCO file whose categories have these ids."""
    listed = [
        {"id": 10 * number, "file_name": name, "width": 32, "height": 24}
        for number, name in enumerate(scenes(Path("set")))
    ]
    boxes = [
        {"image_id": 10 * number, "category_id": ids[name], "bbox": [x, y, right - x, low - y], "iscrowd": 0}
        for number, scene in enumerate(SCENES)
        for name, (x, y, right, low) in scene.items()
    ]
    annotations = [{"id": number, **box, "area": 100} for number, box in enumerate(boxes, start=1)]
    return {
        "images": listed,
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for name, number in ids.items()],
    }


def of_coco(content: Mapping[str, object], **given: object) -> list[str]:
    Path("set/instances.json").write_text(json.dumps(content))
    return detected("coco", {"root": "set", **given})


@case
def coco_ids_with_gaps() -> Case:
    return of_coco(coco({"cat": 3, "dog": 90})), PERFECT


@case
def coco_ids_in_another_order_than_the_classes_of_the_model() -> Case:
    return of_coco(coco({"dog": 1, "cat": 2})), refused(
        "index 0 is 'dog' in the data and 'cat' to the model", status=WHILE_IT_RUNS
    )


@case
def coco_in_the_order_of_the_model() -> Case:
    return of_coco(coco({"dog": 1, "cat": 2}), classes=["cat", "dog"]), PERFECT


@case
def a_coco_annotation_of_an_image_that_is_not_listed() -> Case:
    content = coco({"cat": 1, "dog": 2})
    content["annotations"][1]["image_id"] = 77
    return of_coco(content), refused("77", "instances.json")


@case
def a_coco_image_that_is_not_there() -> Case:
    overrides = of_coco(coco({"cat": 1, "dog": 2}))
    Path("set/1.png").unlink()
    return overrides, refused("1.png")


@case
def a_corrupt_image_among_boxes() -> Case:
    overrides = of_coco(coco({"cat": 1, "dog": 2}))
    image = Path("set/1.png")
    image.write_bytes(image.read_bytes()[:60])
    return overrides, refused("1.png", status=WHILE_IT_RUNS)


def of_yolo(config: str, label: str = "0 0.25 0.5 0.4 0.4\n") -> list[str]:
    scenes(Path("set/images/val"))
    Path("set/labels/val").mkdir(parents=True)
    for number, boxes in enumerate(SCENES):
        lines = [
            f"{[*COLOURS].index(name)} {(x + right) / 64} {(y + low) / 48} {(right - x) / 32} {(low - y) / 24}\n"
            for name, (x, y, right, low) in boxes.items()
        ]
        Path(f"set/labels/val/{number}.txt").write_text("".join(lines))
    if label:
        Path("set/labels/val/1.txt").write_text(label)
    if config:
        Path("set/data.yaml").write_text(config)
    return detected("yolo", {"root": "set"})


YAML = "names: [cat, dog]\nval: images/val\n"


@case
def yolo_as_it_should_be() -> Case:
    return of_yolo(YAML, label=""), PERFECT


@case
def yolo_without_a_file_of_names() -> Case:
    return of_yolo(""), refused("set has no data.yaml", "Set config to the file")


@case
def yolo_without_names() -> Case:
    return of_yolo("val: images/val\n"), refused("data.yaml has no names of classes")


@case
def yolo_with_a_class_that_has_no_name() -> Case:
    return of_yolo(YAML, label="2 0.5 0.5 0.2 0.2\n"), refused("labels/val/1.txt")


@case
def yolo_in_pixels() -> Case:
    return of_yolo(YAML, label="1 15 10 20 15\n"), refused("labels/val/1.txt", "no shares of the image")


# Detectors in ONNX

BOXES = {
    "boxes": np.array([[2, 2, 14, 12]], np.float32),
    "scores": np.array([0.9], np.float32),
    "labels": np.array([1], np.int64),
}
OF_BOXES = {
    "value_range": [0, 1],
    "mean": 0,
    "std": 1,
    "channels": "RGB",
    "box_format": "xyxy",
    "box_units": "pixels",
    "first_label": 1,
    "class_names": ["cat", "dog"],
}


def found_in_onnx(shape: tuple[int | str, ...] = ("N", 3, 24, 32), without: str = "", **given: object) -> list[str]:
    model = fixed_answers(Path("m.onnx"), BOXES, shape=shape)
    told = {name: value for name, value in {**OF_BOXES, **given}.items() if name != without}
    overrides = [line for line in of_coco(coco({"cat": 3, "dog": 90})) if "model" not in line]
    return [*overrides, "model=[onnx_detector]", *keys("model.onnx_detector", {"path": str(model), **told})]


@case
def a_detector_of_another_size() -> Case:
    return found_in_onnx(shape=("N", 3, 64, 64)), refused("64 x 64", "24 x 32", "'dataset.coco.size=[64,64]'")


@case
def labels_that_nobody_says_the_first_of() -> Case:
    return found_in_onnx(without="first_label"), refused("model.onnx_detector.first_label=")


@case
def a_detector_with_its_classes_in_another_order() -> Case:
    return found_in_onnx(class_names=["dog", "cat"]), refused("index 0 is 'cat' in the data and 'dog' to the model")


@case
def a_detector_that_lacks_a_class() -> Case:
    return found_in_onnx(class_names=["cat"]), refused("index 1 is 'dog' in the data and not among the model's classes")


@case
def a_classifier_for_boxes() -> Case:
    overrides = [line for line in of_coco(coco({"cat": 3, "dog": 90})) if "model" not in line]
    model = network_file(Path("m.onnx"))
    told = keys("model.onnx_classifier", {"path": str(model), **WHOLE})
    return [*overrides, "model=[onnx_classifier]", *told], refused("task")
