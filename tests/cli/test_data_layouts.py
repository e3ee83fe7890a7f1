"""In which ways data may be read is decided by what was seen of them, and seen without opening images."""

from __future__ import annotations

from pathlib import Path

import pytest
from init_files import coco, folders, image, yolo

from sweeper.cli.init.contents import Contents, look
from sweeper.cli.init.data_layouts import layouts, parted
from sweeper.cli.init.drafts import MISSING


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
    (Contents(False, ("state.json",)), ["HuggingFace"]),
    (Contents(False, ("data/train-00000-of-00001.parquet", "README.md")), ["HuggingFace"]),
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
