"""Data that lie on a disk in a whole sweep: what is wrong is recorded, and a changed label is seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sweeper
from sweeper.datasets import Digits
from sweeper.errors import ConfigError

COMMON = ["job_backend.kind=inline", "analytics_store.uri=store", "rerun=missing", "rerun_triggers=[config,data]"]
CLASSIFY = ["model=[logreg]", "metric=[accuracy]", "capability=[evaluate]"]
LOOK = ["model=[]", "metric=[]", "capability=[detection_quality]"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with digits in `images`, and their labels in each format."""
    monkeypatch.chdir(tmp_path)
    digits, rows = Digits("test"), ["file,label"]
    (tmp_path / "root" / "images").mkdir(parents=True)
    (tmp_path / "root" / "labels").mkdir()
    for i in range(20):
        pixels = np.round(digits.images[i][0] * 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "root" / "images" / f"{i}.png")
        (tmp_path / "root" / "labels" / f"{i}.txt").write_text(f"{digits.labels[i]} 0.5 0.5 0.5 0.5\n")
        rows.append(f"images/{i}.png,{digits.labels[i]}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    (tmp_path / "root" / "data.yaml").write_text(
        "val: images\nnames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']\n"
    )
    images = [{"id": i, "file_name": f"images/{i}.png", "height": 8, "width": 8} for i in range(20)]
    boxes = [{"id": i, "image_id": i, "category_id": 3, "bbox": [1, 2, 3, 4]} for i in range(20)]
    coco = {"images": images, "annotations": boxes, "categories": [{"id": 3, "name": "digit"}]}
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    return tmp_path


CSV = ["dataset=[image_csv]", "dataset.image_csv.root=root", "dataset.image_csv.table=labels.csv"]
CSV += ["dataset.image_csv.grayscale=true", "dataset.image_csv.classes=[0,1,2,3,4,5,6,7,8,9]", *CLASSIFY]
COCO = ["dataset=[coco]", "dataset.coco.root=root", "dataset.coco.annotations=coco.json", *LOOK]
YOLO = ["dataset=[yolo]", "dataset.yolo.root=root", *LOOK]


@pytest.mark.parametrize(
    ("asked", "file", "before", "after"),
    [
        (CSV, "labels.csv", "images/3.png,5", "images/3.png,1"),
        (CSV, "root/images/3.png", None, None),
        (COCO, "coco.json", "[1, 2, 3, 4]", "[1, 2, 3, 5]"),
        (COCO, "root/images/3.png", None, None),
        (YOLO, "root/labels/3.txt", "0.5\n", "0.4\n"),
    ],
)
def test_a_label_or_an_image_that_changed_is_seen(folder: Path, asked, file, before, after):
    assert sweeper.sweep([*asked, *COMMON]).exit_status == 0
    assert [item.run for item in sweeper.plan([*asked, *COMMON]).items] == [False]
    path = folder / file
    if before is None:
        Image.new("L", (8, 8), 3).save(path)
    else:
        path.write_text(path.read_text().replace(before, after, 1))
    plan = sweeper.plan([*asked, *COMMON])
    assert [item.run for item in plan.items] == [True]
    assert plan.items[0].reason.endswith(f": {file.partition('/')[0]}")


def test_a_corrupt_image_in_the_middle_is_a_failed_attempt_that_names_it(folder: Path):
    (folder / "root" / "images" / "7.png").write_bytes(b"no image")
    result = sweeper.sweep([*CSV, *COMMON])
    assert result.exit_status == 1
    (row,) = sweeper.open_store("store").sql("SELECT status, error_message FROM attempts").to_pylist()
    assert row["status"] == "failed"
    assert "Cannot read root/images/7.png as an image" in row["error_message"]


def test_a_wrong_table_is_one_error_before_anything_runs(folder: Path):
    text = (folder / "labels.csv").read_text()
    (folder / "labels.csv").write_text(
        text.replace("images/3.png", "images/x.png").replace("images/4.png", "images/y.png")
    )
    with pytest.raises(ConfigError, match=r"not there \(2\): row 5 \(images/x\.png, 5\); row 6"):
        sweeper.sweep([*CSV, *COMMON])
    assert not (folder / "store").exists()


def test_what_is_passed_over_is_said(folder: Path, caplog: pytest.LogCaptureFixture):
    text = (folder / "labels.csv").read_text()
    (folder / "labels.csv").write_text(text.replace("images/3.png", "images/x.png"))
    assert sweeper.sweep([*CSV, *COMMON, "dataset.image_csv.invalid=pass_over"]).exit_status == 0
    assert "passed over 1 (file that is not there)" in caplog.text
