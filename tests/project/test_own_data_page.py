"""docs/own-data.md: its commands run on data of each layout, and slices are those of the columns."""

from __future__ import annotations

import json
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest
from command_line import typed
from doc_pages import ROOT, examples
from PIL import Image

from sweeper.store import Store, open_store

PAGE = ROOT / "docs" / "own-data.md"
LINES = [line for text in examples(PAGE, "bash") for line in text.splitlines()]
SWEEPS = [shlex.split(line)[3:] for line in LINES if line.startswith("python -m sweeper")]
SCRIPTS = [line.split()[1] for line in LINES if line.startswith("python examples/")]


def image(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(shade).integers(0, 255, (16, 24, 3), np.uint8)
    Image.fromarray(noise).save(path)


def write_data() -> None:
    """What the commands read that no script of the page makes."""
    for number in range(6):
        image(Path("images") / ("cat" if number % 2 else "dog") / f"{number}.png", number)
        image(Path("photos") / f"{number}.png", number)
        image(Path("yolo/images/val") / f"{number}.png", number)
    images = [{"id": i, "file_name": f"{i}.png", "height": 16, "width": 24} for i in range(6)]
    boxes = [
        {"id": i, "image_id": i, "category_id": 7, "bbox": [1, 2, 8, 9], "area": 72, "iscrowd": 0} for i in range(5)
    ]
    content = {"images": images, "annotations": boxes, "categories": [{"id": 7, "name": "cat"}]}
    Path("instances.json").write_text(json.dumps(content))
    Path("yolo/labels/val").mkdir(parents=True)
    Path("yolo/labels/val/0.txt").write_text("0 0.5 0.5 0.25 0.5\n")
    Path("yolo/data.yaml").write_text("val: images/val\nnames: [cat]\n")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    """What each command of the page leaves, in a store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        write_data()
        for script in SCRIPTS:
            runpy.run_path(str(ROOT / script), run_name="__main__")
        places = [Path(f"store{number}").absolute() for number, _ in enumerate(SWEEPS)]
        for argv, place in zip(SWEEPS, places, strict=True):
            status, _, err = typed(*argv, "job_backend.kind=inline", f"analytics_store.uri={place}")
            assert status == 0, err
        return [open_store(str(place)) for place in places]


def test_every_command_completes(stores: list[Store]):
    states = [store.sql("SELECT status, count(*) AS n FROM attempts GROUP BY ALL").to_pylist() for store in stores]
    assert [[row["status"] for row in rows] for rows in states] == [["completed"]] * len(SWEEPS)


def test_slices_are_those_of_the_columns(stores: list[Store]):
    rows = stores[1].sql("SELECT DISTINCT key FROM results WHERE capability = 'error_analysis'").to_pylist()
    found = {key for row in rows for key in re.findall(r"(?:light|camera)=[\w.]+", str(row["key"]))}
    assert found >= {"light=0.1", "light=0.5", "light=1", "camera=A", "camera=B"}


def test_models_read_a_table_and_a_snapshot(stores: list[Store]):
    for store in (stores[1], stores[4]):
        rows = store.sql(
            "SELECT model, value FROM results WHERE capability = 'evaluate' AND key = 'accuracy'"
        ).to_pylist()
        assert {row["model"] for row in rows} == {"logreg", "svm"}
        assert min(row["value"] for row in rows) > 0.3


def test_the_head_of_each_example_has_the_commands_of_the_page():
    for script in SCRIPTS:
        head = (ROOT / script).read_text().split('"""')[1].replace("\\\n", " ")
        typed_there = [shlex.split(line) for line in head.splitlines() if line.startswith("    python")]
        assert typed_there == [shlex.split(line) for line in LINES if shlex.split(line) in typed_there]
        assert len(typed_there) == 2
