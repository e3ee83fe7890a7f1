"""A table of files and labels means what a spreadsheet says, and rows that mean nothing are told."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from sweeper.datasets import ImageCsv
from sweeper.datasets.class_labels import classes_of
from sweeper.errors import PartError

NAMES = ("a.png", "sub/b.png", "c, d.png")


@pytest.fixture
def root(tmp_path):
    for number, name in enumerate(NAMES):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (6, 4), 50 * number).save(tmp_path / name)
    return tmp_path


@pytest.fixture
def read(root):
    """Writes a table beside the images and reads it."""

    def read(text, name="labels.csv", **arguments):
        (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return ImageCsv(root, **arguments)

    return read


def labels(dataset):
    return [dataset.metadata["index2label"][int(np.argmax(dataset.get_target(i)))] for i in range(len(dataset))]


def test_files_labels_and_further_columns(read):
    dataset = read('file,label,site,hour,dose,code\na.png,dog,north,3,0.5,007\nsub/b.png,cat,"so, uth",14,2,010\n')
    image, target, metadata = dataset[1]
    assert (image.dtype, image.shape) == (np.float32, (3, 4, 6))
    np.testing.assert_allclose(image[0, 0, 0], 50 / 255)
    assert (target.dtype, target.tolist()) == (np.float32, [1, 0])
    assert dataset.metadata["index2label"] == {0: "cat", 1: "dog"}
    assert metadata == {
        "id": "sub/b.png",
        "file_name": "sub/b.png",
        "height": 4,
        "width": 6,
        "site": "so, uth",
        "hour": 14,
        "dose": 2.0,
        "code": "010",
    }
    assert type(dataset[0][2]["hour"]) is int


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("file,label\na.png,1\nsub/b.png,2\n", {}),
        ("\ufefffile,label\r\na.png,1\r\nsub/b.png,2\r\n", {}),
        ("\n".join(("label , file", "1,./a.png", "2,sub/../sub/b.png", "", "")), {}),
        ('"file","label"\n"a.png","1"\n"sub\\b.png","2"', {}),
        ("file;label\na.png;1\nsub/b.png;2", {"delimiter": ";"}),
        ("path,class\na.png,1\nsub/b.png,2", {"file_column": "path", "label_column": "class"}),
    ],
)
def test_a_csv_may_be_written_in_many_ways(read, text, arguments):
    dataset = read(text, **arguments)
    assert [dataset[i][2]["id"] for i in range(2)] == ["a.png", "sub/b.png"]
    assert labels(dataset) == ["1", "2"]


def test_quoted_commas_tabs_and_absolute_paths(root, read):
    assert labels(read('file,label\n"c, d.png",x')) == ["x"]
    (root / "labels.csv").unlink()
    assert labels(read(f"file\tlabel\n{root / 'c, d.png'}\ty", "labels.tsv")) == ["y"]


def test_labels_that_are_numbers_are_in_the_order_of_their_size(read):
    rows = [f"{name},{label}" for name, label in zip(("a.png", "sub/b.png", '"c, d.png"'), (10, 2, 0), strict=True)]
    dataset = read("\n".join(["file,label", *rows]))
    assert dataset.metadata["index2label"] == {0: "0", 1: "2", 2: "10"}
    assert labels(dataset) == ["10", "2", "0"]
    assert read("\n".join(["file,label", *rows]), classes=[*range(11)]).get_target(0).tolist() == [0] * 10 + [1]
    assert read("file,label\na.png,0.10\nsub/b.png,x").metadata["index2label"] == {0: "0.10", 1: "x"}


def test_a_parquet_file_keeps_its_types(root):
    table = {
        "file": ["a.png", "sub/b.png"],
        "label": pa.array([1.0, 0.0]),
        "site": pa.array(["n", None]).dictionary_encode(),
        "night": [True, False],
        "taken": [datetime.datetime(2026, 3, 1, 5), None],
        "dose": [float("nan"), 1.5],
        "tags": [["x"], []],
    }
    pq.write_table(pa.table(table), root / "labels.parquet")
    dataset = ImageCsv(root, table=root / "labels.parquet")
    assert labels(dataset) == ["1", "0"]
    first, second = ({k: v for k, v in dataset[i][2].items() if k not in ("height", "width")} for i in range(2))
    assert first == {"id": "a.png", "file_name": "a.png", "site": "n", "night": True, "taken": "2026-03-01T05:00:00"}
    assert second == {"id": "sub/b.png", "file_name": "sub/b.png", "night": False, "dose": 1.5}
    (root / "labels.parquet").write_bytes(b"PAR1")
    with pytest.raises(PartError, match=r"labels\.parquet cannot be read as Parquet"):
        ImageCsv(root)


def test_size_and_grayscale(read):
    dataset = read("file,label,height\na.png,x,99", size=[8, 3], grayscale=True)
    assert dataset[0][0].shape == (1, 8, 3)
    metadata = dataset[0][2]
    assert [metadata[key] for key in ("height", "width", "file_height", "file_width")] == [8, 3, 4, 6]


def test_facts_come_from_the_table_and_one_header(root, read):
    read("file,label\na.png,b\nsub/b.png,b")
    facts = ImageCsv.facts(root=str(root), classes=["a", "b"])
    assert (facts.channels, facts.height, facts.width, facts.n_classes) == (3, 4, 6, 2)
    assert (facts.class_names, facts.occurring) == ({0: "a", 1: "b"}, {1})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("gone.png,x", r"File that is not there \(1\): row 3 \(gone\.png, x\)"),
        ("../a.png,x", r"File outside root"),
        ("/a.png,x", r"File outside root"),
        ("a.png,x", r"File that came before"),
        ("./sub/../a.png,x", r"File that came before"),
        (",x", r"Row without a file"),
        ("sub/b.png,", r"Row without a label"),
        ("sub/b.png,  ", r"Row without a label"),
        ("sub/b.png,z", r"Label that is not in classes \(1\): row 3 \(sub/b\.png, z\)"),
        ("sub/b.png", r"Row that has not 2 cells \(1\): line 3 \(1 cells\)"),
        ("sub/b.png,x,y", r"Row that has not 2 cells"),
        ("sub,x", r"File that is not there"),
    ],
)
def test_a_row_that_cannot_be_used_is_told_or_counted(read, row, reason):
    text = f'file,label\na.png,x\n{row}\n"c, d.png",x\n'
    with pytest.raises(PartError, match=rf"labels\.csv has 1 entry .*{reason}.*pass_over"):
        read(text, classes=["x"])
    dataset = read(text, classes=["x"], invalid="pass_over")
    assert list(dataset.metadata["passed_over"].values()) == [1]
    assert [dataset[i][2]["id"] for i in range(len(dataset))] == ["a.png", "c, d.png"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no header"),
        ("file,label", "no row that can be used"),
        ("files,label\na.png,x", r"no column 'file', and file_column names it\. Did you mean 'files'.*files, label"),
        ("file,Label\na.png,x", "no column 'label', and label_column names it"),
        ("file;label\na.png;x", r"one column, 'file;label': there seems to be ';'.*Give that as delimiter"),
        ("file,label,file\na.png,x,b", "the column 'file' more than once"),
        (b"file,label\n\xff,x", "is no CSV in UTF-8"),
        ('file,label\n"a.png,x', "is no CSV in UTF-8"),
    ],
)
def test_a_table_that_does_not_say_what_it_must_is_refused(read, text, message):
    with pytest.raises(PartError, match=message):
        read(text, invalid="pass_over")


def test_several_tables_and_wrong_arguments_are_named(root, read):
    with pytest.raises(PartError, match=r"has no file \.csv, \.tsv, \.parquet"):
        ImageCsv(root)
    read("file,label\na.png,x")
    (root / "other.tsv").write_text("")
    with pytest.raises(PartError, match=r"has labels\.csv, other\.tsv\. Set table"):
        ImageCsv(root)
    with pytest.raises(PartError, match=r"none\.csv cannot be read"):
        ImageCsv(root, table="none.csv")
    with pytest.raises(PartError, match="with 'ab' between its cells"):
        ImageCsv(root, table=root / "labels.csv", delimiter="ab")
    with pytest.raises(PartError, match="'x' more than once"):
        ImageCsv(root, table=root / "labels.csv", classes=["x", "x"])


def test_what_is_no_image_is_named_when_it_is_read(root, read):
    (root / "notes.txt").write_text("no image")
    dataset = read("file,label\na.png,x\nnotes.txt,x")
    assert dataset[0][0].shape == (3, 4, 6)
    with pytest.raises(PartError, match=r"Cannot read .*notes\.txt as an image"):
        dataset[1]


def test_labels_of_one_number_have_an_order_of_their_own():
    assert classes_of(["1", "01", "001", "0"], None) == ["0", "001", "01", "1"]


@pytest.mark.parametrize("size", [3.5, True, "ab", ["a", "b"], [1, 2, 3], 0, [4, -1], [4.0, 4.0]])
def test_a_size_that_is_none_is_refused(tmp_path, size):
    with pytest.raises(PartError, match=r"size of ImageCsv is .*; allowed: one positive whole number, or height"):
        ImageCsv(tmp_path, size=size)


@pytest.mark.parametrize("classes", [3, "cat", [], [True]])
def test_classes_that_are_no_list_of_names_are_refused(classes):
    with pytest.raises(PartError, match="allowed: a list of names"):
        classes_of(["cat"], classes)


def test_a_wrong_root_is_told(root):
    (root / "table.csv").write_text("file,label\na.png,x\nsub/b.png,y\n")
    (root / "other").mkdir()
    with pytest.raises(
        PartError, match=r"^None of the 2 files that the table names is in root, .*other; the first is a\.png"
    ):
        ImageCsv(root / "other", table=root / "table.csv")
