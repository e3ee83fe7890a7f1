"""YOLO's format is read as datamaite reads it where both can, and what it cannot mean is refused by name."""

from __future__ import annotations

import datamaite
import numpy as np
import pytest
from PIL import Image

from sweeper.datasets import Yolo
from sweeper.errors import PartError

SIZES = {"a.png": (40, 60), "deep/b.jpg": (30, 20), "c.webp": (10, 10)}
"""Height and width of each image of the split val."""
LABELS = {"a": "2 0.5 0.5 1 1\n0 0.25 0.75 0.1 0.2\n\n", "deep/b": "1 0.5 0.5 0.25 0.125"}
CONFIG = "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: cat\n  1: dog\n  2: zebra\n"


def image(path, size=(40, 60), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size[::-1], (10, 20, 30)).save(path, **options)


@pytest.fixture
def root(tmp_path):
    for name, size in SIZES.items():
        image(tmp_path / "images" / "val" / name, size)
    image(tmp_path / "images" / "train" / "a.png")
    for name, text in LABELS.items():
        path = tmp_path / "labels" / "val" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "data.yaml").write_text(CONFIG)
    return tmp_path


def label(root, text, name="a"):
    (root / "labels" / "val" / f"{name}.txt").write_text(text)


def boxes(dataset):
    return [dataset.get_target(i).boxes.tolist() for i in range(len(dataset))]


def test_boxes_are_in_pixels_of_the_image(root):
    dataset = Yolo(root, split="val")
    assert [dataset[i][2]["id"] for i in range(3)] == [
        f"images/val/{name}" for name in ("a.png", "c.webp", "deep/b.jpg")
    ]
    assert dataset.metadata["index2label"] == {0: "cat", 1: "dog", 2: "zebra"}
    np.testing.assert_allclose(dataset.get_target(0).boxes, [[0, 0, 60, 40], [12, 26, 18, 34]], rtol=1e-6)
    np.testing.assert_allclose(dataset.get_target(2).boxes, [[7.5, 13.125, 12.5, 16.875]], rtol=1e-6)
    assert [dataset.get_target(i).labels.tolist() for i in range(3)] == [[2, 0], [], [1]]
    image, target, metadata = dataset[0]
    assert (image.dtype, image.shape) == (np.float32, (3, 40, 60))
    assert (target.boxes.dtype, target.labels.dtype, target.scores.dtype) == (np.float32, np.int64, np.float32)
    assert (target.iscrowd, target.area) == (None, None)
    assert metadata == {"id": "images/val/a.png", "file_name": "images/val/a.png", "height": 40, "width": 60}


def test_values_are_those_of_datamaite(root):
    (root / "images" / "val" / "c.webp").unlink()  # whose size datamaite does not find
    ours, theirs = Yolo(root, split="val"), datamaite.load_od(root, dataset_format="yolo", split="val")
    assert len(ours) == len(theirs) == 2
    assert ours.metadata["index2label"] == theirs.index2label()
    for i in range(2):
        assert ours.get_metadata(i)["id"] == theirs.samples[i].image_id
        np.testing.assert_allclose(ours.get_target(i).boxes, theirs.get_target(i).boxes, rtol=1e-6)
        assert ours.get_target(i).labels.tolist() == theirs.get_target(i).labels.tolist()


def test_shares_are_of_the_image_turned_upright(root):
    exif = Image.Exif()
    exif[274] = 6
    image(root / "images" / "val" / "deep" / "b.jpg", (20, 30), exif=exif)
    assert boxes(Yolo(root, split="val"))[2] == [[7.5, 13.125, 12.5, 16.875]]


def test_a_size_moves_boxes_along(root):
    dataset = Yolo(root, split="val", size=[20, 120], grayscale=True)
    image, target, metadata = dataset[0]
    assert image.shape == (1, 20, 120)
    np.testing.assert_allclose(target.boxes, [[0, 0, 120, 20], [24, 13, 36, 17]], rtol=1e-6)
    assert (metadata["height"], metadata["width"], metadata["file_height"], metadata["file_width"]) == (20, 120, 40, 60)


def test_an_outline_counts_as_the_box_around_it(root):
    label(root, "1 0.1 0.2 0.5 0.1 0.4 0.6\n")
    np.testing.assert_allclose(boxes(Yolo(root, split="val"))[0], [[6, 4, 30, 24]], rtol=1e-6)


