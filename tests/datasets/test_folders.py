"""One rule says which files of a folder are images, at every depth, and what it passes over is counted."""

from __future__ import annotations

import logging
import os

import numpy as np
import pytest
from PIL import Image

import sweeper
from sweeper.datasets import ImageFolder
from sweeper.errors import PartError

HIDDEN = "name begins with a dot, or is __MACOSX"


def image(path, shade=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), shade).save(path, format="PNG")


@pytest.fixture
def root(tmp_path):
    """Two classes of two images each."""
    for number, name in enumerate(("cat/0.png", "cat/deep/er/1.PNG", "dog/0.png", "dog/1.png")):
        image(tmp_path / "root" / name, 40 * number)
    return tmp_path / "root"


def ids(dataset):
    return [dataset[i][2]["id"] for i in range(len(dataset))]


def test_a_tidy_folder_passes_nothing_over(root):
    dataset = ImageFolder(root)
    assert ids(dataset) == ["cat/0.png", "cat/deep/er/1.PNG", "dog/0.png", "dog/1.png"]
    assert dataset.metadata["passed_over"] == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cat/.ipynb_checkpoints/0-checkpoint.png", HIDDEN),
        ("cat/deep/.cache/x/2.png", HIDDEN),
        ("cat/._0.png", HIDDEN),
        (".git/objects/0.png", HIDDEN),
        ("__MACOSX/cat/0.png", HIDDEN),
        ("cat/__MACOSX/0.png", HIDDEN),
        ("cat/notes.txt", "ending is not that of an image"),
        ("dog/Thumbs.db", "ending is not that of an image"),
        ("cat/deep/er/no-ending", "ending is not that of an image"),
        ("readme.png", "file outside the class folders"),
    ],
)
def test_what_is_passed_over_is_counted(root, name, reason):
    image(root / name)
    dataset = ImageFolder(root)
    assert len(dataset) == 4
    assert dataset.metadata["passed_over"] == {reason: 1}
    assert dataset.metadata["index2label"] == {0: "cat", 1: "dog"}


def test_links_are_followed_and_those_to_nothing_are_counted(root, tmp_path):
    image(tmp_path / "elsewhere" / "sub" / "5.png")
    (root / "cat" / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "one.png").symlink_to(tmp_path / "elsewhere" / "sub" / "5.png")
    (root / "owl").symlink_to(tmp_path / "elsewhere")
    for gone in (root / "dog" / "gone.png", root / "dog" / "gone", root / "gone"):
        gone.symlink_to(tmp_path / "nowhere.png")
    dataset = ImageFolder(root)
    assert {"cat/linked/sub/5.png", "cat/one.png", "owl/sub/5.png"} < set(ids(dataset))
    assert len(dataset) == 7
    assert dataset.metadata["passed_over"] == {"link to nothing": 3}


def test_a_link_to_a_folder_above_is_not_followed_for_ever(root):
    (root / "cat" / "self").symlink_to(root / "cat")
    (root / "cat" / "deep" / "root").symlink_to(root)
    (root / "dog" / "ring").symlink_to(root / "dog" / "ring")
    dataset = ImageFolder(root)
    assert len(dataset) == 4
    assert dataset.metadata["passed_over"] == {"link to a folder above it": 2, "link to nothing": 1}


def test_a_pipe_is_no_image_and_a_folder_may_have_any_name(root):
    os.mkfifo(root / "cat" / "pipe.png")
    image(root / "cat" / "folder.png" / "3.png")
    dataset = ImageFolder(root)
    assert ids(dataset)[1:3] == ["cat/deep/er/1.PNG", "cat/folder.png/3.png"]
    assert dataset.metadata["passed_over"] == {"neither file nor folder": 1}


