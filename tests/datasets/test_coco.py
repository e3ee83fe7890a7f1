"""COCO's format is read as pycocotools reads it, and what it cannot mean is refused by name."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from sweeper.datasets import Coco
from sweeper.errors import PartError

SIZES = {"a.png": (40, 60), "sub/b.jpg": (30, 20), "c.png": (10, 10)}
"""Height and width of each file."""


def box(id, image, category, bbox, **more):
    return {"id": id, "image_id": image, "category_id": category, "bbox": bbox, "area": bbox[2] * bbox[3]} | more


@pytest.fixture
def content():
    """Category ids with gaps, a crowd, an area inside an outline, an image without boxes, keys for slices."""
    return {
        "info": {"year": 2026},
        "images": [
            {"id": 7, "file_name": "a.png", "height": 40, "width": 60, "site": "north", "hour": 3, "url": None},
            {"id": 3, "file_name": "sub/b.jpg", "height": 30, "width": 20, "site": "south", "tags": ["x"]},
            {"id": 5, "file_name": "c.png", "height": 10, "width": 10, "site": "north", "hour": 9},
        ],
        "annotations": [
            box(1, 3, 90, [1.5, 2, 10, 20.25]),
            box(2, 7, 1, [0, 0, 60, 40], area=1234.5, segmentation=[[0, 0, 60, 0, 60, 40]]),
            box(3, 7, 3, [50.5, 30, 15, 12], iscrowd=1, segmentation={"counts": [0, 2400], "size": [40, 60]}),
            box(9, 3, 1, [0.1, 0.2, 0.3, 0.4]),
        ],
        "categories": [{"id": 90, "name": "zebra"}, {"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
    }


@pytest.fixture
def write(tmp_path):
    """Writes images and a file of annotations; gives the folder."""

    def write(content, name="labels.json", text=None):
        for file, (height, width) in SIZES.items():
            (tmp_path / file).parent.mkdir(exist_ok=True)
            Image.new("RGB", (width, height), (10, 20, 30)).save(tmp_path / file)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content) if text is None else text)
        return tmp_path

    return write


def test_boxes_are_those_that_pycocotools_reads(write, content):
    root = write(content)
    dataset, known = Coco(root), COCO(str(root / "labels.json"))
    names = {id_: one["name"] for id_, one in known.cats.items()}
    assert [dataset[i][2]["id"] for i in range(3)] == [7, 3, 5]
    for i in range(3):
        target = dataset.get_target(i)
        truth = known.loadAnns(known.getAnnIds(dataset[i][2]["id"]))
        xywh = np.array([one["bbox"] for one in truth], np.float64).reshape(-1, 4)
        np.testing.assert_allclose(target.boxes[:, :2], xywh[:, :2], rtol=1e-6)
        np.testing.assert_allclose(target.boxes[:, 2:] - target.boxes[:, :2], xywh[:, 2:], rtol=1e-5)
        labels = [dataset.metadata["index2label"][label] for label in target.labels]
        assert labels == [names[one["category_id"]] for one in truth]
        np.testing.assert_allclose(target.area, [one["area"] for one in truth])
        assert target.iscrowd.tolist() == [bool(one.get("iscrowd")) for one in truth]


def test_types_are_those_of_the_protocol(write, content):
    image, target, metadata = Coco(write(content))[0]
    assert image.dtype == np.float32
    assert image.shape == (3, 40, 60)
    np.testing.assert_allclose(image[:, 0, 0] * 255, [10, 20, 30], atol=1e-4)
    assert (target.boxes.dtype, target.labels.dtype, target.scores.dtype) == (np.float32, np.int64, np.float32)
    assert target.scores.tolist() == [1, 1]
    assert metadata == {"id": 7, "file_name": "a.png", "height": 40, "width": 60, "site": "north", "hour": 3}


def test_ids_with_gaps_become_indices_in_the_order_of_the_ids(write, content):
    dataset = Coco(write(content))
    assert dataset.metadata["index2label"] == {0: "person", 1: "car", 2: "zebra"}
    assert dataset.get_target(1).labels.tolist() == [2, 0]


def test_an_image_without_annotations_has_no_boxes(write, content):
    target = Coco(write(content)).get_target(2)
    assert target.boxes.shape == (0, 4)
    assert target.labels.shape == target.scores.shape == target.area.shape == (0,)


def test_a_file_may_have_no_annotations_at_all(write, content):
    dataset = Coco(write(content | {"annotations": []}))
    assert [dataset.get_target(i).boxes.shape for i in range(3)] == [(0, 4)] * 3


def test_a_box_that_reaches_beyond_its_image_stays_as_it_is(write, content):
    assert Coco(write(content)).get_target(0).boxes[1].tolist() == [50.5, 30, 65.5, 42]


def test_classes_fix_the_order_and_may_have_gaps_of_one_name(write, content):
    root = write(content)
    dataset = Coco(root, classes=["background", "zebra", "N/A", "car", "N/A", "person"])
    assert dataset.get_target(1).labels.tolist() == [1, 5]
    with pytest.raises(PartError, match=r"'person', which is not in classes\. Did you mean 'persom'"):
        Coco(root, classes=["persom", "car", "zebra"])
    with pytest.raises(PartError, match="'car' more than once"):
        Coco(root, classes=["person", "car", "zebra", "car"])


def test_a_size_scales_boxes_and_areas_along(write, content):
    dataset = Coco(write(content), size=[80, 30])
    image, target, metadata = dataset[0]
    assert image.shape == (3, 80, 30)
    np.testing.assert_allclose(target.boxes, [[0, 0, 30, 80], [25.25, 60, 32.75, 84]])
    np.testing.assert_allclose(target.area, [1234.5, 180])
    assert {key: metadata[key] for key in ("height", "width", "file_height", "file_width")} == {
        "height": 80,
        "width": 30,
        "file_height": 40,
        "file_width": 60,
    }
    assert Coco(dataset._files.root, size=16, grayscale=True)[1][0].shape == (1, 16, 16)


def test_the_one_file_is_found_and_several_are_refused(write, content):
    root = write(content, "annotations/val.json")
    assert len(Coco(root)) == 3
    (root / "other.json").write_text("{}")
    with pytest.raises(PartError, match=r"has 2 files \.json: .*val\.json, .*other\.json\. Set annotations"):
        Coco(root)
    assert len(Coco(root, annotations=root / "annotations" / "val.json")) == 3


def test_facts_come_from_annotations_and_one_header(write, content):
    root = write(content)
    (root / "sub" / "b.jpg").write_bytes(b"no image")
    facts = Coco.facts(root=str(root))
    assert (facts.channels, facts.height, facts.width, facts.n_classes) == (3, 40, 60, 3)
    assert facts.class_names == {0: "person", 1: "car", 2: "zebra"}
    assert facts.occurring == {0, 1, 2}
    facts = Coco.facts(root=str(root), classes=["a", "zebra", "car", "person"], size=[8, 9], grayscale=True)
    assert (facts.channels, facts.height, facts.width, facts.n_classes) == (1, 8, 9, 4)
    assert facts.occurring == {1, 2, 3}


def change(content, place, **values):
    key, index = place
    content[key][index].update(values)


WRONG = {
    "unknown category": (lambda c: change(c, ("annotations", 0), category_id=2), "category that is not in categories"),
    "category is text": (lambda c: change(c, ("annotations", 0), category_id="90"), "category that is not in"),
    "large category": (lambda c: change(c, ("annotations", 0), category_id=10**30), "category that is not in"),
    "no category": (lambda c: c["annotations"][0].pop("category_id"), "without an image_id or a category"),
    "true": (lambda c: change(c, ("annotations", 0), category_id=True), "without an image_id or a category"),
    "too large": (lambda c: change(c, ("annotations", 0), bbox=[1, 2, 10**400, 1]), "not four finite numbers"),
    "unknown image": (lambda c: change(c, ("annotations", 0), image_id=99), "image that is not in images"),
    "no area": (lambda c: change(c, ("annotations", 0), bbox=[1, 2, 0, 5]), "box without an area"),
    "negative": (lambda c: change(c, ("annotations", 0), bbox=[1, 2, 3, -5]), "box without an area"),
    "three numbers": (lambda c: change(c, ("annotations", 0), bbox=[1, 2, 3]), "not four finite numbers"),
    "text": (lambda c: change(c, ("annotations", 0), bbox=["1", 2, 3, 4]), "not four finite numbers"),
    "not finite": (lambda c: change(c, ("annotations", 0), bbox=[1, 2, 3, float("nan")]), "not four finite numbers"),
    "iscrowd": (lambda c: change(c, ("annotations", 0), iscrowd=2), "neither 0 nor 1"),
    "far away": (lambda c: change(c, ("annotations", 0), bbox=[1, 1, 1e200, 1]), "box beyond a billion pixels"),
    "huge area": (lambda c: change(c, ("annotations", 0), area=1e200), "area is no finite number"),
    "area": (lambda c: change(c, ("annotations", 0), area="big"), "area is no finite number"),
    "id twice": (lambda c: change(c, ("annotations", 0), id=2), "id came before"),
    "no object": (lambda c: c["annotations"].__setitem__(0, 5), "without an image_id"),
}
WRONG_IMAGES = {
    "not there": (lambda c: change(c, ("images", 1), file_name="sub/B.png"), "file that is not there"),
    "outside": (lambda c: change(c, ("images", 1), file_name="../x.png"), "file outside root"),
    "absolute": (lambda c: change(c, ("images", 1), file_name="/x.png"), "file outside root"),
    "id twice": (lambda c: change(c, ("images", 1), id=7), "id or file came before"),
    "file twice": (lambda c: change(c, ("images", 1), file_name="./a.png"), "id or file came before"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_annotation_that_cannot_be_used_is_told_or_counted(write, content, name):
    damage, reason = WRONG[name]
    damage(content)
    root = write(content)
    with pytest.raises(PartError, match=rf"(?i)1 entry .*{reason}[^(]* \(1\): .*annotations\[[01]\].*pass_over"):
        Coco(root)
    dataset = Coco(root, invalid="pass_over")
    assert [reason in key and count == 1 for key, count in dataset.metadata["passed_over"].items()] == [True]
    assert sum(len(dataset.get_target(i).boxes) for i in range(3)) == 3


@pytest.mark.parametrize("name", WRONG_IMAGES)
def test_an_image_that_cannot_be_used_is_told_or_left_out_with_its_boxes(write, content, name):
    damage, reason = WRONG_IMAGES[name]
    damage(content)
    if name == "id twice":
        content["annotations"] = [one for one in content["annotations"] if one["image_id"] != 3]
    root = write(content)
    with pytest.raises(PartError, match=rf"(?i){reason} \(1\): .*images\[1\].*pass_over"):
        Coco(root)
    dataset = Coco(root, invalid="pass_over")
    assert dataset.metadata["passed_over"] == {next(iter(dataset.metadata["passed_over"])): 1}
    assert [dataset[i][2]["id"] for i in range(2)] == [7, 5]
    assert [len(dataset.get_target(i).boxes) for i in range(2)] == [2, 0]


def test_one_error_has_all_faults_with_the_first_cases_and_the_counts(write, content):
    content["annotations"] += [box(20 + i, 7, 55, [0, 0, 1, 1]) for i in range(5)]
    content["annotations"][0]["bbox"] = None
    with pytest.raises(PartError) as error:
        Coco(write(content))
    text = str(error.value)
    assert "labels.json has 6 entries that cannot be used" in text
    assert "categories (5): annotations[4] (image_id 7, category_id 55); annotations[5]" in text
    assert "annotations[7]" not in text


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c.pop("categories"), "no list of categories"),
        (lambda c: c.pop("annotations"), "no list of annotations"),
        (lambda c: c.update(images={"id": 1}), "no list of images"),
        (lambda c: c["categories"].append({"id": 1, "name": "bird"}), "one of them came before"),
        (lambda c: c["categories"].append({"id": 8, "name": "car"}), "one of them came before"),
        (lambda c: c["categories"].append({"id": "8", "name": "bird"}), "a whole number, and a name"),
        (lambda c: c["categories"].append({"id": 8}), "a whole number, and a name"),
        (lambda c: c.update(images=[], annotations=[]), "no image that can be used"),
    ],
)
@pytest.mark.parametrize("invalid", ["error", "pass_over"])
def test_a_file_that_is_not_in_the_format_is_refused_either_way(write, content, damage, message, invalid):
    damage(content)
    with pytest.raises(PartError, match=rf"labels\.json.* {message}"):
        Coco(write(content), invalid=invalid)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"images": [1, 2', '{"images": []} x', '{"a" 1}', '{"a": [1 2]}'])
def test_what_is_no_json_object_is_refused(write, text):
    with pytest.raises(PartError, match=r"labels\.json is no whole JSON object"):
        Coco(write({}, text=text))


def test_files_and_arguments_that_are_wrong_are_named(write, content, tmp_path):
    root = write(content)
    with pytest.raises(PartError, match=r"none\.json cannot be read"):
        Coco(root, annotations=root / "none.json")
    with pytest.raises(PartError, match="is not there"):
        Coco(root / "nowhere", annotations=root / "labels.json")
    with pytest.raises(PartError, match=r"a\.png is a file"):
        Coco(root / "a.png", annotations=root / "labels.json")
    with pytest.raises(PartError, match="invalid is 'skip'; allowed: error, pass_over"):
        Coco(root, invalid="skip")
    with pytest.raises(PartError, match=r"Neither .* nor its folder annotations"):
        Coco(tmp_path / "sub")
    (root / "labels.json").write_bytes(b'{"images": "\xff"}')
    with pytest.raises(PartError, match="no text in UTF-8"):
        Coco(root)


def test_an_image_of_another_size_than_annotated_is_refused_when_it_is_read(write, content):
    """As where a camera's orientation turns it: its boxes would lie elsewhere."""
    root = write(content)
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (20, 30)).save(root / "sub" / "b.jpg", exif=exif)
    dataset = Coco(root)
    assert dataset[0][0].shape == (3, 40, 60)
    with pytest.raises(PartError, match=r"b\.jpg has 20 x 30 pixels .* says 30 x 20"):
        dataset[1]


def test_a_corrupt_image_in_the_middle_is_named_when_it_is_read(write, content):
    root = write(content)
    whole = (root / "sub" / "b.jpg").read_bytes()
    (root / "sub" / "b.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PartError, match=r"Cannot read .*b\.jpg as an image"):
        Coco(root)[1]


def test_a_mark_of_byte_order_and_names_of_windows_are_read(write, content):
    change(content, ("images", 1), file_name="sub\\b.jpg")
    root = write(content, text="\ufeff" + json.dumps(content, indent=2))
    assert Coco(root)[1][2]["file_name"] == "sub/b.jpg"


@pytest.mark.parametrize("invalid", ["error", "pass_over"])
def test_a_wrong_root_is_one_error_and_not_one_of_each_image(write, content, invalid):
    root = write(content)
    (root / "other").mkdir()
    with pytest.raises(
        PartError, match=r"^None of the 3 files that the file of annotations names is in root, .*other; "
    ):
        Coco(root / "other", annotations=root / "labels.json", invalid=invalid)