def test_a_class_number_may_be_missing_among_the_names(root):
    (root / "data.yaml").write_text("val: images/val\nnames: {0: cat, 1: dog, 2: zebra, 7: owl}\n")
    label(root, "7 0.5 0.5 1 1")
    assert Yolo(root).get_target(0).labels.tolist() == [3]
    assert Yolo(root, classes=["owl", "x", "zebra", "dog", "cat"]).get_target(0).labels.tolist() == [0]
    with pytest.raises(PartError, match="'owl', which is not in classes"):
        Yolo(root, classes=["cat", "dog", "zebra"])


@pytest.mark.parametrize(
    "config",
    [
        "val: images/val\nnames: [cat, dog, zebra]\nnc: 3\n",
        "val: ../images/val\nnames: [cat, dog, zebra]\n",
        "path: /home/someone/else\nval: ./images/val\nnames: [cat, dog, zebra]\n",
        "val: [images/val/deep, images/val/a.png, images/val/c.webp]\nnames: [cat, dog, zebra]\n",
        "path: images\nval: val\nnames: [cat, dog, zebra]\n",
        "val: val.txt\nnames: [cat, dog, zebra]\n",
        "\ufeffval: lists/val.txt\nnames: [cat, dog, zebra]\n",
    ],
)
def test_a_split_may_be_named_in_many_ways(root, config):
    (root / "data.yaml").write_text(config)
    (root / "val.txt").write_text("images/val/a.png\n./images/val/deep/b.jpg\n\nimages/val/c.webp\n")
    (root / "lists").mkdir()
    paths = ["../images/val/a.png", str(root / "images/val/deep/b.jpg"), "../images/val/c.webp"]
    (root / "lists" / "val.txt").write_text("\r\n".join(paths))
    dataset = Yolo(root)
    assert sorted(map(len, boxes(dataset))) == [0, 1, 2]
    assert {dataset.get_metadata(i)["id"] for i in range(3)} == {f"images/val/{name}" for name in SIZES}


def test_labels_lie_beside_images_where_no_folder_is_called_images(tmp_path):
    image(tmp_path / "val" / "a.png")
    (tmp_path / "val" / "a.txt").write_text("0 0.5 0.5 1 1")
    (tmp_path / "val" / "classes.txt").write_text("cat")
    (tmp_path / "mine.yaml").write_text("test: val\nnames: [cat]")
    assert boxes(Yolo(tmp_path, config=tmp_path / "mine.yaml")) == [[[0, 0, 60, 40]]]


def test_facts_come_from_labels_and_one_header(root):
    facts = Yolo.facts(root=str(root), split="val")
    assert (facts.channels, facts.height, facts.width, facts.n_classes) == (3, 40, 60, 3)
    assert facts.class_names == {0: "cat", 1: "dog", 2: "zebra"}
    label(root, "")
    assert Yolo.facts(root=str(root), split="val", size=9).occurring == {1}
    assert Yolo.facts(root=str(root), split="val", size=9).height == 9