def test_classes_may_be_numbers(tmp_path):
    for name in ("0", "1", "10", "2"):
        image(tmp_path / name / "x.png")
    dataset = ImageFolder(tmp_path, classes=[0, 1, 2, 10])
    assert dataset.metadata["index2label"] == {0: "0", 1: "1", 2: "2", 3: "10"}
    assert [int(np.argmax(dataset[i][1])) for i in range(4)] == [0, 1, 2, 3]
    assert ids(dataset) == ["0/x.png", "1/x.png", "2/x.png", "10/x.png"]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("cat", "a list of names"),
        ([], "a list of names"),
        (["cat", None], "a list of names"),
        ([True, "cat"], "Quote true"),
        (["cat", "dog", "cat"], "'cat' more than once"),
        ([0, 1], r"'cat', which is no class\. Classes are 0, 1\."),
    ],
)
def test_classes_that_are_no_list_of_names_are_refused(root, classes, message):
    with pytest.raises(PartError, match=message):
        ImageFolder(root, classes=classes)


def test_a_class_without_images_keeps_its_index(root):
    (root / "bee").mkdir()
    assert ImageFolder(root).metadata["index2label"] == {0: "bee", 1: "cat", 2: "dog"}
    assert [int(np.argmax(ImageFolder(root)[i][1])) for i in range(4)] == [1, 1, 2, 2]


def test_where_everything_is_passed_over_the_error_says_so(tmp_path):
    image(tmp_path / "cat" / ".hidden" / "x.png")
    with pytest.raises(PartError, match=r"No image .*Passed over: 1 \(name begins with a dot"):
        ImageFolder(tmp_path)


# Names that are not UTF-8


def test_names_that_are_not_utf8_are_escaped_and_stay_apart(tmp_path):
    for name in (b"caf\xe9.png", b"caf\\udce9.png", "café.png".encode()):
        path = tmp_path / "ol\udce9" / os.fsdecode(name)
        image(path)
    dataset = ImageFolder(tmp_path)
    assert set(ids(dataset)) == {"ol\\udce9/caf\\udce9.png", "ol\\udce9/caf\\udce9.png~2", "ol\\udce9/café.png"}
    assert dataset.metadata["index2label"] == {0: "ol\\udce9"}
    for i in range(3):
        ids(dataset)[i].encode()
        assert dataset[i][0].shape == (3, 8, 8)


def test_a_damaged_file_whose_name_is_not_utf8_is_named(tmp_path):
    image(tmp_path / "cat" / "caf\udce9.png")
    (tmp_path / "cat" / "caf\udce9.png").write_bytes(b"no image")
    with pytest.raises(PartError, match=r"cat/caf\\udce9\.png") as caught:
        ImageFolder(tmp_path)[0]
    str(caught.value).encode()


# What a sweep shows of it


def overrides(root, store, kind):
    return [
        "capability=[data_quality]",
        "dataset=[image_folder]",
        f"dataset.image_folder.root={root}",
        f"analytics_store.uri={store}",
        f"job_backend.kind={kind}",
    ]


def test_an_inline_sweep_says_what_its_data_leave_out(root, tmp_path, caplog):
    image(root / "cat" / ".ipynb_checkpoints" / "0-checkpoint.png")
    with caplog.at_level(logging.WARNING):
        result = sweeper.sweep(overrides(root, tmp_path / "store", "inline"), progress=False)
    assert result.exit_status == 0
    assert f"passed over 1 ({HIDDEN})" in caplog.text


@pytest.mark.usefixtures("ray_session")
def test_the_log_of_a_combination_says_what_its_data_leave_out(root, tmp_path):
    image(root / "cat" / ".ipynb_checkpoints" / "0-checkpoint.png")
    (root / "dog" / "caf\udce9.png").symlink_to(tmp_path / "nowhere")
    image(root / "ol\udce9" / "caf\udce9.png")
    result = sweeper.sweep(overrides(root, tmp_path / "store", "ray-simple"), progress=False)
    assert result.exit_status == 0
    (log,) = (tmp_path / "store").rglob("*.log")
    assert f"passed over 1 (link to nothing), 1 ({HIDDEN})" in log.read_text()
    assert "ol\\udce9" in result.store.table("sweeper_data_quality")["class_name"].to_pylist()
