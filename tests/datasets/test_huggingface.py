"""Local datasets of Hugging Face in each layout, written as the package `datasets` 5.2 writes them."""

from __future__ import annotations

import io
import json
import pickle

import datamaite
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from sweeper.datasets import HuggingFace
from sweeper.errors import PartError

IMAGE = {"_type": "Image"}
LABEL = {"_type": "ClassLabel", "names": ["cat", "dog", "owl"]}
FEATURES = {"image": IMAGE, "label": LABEL, "site": {"dtype": "string", "_type": "Value"}}
STORED = pa.struct({"bytes": pa.binary(), "path": pa.string()})
OBJECTS = {
    "bbox": {"_type": "List", "feature": {"_type": "List", "feature": {"dtype": "float32", "_type": "Value"}}},
    "category": {"_type": "List", "feature": {"names": ["a", "b"], "_type": "ClassLabel"}},
}


def png(shade, size=(6, 4)):
    content = io.BytesIO()
    Image.new("L", size, shade).save(content, "PNG")
    return content.getvalue()


def images(count, path=None):
    return pa.array([{"bytes": png(20 * i), "path": path and f"{path}{i}.png"} for i in range(count)], STORED)


def table(columns, features=None):
    known = {"huggingface": json.dumps({"info": {"features": features}})} if features else None
    return pa.table(columns).replace_schema_metadata(known)


def classified(labels=(2, 0, 0, 2, 1), path=None):
    sites = [("n", "s", None)[i % 3] for i in range(len(labels))]
    label = pa.array(labels, pa.int64())
    return table({"image": images(len(labels), path), "label": label, "site": sites}, FEATURES)


