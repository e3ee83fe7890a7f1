"""In which ways data may be read is decided by what was seen of them, and seen without opening images."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from init_files import coco, folders, image, yolo
from PIL import Image

from sweeper.cli.init.contents import Contents, look
from sweeper.cli.init.data_layouts import layouts, parted
from sweeper.cli.init.data_recognition import dataset_draft
from sweeper.cli.init.drafts import MISSING
from sweeper.errors import ConfigError


def kinds(contents: Contents) -> list[str]:
    return [layout.target.rpartition(".")[2] for layout in layouts(contents)]


def written(contents: Contents) -> dict[str, object]:
    (layout,) = layouts(contents)
    return {place.argument.name: place.argument.value for place in layout.places}


DECIDED = [
    (Contents(False, (), ("cat", "dog")), ["ImageFolder"]),
    (Contents(False, ("readme.txt",), ("cat",)), ["ImageFolder"]),
    (Contents(False, ("data.yaml",), ("images/val",), yolo={"data.yaml": ("val",)}), ["Yolo"]),
    (Contents(False, ("other.yaml",), ("cat",), yolo={"other.yaml": ("val",)}), ["ImageFolder"]),
    (Contents(True, ("other.yaml",), yolo={"other.yaml": ("val",)}), ["Yolo"]),
    (Contents(False, ("a.json",), ("val",), coco={"a.json": ("val",)}), ["Coco"]),
    (Contents(False, ("state.json",), hugging_face=()), ["HuggingFace"]),
    (Contents(False, ("labels.csv",), ("images",), tables={"labels.csv": ("file", "label")}), ["ImageCsv"]),
    (Contents(True, ("labels.parquet",), ("cat", "dog"), tables={"labels.parquet": ()}), ["ImageCsv"]),
    (Contents(False, ("labels.csv",), ("cat", "dog"), tables={"labels.csv": ()}), ["ImageCsv", "ImageFolder"]),
    (
        Contents(False, ("data.yaml", "a.json"), (), coco={"a.json": (".",)}, yolo={"data.yaml": ("val",)}),
        ["Yolo", "Coco"],
    ),
    (Contents(False, ("notes.txt",)), []),
    (Contents(False, (), ("train/cat", "val/cat")), []),
]


@pytest.mark.parametrize(("contents", "expected"), DECIDED)
def test_layouts_are_told_apart(contents: Contents, expected: list[str]):
    assert kinds(contents) == expected


def test_what_several_files_could_say_is_to_be_filled_in():
    contents = Contents(False, ("a.json", "b.json"), coco={"a.json": ("val",), "b.json": ("val",)})
    assert written(contents) == {"root": "val", "annotations": MISSING}
    several = Contents(False, ("data.yaml",), yolo={"data.yaml": ("train", "val")})
    assert written(several) == {"root": ".", "split": MISSING}
    (layout,) = layouts(several)
    assert layout.places[1].argument.comment == "the data to use: train, val"


@pytest.mark.parametrize("roots", [(), ("a", "b")])
def test_a_root_of_images_that_is_not_clear_is_to_be_filled_in(roots: tuple[str, ...]):
    assert written(Contents(False, ("a.json",), roots, coco={"a.json": roots}))["root"] == MISSING


def test_class_folders_in_folders_of_training_and_test_data_are_parted():
    assert parted(Contents(False, (), ("train/cat", "train/dog", "val/cat"))) == ["train", "val"]
    assert parted(Contents(False, (), ("cat", "dog/puppies"))) == []
    assert parted(Contents(False)) == []


# Looking


def test_class_folders_are_seen(tmp_path: Path):
    folders(tmp_path)
    image(tmp_path / ".hidden" / "1.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    assert look(tmp_path).image_folders == ("cat", "dog")


def test_coco_is_seen_with_the_folder_of_its_images(tmp_path: Path):
    coco(tmp_path, images="val2017")
    assert look(tmp_path).coco == {"annotations/instances.json": ("val2017",)}
    assert look(tmp_path / "annotations" / "instances.json").coco == {"instances.json": ("../val2017",)}
    coco(tmp_path / "flat", annotations="flat.json")
    assert look(tmp_path / "flat").coco == {"flat.json": (".",)}


@pytest.mark.parametrize("text", ["[1]", "{", '{"images": []}', '{"images": [3]}', '{"images": [{"file_name": 3}]}'])
def test_other_json_is_no_coco(tmp_path: Path, text: str):
    (tmp_path / "a.json").write_text(text)
    assert look(tmp_path).coco == {}


def test_yolo_is_seen_with_its_splits(tmp_path: Path):
    yolo(tmp_path, ("train", "val"))
    (tmp_path / "other.yaml").write_text("a: [1\n")
    (tmp_path / "third.yaml").write_text("val: images\n")
    assert look(tmp_path).yolo == {"data.yaml": ("train", "val")}


TABLES = [
    (("file", "label", "site"), {}),
    (("path", "class"), {"file_column": "path", "label_column": "class"}),
    (("a", "label"), {"file_column": MISSING}),
]


@pytest.mark.parametrize(("columns", "named"), TABLES)
def test_columns_of_a_table_are_told_by_their_names_or_asked_for(columns: tuple[str, ...], named: dict[str, str]):
    contents = Contents(False, ("t.csv",), tables={"t.csv": columns})
    assert written(contents) == {"root": ".", "table": "t.csv", **named}


def test_tables_are_seen_with_their_columns(tmp_path: Path):
    (tmp_path / "a.csv").write_text("file,label\na.png,cat\n")
    (tmp_path / "b.tsv").write_text("path\tclass\na.png\tcat\n")
    (tmp_path / "c.parquet").write_text("damaged")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "d.csv").write_text("file,label\n")
    assert look(tmp_path).tables == {"a.csv": ("file", "label"), "b.tsv": ("path", "class"), "c.parquet": ()}


def snapshot(folder: Path, features: dict[str, object], **columns: object) -> None:
    """A snapshot of Hugging Face with two splits of one row."""
    content = io.BytesIO()
    Image.new("RGB", (8, 6)).save(content, "PNG")
    stored = pa.array(
        [{"bytes": content.getvalue(), "path": None}], pa.struct({"bytes": pa.binary(), "path": pa.string()})
    )
    known = {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}, **features}}})}
    rows = pa.table({"image": stored, **columns}).replace_schema_metadata(known)
    folder.mkdir(parents=True)
    for split in ("test", "train"):
        pq.write_table(rows, folder / f"{split}-00000-of-00001.parquet")


LABEL = {"_type": "ClassLabel", "names": ["cat", "dog"]}
BOXES = {"_type": "List", "feature": {"_type": "List", "feature": {"dtype": "float32", "_type": "Value"}}}


def test_a_dataset_of_hugging_face_is_seen_and_drafted(tmp_path: Path):
    snapshot(tmp_path / "set" / "data", {"label": LABEL}, label=[1])
    assert look(tmp_path / "set").hugging_face == ("test", "train")
    drafted = dataset_draft(tmp_path / "set", tmp_path, "mine")
    assert (drafted.target, drafted.task) == ("sweeper.datasets.HuggingFace", "image_classification")
    assert [argument.name for argument in drafted.missing] == ["split"]
    assert drafted.facts is not None
    assert drafted.facts.class_names == {0: "cat", 1: "dog"}


def test_one_with_boxes_is_of_detection_and_asks_how_boxes_are_written(tmp_path: Path):
    objects = [{"bbox": [[1.0, 1.0, 4.0, 3.0]], "category": [0]}]
    features = {"objects": {"bbox": BOXES, "category": {"_type": "List", "feature": LABEL}}}
    snapshot(tmp_path / "set" / "data", features, objects=objects)
    drafted = dataset_draft(tmp_path / "set", tmp_path, "mine")
    assert drafted.task == "object_detection"
    assert [argument.name for argument in drafted.missing] == ["split", "box_format"]


def test_what_is_damaged_is_told_by_its_class(tmp_path: Path):
    (tmp_path / "state.json").write_text('{"_data_files": [{"filename": "a.arrow"}]}')
    with pytest.raises(ConfigError, match=r"a\.arrow is not there"):
        dataset_draft(tmp_path, tmp_path, "mine")
    (tmp_path / "a.arrow").write_text("damaged")
    with pytest.raises(ConfigError, match=r"a\.arrow"):
        dataset_draft(tmp_path, tmp_path, "mine")