WRONG = {
    "class": ("3 0.5 0.5 1 1", "class that is not in names"),
    "negative class": ("-1 0.5 0.5 1 1", "class that is not in names"),
    "no whole class": ("0.5 0.5 0.5 1 1", "class that is not in names"),
    "name for a class": ("cat 0.5 0.5 1 1", "not a class and numbers"),
    "pixels": ("0 30 20 10 10", "no shares of the image"),
    "no width": ("0 0.5 0.5 0 0.1", "box without an area"),
    "few": ("0 0.5 0.5 1", "four numbers, or an outline"),
    "confidence": ("0 0.5 0.5 1 1 0.9", "four numbers, or an outline"),
    "nan": ("0 0.5 nan 1 1", "four numbers, or an outline"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_line_that_cannot_be_used_is_told_or_counted(root, name):
    text, reason = WRONG[name]
    label(root, f"1 0.5 0.5 0.5 0.5\n{text}\n")
    with pytest.raises(
        PartError, match=rf"(?i)1 entry .*{reason}.* \(1\): labels/val/a\.txt, line 2 \({text}\).*pass_over"
    ):
        Yolo(root, split="val")
    dataset = Yolo(root, split="val", invalid="pass_over")
    assert [reason in key and count == 1 for key, count in dataset.metadata["passed_over"].items()] == [True]
    assert list(map(len, boxes(dataset))) == [1, 0, 1]


def test_images_of_a_list_and_labels_without_an_image_are_told_or_counted(root):
    (root / "data.yaml").write_text("val: val.txt\nnames: [cat, dog, zebra]")
    (root / "val.txt").write_text("images/val/a.png\nimages/val/gone.png\nimages/val/a.png\n../x.png\n")
    with pytest.raises(PartError, match=r"3 entries .*not there \(1\): images/val/gone\.png\. .*twice \(1\): images"):
        Yolo(root)
    assert sum(Yolo(root, invalid="pass_over").metadata["passed_over"].values()) == 3
    (root / "data.yaml").write_text(CONFIG)
    (root / "images" / "val" / "deep" / "b.jpg").unlink()
    (root / "labels" / "val" / "old.txt").write_text("")
    with pytest.raises(PartError, match=r"labels without an image \(1\): labels/val/old\.txt"):
        Yolo(root, split="val")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("val: images/val\n", "no names of classes"),
        ("val: images/val\nnames: {cat: 0}", r"no names of classes.*got \('cat', 0\)"),
        ("val: images/val\nnames: cat", "no names of classes"),
        ("val: images/val\nnames: [cat, dog, cat]", "one name to two classes"),
        ("val: images/val\nnames: [cat, dog]\nnc: 3", "nc: 3, and has 2 names"),
        ("names: [cat, dog, zebra]", "no split 'val': it has none"),
        ("train: images/train\nnames: [cat, dog, zebra]", "no split 'val': it has train"),
        ("val: images/vla\nnames: [cat, dog, zebra]", r"There is no .*images/vla"),
        ("val: 3\nnames: [cat, dog, zebra]", "val: 3; allowed: a path"),
        ("- 1", "holds no mapping"),
        ("val: [", "is no YAML"),
    ],
)
def test_a_config_that_does_not_say_what_it_must_is_refused(root, config, message):
    (root / "data.yaml").write_text(config)
    with pytest.raises(PartError, match=message):
        Yolo(root, split="val", invalid="pass_over")


def test_several_splits_or_files_are_not_chosen_among(root):
    with pytest.raises(PartError, match=r"has the splits train, val\. Set split"):
        Yolo(root)
    with pytest.raises(PartError, match=r"No image of .* has a file of labels .*looked for labels/train/a\.txt"):
        Yolo(root, split="train")
    (root / "dataset.yaml").write_text(CONFIG)
    with pytest.raises(PartError, match=r"has data\.yaml and dataset\.yaml"):
        Yolo(root, split="val")
    (root / "dataset.yaml").unlink()
    (root / "data.yaml").unlink()
    with pytest.raises(PartError, match=r"has no data\.yaml, which would say"):
        Yolo(root, split="val")


def test_a_corrupt_image_in_the_middle_is_named_when_it_is_read(root):
    (root / "images" / "val" / "c.webp").write_bytes(b"RIFF")
    dataset = Yolo(root, split="val")
    assert dataset[0][0].shape == (3, 40, 60)
    with pytest.raises(PartError, match=r"Cannot read .*c\.webp as an image"):
        dataset[1]


@pytest.mark.parametrize("shape", ["[2, 2]", "[2, 3]"])
def test_keypoints_behind_a_box_are_no_outline(root, shape):
    further = "0.4 0.4 0.9 0.9" if shape == "[2, 2]" else "0.4 0.4 2 0.9 0.9 0"
    (root / "data.yaml").write_text(f"{CONFIG}kpt_shape: {shape}\n")
    label(root, f"2 0.5 0.5 0.5 0.5 {further}\n")
    label(root, f"1 0.5 0.5 0.25 0.125 {further}\n", "deep/b")
    assert boxes(Yolo(root, split="val"))[0] == [[15, 10, 45, 30]]
    label(root, "2 0.5 0.5 0.5 0.5\n")
    with pytest.raises(PartError, match=r"four numbers and the \d of kpt_shape"):
        Yolo(root, split="val")


@pytest.mark.parametrize("shape", ["[2]", "17", "[0, 2]", "[2, 4]"])
def test_a_malformed_kpt_shape_is_refused(root, shape):
    (root / "data.yaml").write_text(f"{CONFIG}kpt_shape: {shape}\n")
    with pytest.raises(PartError, match="the number of keypoints, and 2 or 3"):
        Yolo(root, split="val")


def test_a_name_that_yaml_reads_as_a_truth_value_is_refused(root):
    (root / "data.yaml").write_text("val: images/val\nnames: [no, yes, zebra]\n")
    with pytest.raises(PartError, match=r"got \(0, False\)\. Put quotes around"):
        Yolo(root)