def save(rows, folder, *, shards=1, features=None):
    """As `Dataset.save_to_disk`."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"data-{i:05}-of-{shards:05}.arrow" for i in range(shards)]
    per = -(-len(rows) // shards)
    for i, name in enumerate(names):
        with pa.OSFile(str(folder / name), "wb") as sink, pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows.slice(i * per, per))
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}))
    (folder / "dataset_info.json").write_text(json.dumps({"features": features or {}}))


def saved(folder):
    save(classified(), folder / "train")
    save(classified((1, 2)), folder / "test")
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    return {"split": "train"}


def in_shards(folder):
    save(classified(), folder, shards=2)
    return {}


def features_beside(folder):
    save(classified().replace_schema_metadata(None), folder, features=FEATURES)
    return {}


def snapshot(folder):
    (folder / "data").mkdir(parents=True)
    rows = classified()
    pq.write_table(rows.slice(0, 3), folder / "data" / "train-00000-of-00002.parquet", row_group_size=2)
    pq.write_table(rows.slice(3), folder / "data" / "train-00001-of-00002.parquet", row_group_size=1)
    pq.write_table(classified((1,)), folder / "data" / "test-00000-of-00001.parquet")
    return {"split": "train"}


@pytest.mark.parametrize("layout", [saved, in_shards, features_beside, snapshot])
def test_every_layout_gives_the_same_rows(tmp_path, layout):
    dataset = pickle.loads(pickle.dumps(HuggingFace(tmp_path / "set", **layout(tmp_path / "set"))))
    assert dataset.metadata["index2label"] == {0: "cat", 1: "dog", 2: "owl"}
    data = [dataset[i] for i in reversed(range(5))][::-1]
    assert [round(float(image[0, 0, 0] * 255)) for image, _, _ in data] == [0, 20, 40, 60, 80]
    assert [int(np.argmax(target)) for _, target, _ in data] == [2, 0, 0, 2, 1]
    assert [metadata["id"] for _, _, metadata in data] == [0, 1, 2, 3, 4]
    assert data[0][2] == {"id": 0, "file_name": "row 0", "height": 4, "width": 6, "site": "n"}
    assert "site" not in data[2][2]
    assert (data[0][0].dtype, data[0][0].shape, data[0][1].dtype) == (np.float32, (3, 4, 6), np.float32)


def test_an_image_may_be_a_path_and_a_label_a_name(tmp_path):
    (tmp_path / "x.png").write_bytes(png(70))
    rows = {"img": pa.array([{"bytes": None, "path": "x.png"}, {"bytes": png(9), "path": "y.png"}], STORED)}
    pq.write_table(pa.table(rows | {"kind": ["b", "a"]}), tmp_path / "rows.parquet")
    dataset = HuggingFace(tmp_path, label_column="kind", grayscale=True)
    assert [round(float(dataset[i][0][0, 0, 0] * 255)) for i in range(2)] == [70, 9]
    assert [dataset[i][2]["file_name"] for i in range(2)] == ["x.png", "y.png"]
    assert (dataset.metadata["index2label"], dataset[0][1].tolist()) == ({0: "a", 1: "b"}, [0, 1])


def test_classes_fix_the_order_and_must_have_all(tmp_path):
    in_shards(tmp_path)
    dataset = HuggingFace(tmp_path, classes=["owl", "dog", "ant", "cat"])
    assert [int(np.argmax(dataset.get_target(i))) for i in range(5)] == [0, 3, 3, 0, 1]
    with pytest.raises(PartError, match="'owl', which is not in classes"):
        HuggingFace(tmp_path, classes=["cat", "dog"])


def folder_of_images(root, split="train"):
    """Images and their metadata, as `imagefolder` reads them."""
    (root / split).mkdir(parents=True)
    for i in range(3):
        (root / split / f"{i}.png").write_bytes(png(20 * i))
    rows = [
        {"file_name": "1.png", "objects": {"bbox": [[1, 1, 2, 3], [0, 0, 6, 4]], "categories": [1, 0]}, "night": True},
        {"file_name": "0.png", "objects": {"bbox": [], "categories": []}, "night": False},
        {"file_name": "2.png", "objects": {"bbox": [[2, 1, 3, 2]], "categories": [1]}, "night": False},
    ]
    (root / split / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))


def test_boxes_of_an_image_folder_are_those_of_datamaite(tmp_path):
    folder_of_images(tmp_path)
    ours = HuggingFace(tmp_path, box_format="xywh")
    theirs = datamaite.load_od(tmp_path, dataset_format="huggingface_vision")
    assert [ours[i][2]["id"] for i in range(3)] == ["1.png", "0.png", "2.png"]
    known = {sample.file_name.rpartition("/")[2]: theirs.get_target(i) for i, sample in enumerate(theirs.samples)}
    for i in range(3):
        target = ours.get_target(i)
        np.testing.assert_allclose(target.boxes, known[ours[i][2]["id"]].boxes)
        assert target.labels.tolist() == known[ours[i][2]["id"]].labels.tolist()
    assert ours[0][2]["night"] is True


def test_class_folders_and_metadata_in_csv(tmp_path):
    for name in ("train/cat/1.png", "train/dog/2.png", "valid/dog/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(5))
    dataset = HuggingFace(tmp_path, split="validation", classes=["dog", "cat"])
    assert (dataset[0][2]["id"], dataset[0][1].tolist()) == ("dog/3.png", [1, 0])
    (tmp_path / "valid" / "metadata.csv").write_text("file_name,label,hour\ndog/3.png,7,12\n")
    dataset = HuggingFace(tmp_path, split="valid")
    assert dataset.metadata["index2label"] == {0: "7"}
    assert dataset[0][2]["hour"] == 12


@pytest.mark.parametrize("of_structures", [True, False])
@pytest.mark.parametrize("box_format", ["xywh", "xyxy"])
def test_boxes_in_lists_of_structures_and_structures_of_lists(tmp_path, of_structures, box_format):
    boxes = [[[1, 1, 3, 4], [0, 0, 6, 4]], [], [[2, 1, 3, 2]]]
    boxes = [[[x, y, x + w, y + h] if box_format == "xyxy" else [x, y, w, h] for x, y, w, h in of] for of in boxes]
    category, area = [[1, 0], [], [0]], [[5, None], [], [3]]
    columns = {"bbox": boxes, "category": category, "area": area, "iscrowd": [[0, 1], [], [0]]}
    rows = [{name: of[i] for name, of in columns.items()} for i in range(3)]
    if of_structures:
        rows = [[dict(zip(row, one, strict=True)) for one in zip(*row.values(), strict=True)] for row in rows]
    objects = [OBJECTS] if of_structures else OBJECTS
    save(table({"image": images(3), "objects": rows}, {"image": IMAGE, "objects": objects}), tmp_path)
    dataset = HuggingFace(tmp_path, box_format=box_format, size=[8, 12], classes=["x", "b", "a"])
    first, none, last = (dataset.get_target(i) for i in range(3))
    np.testing.assert_allclose(first.boxes, [[2, 2, 8, 10], [0, 0, 12, 8]])
    assert (first.labels.tolist(), first.iscrowd.tolist(), first.area.tolist()) == ([1, 2], [False, True], [20, 96])
    assert (none.boxes.shape, none.area.shape, last.labels.tolist()) == ((0, 4), (0,), [2])
    assert HuggingFace.facts(root=str(tmp_path), box_format=box_format).occurring == {0, 1}


@pytest.mark.parametrize(
    ("bbox", "category", "reason"),
    [
        ([[1, 1, 2]], [0], "box that is not four finite numbers"),
        ([[1, 1, 2, float("nan")]], [0], "box that is not four finite numbers"),
        ([None], [0], "box that is not four finite numbers"),
        ([[1, 1, 0, 2]], [0], "box without an area"),
        ([[1, 1, 2, 2]], [2], "box without a class"),
        ([[1, 1, 2, 2]], [-1], "box without a class"),
        ([[1, 1, 2, 2]], [None], "box without a class"),
    ],
)
def test_a_box_that_cannot_be_used_is_told_or_counted(tmp_path, bbox, category, reason):
    rows = [{"bbox": [[0, 0, 1, 1]], "category": [1]}, {"bbox": bbox, "category": category}]
    save(table({"image": images(2), "objects": rows}, {"image": IMAGE, "objects": OBJECTS}), tmp_path)
    with pytest.raises(PartError, match=rf"(?i)1 entry .*{reason}.* \(1\): row 1\..*pass_over"):
        HuggingFace(tmp_path, box_format="xywh")
    dataset = HuggingFace(tmp_path, box_format="xywh", invalid="pass_over")
    assert [len(dataset.get_target(i).boxes) for i in range(2)] == [1, 0]
    assert list(dataset.metadata["passed_over"].values()) == [1]


@pytest.mark.parametrize("label", [-1, 3, None])
def test_a_row_without_a_label_is_told_or_counted(tmp_path, label):
    save(classified((2, label, 1)), tmp_path)
    with pytest.raises(PartError, match=r"1 entry .*without a label, or with one that is no class \(1\): row 1"):
        HuggingFace(tmp_path)
    dataset = HuggingFace(tmp_path, invalid="pass_over")
    assert [dataset[i][2]["id"] for i in range(2)] == [0, 2]
    assert [int(np.argmax(dataset.get_target(i))) for i in range(2)] == [2, 1]


def test_files_of_metadata_that_are_not_there_are_told_or_counted(tmp_path):
    folder_of_images(tmp_path)
    (tmp_path / "train" / "0.png").unlink()
    with pytest.raises(PartError, match=r"not there \(1\): 0\.png \(row 1\)"):
        HuggingFace(tmp_path, box_format="xywh")
    dataset = HuggingFace(tmp_path, box_format="xywh", invalid="pass_over")
    assert [dataset.get_target(i).labels.tolist() for i in range(2)] == [[1, 0], [1]]


def test_what_is_not_said_is_asked_for(tmp_path):
    saved(tmp_path / "a")
    with pytest.raises(PartError, match="has the splits train, test. Set split"):  # noqa: RUF043 - a sentence
        HuggingFace(tmp_path / "a")
    with pytest.raises(PartError, match="no split 'tset'; it has train, test. Did you mean 'test'"):  # noqa: RUF043
        HuggingFace(tmp_path / "a", split="tset")
    rows = {"image": images(2), "objects": [{"bbox": [], "category": []}] * 2}
    save(table(rows, {"image": IMAGE, "objects": OBJECTS}), tmp_path / "b")
    with pytest.raises(PartError, match="nothing says how they are written. Set box_format"):  # noqa: RUF043
        HuggingFace(tmp_path / "b")
    save(table({"image": images(1), "other": images(1), "label": [1]}), tmp_path / "c")
    assert len(HuggingFace(tmp_path / "c")) == 1
    rows = {"image": images(1), "fine": [1], "coarse": [0]}
    save(table(rows, {"image": IMAGE, "fine": LABEL, "coarse": LABEL}), tmp_path / "d")
    with pytest.raises(PartError, match=r"Several columns hold labels: fine, coarse\. Set label_column"):
        HuggingFace(tmp_path / "d")
    assert HuggingFace(tmp_path / "d", label_column="fine")[0][2]["coarse"] == "cat"
    with pytest.raises(PartError, match="no column 'labl', and label_column names it"):
        HuggingFace(tmp_path / "d", label_column="labl")


def test_damaged_and_unlike_files_are_named(tmp_path):
    with pytest.raises(PartError, match="is not one"):
        HuggingFace(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PartError, match="no folder that save_to_disk wrote"):
        HuggingFace(tmp_path / "empty")
    in_shards(tmp_path / "a")
    (tmp_path / "a" / "data-00001-of-00002.arrow").write_bytes(b"none")
    with pytest.raises(PartError, match=r"data-00001-of-00002\.arrow cannot be read"):
        HuggingFace(tmp_path / "a")
    (tmp_path / "a" / "data-00001-of-00002.arrow").unlink()
    with pytest.raises(PartError, match=r"data-00001-of-00002\.arrow is not there"):
        HuggingFace(tmp_path / "a")
    snapshot(tmp_path / "b")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "b" / "data" / "train-00001-of-00002.parquet")
    with pytest.raises(PartError, match=r"train-00001-of-00002\.parquet has other columns"):
        HuggingFace(tmp_path / "b", split="train")
    (tmp_path / "b" / "more").mkdir()
    pq.write_table(classified(), tmp_path / "b" / "more" / "test-00000-of-00001.parquet")
    with pytest.raises(PartError, match=r"several folders: .*data, .*more\. Set root to one"):
        HuggingFace(tmp_path / "b", split="test")


def test_a_corrupt_image_in_the_middle_is_named_when_it_is_read(tmp_path):
    stored = pa.array([{"bytes": png(1)}, {"bytes": b"no image"}, None], STORED)
    save(table({"image": stored, "label": [0, 1, 1]}, {"image": IMAGE, "label": LABEL}), tmp_path)
    dataset = HuggingFace(tmp_path)
    assert dataset[0][0].shape == (3, 4, 6)
    with pytest.raises(PartError, match=r"Cannot read row 1 of .* as an image"):
        dataset[1]
    with pytest.raises(PartError, match=r"Row 2 of .* has no image"):
        dataset[2]


@pytest.mark.parametrize("labels", [[1.0, 0.0], ["dog", "cat"]])
def test_numbers_with_a_point_and_names_are_labels_of_the_features(tmp_path, labels):
    pq.write_table(table({"image": images(2), "label": labels}, FEATURES), tmp_path / "train.parquet")
    dataset = HuggingFace(tmp_path)
    assert [dataset.get_target(i).argmax() for i in range(2)] == [1, 0]


def test_labels_in_csv_are_read_by_the_rules_of_image_csv(tmp_path):
    for name in ("0.png", "1.png"):
        (tmp_path / name).write_bytes(png(9))
    (tmp_path / "metadata.csv").write_text("file_name,label\n0.png,007\n1.png,7\n")
    assert HuggingFace(tmp_path).metadata["index2label"] == {0: "007", 1: "7"}
    (tmp_path / "metadata.csv").write_bytes("file_name,label\n0.png,Käse\n1.png,dog\n".encode("latin-1"))
    with pytest.raises(PartError, match=r"metadata\.csv is no CSV in UTF-8"):
        HuggingFace(tmp_path)


@pytest.mark.parametrize("labels", [[[1, 2], [0]], [b"a", b"b"]])
def test_labels_that_are_no_texts_or_numbers_are_refused(tmp_path, labels):
    pq.write_table(table({"image": images(2), "label": labels}), tmp_path / "train.parquet")
    with pytest.raises(PartError, match="allowed: one text or number for each"):
        HuggingFace(tmp_path)


@pytest.mark.parametrize("bbox", ["abcd", ["a", "b", "c", "d"]])
def test_boxes_that_are_no_lists_of_numbers_are_refused(tmp_path, bbox):
    objects = [{"bbox": [bbox], "category": [0]}]
    pq.write_table(table({"image": images(1), "objects": objects}), tmp_path / "train.parquet")
    with pytest.raises(PartError, match="each must be a list of four numbers"):
        HuggingFace(tmp_path, box_format="xywh")


def test_an_image_outside_of_the_folder_is_refused(tmp_path):
    (tmp_path / "outside.png").write_bytes(png(9))
    (tmp_path / "in").mkdir()
    paths = ["../outside.png", str(tmp_path / "outside.png")]
    pq.write_table(table({"image": paths, "label": ["a", "b"]}), tmp_path / "in" / "train.parquet")
    dataset = HuggingFace(tmp_path / "in")
    for ind in range(2):
        with pytest.raises(PartError, match=f"Row {ind} of .* names an image and does not hold it: file outside root"):
            dataset.get_input(ind)
