"""Names and texts that are not UTF-8 are refused by name or escaped; they end no sweep with a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
from patience import LIMIT_S
from PIL import Image

import sweeper
from sweeper.cli.commands import run_command
from sweeper.common.default_ids import distinct
from sweeper.common.text import escaped
from sweeper.errors import ConfigError, StoreError

SPEC = "{_target_: sweeper.models.SklearnClassifier, estimator: {_target_: sklearn.svm.SVC}}"
PLAN = ["plan", "dataset=[digits]", "metric=[accuracy]", "capability=[evaluate]"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*argv):
    out, err = io.StringIO(), io.StringIO()
    status = run_command(argv, out, err)
    (out.getvalue() + err.getvalue()).encode()
    return status, out.getvalue(), err.getvalue()


def process(*argv, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sweeper", *argv],
        capture_output=True,
        timeout=LIMIT_S,
        env={**os.environ, **environment},
        check=False,
    )


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# Files of configs


@pytest.mark.parametrize("name", ["model/own.yaml", "nightly.yaml"])
def test_a_config_file_that_is_not_utf8_is_named(folder, name):
    write(
        folder / "conf" / name, b"# caf\xe9\nown: " + SPEC.encode() if "/" in name else b"# \xe9\ndefaults: [config]\n"
    )
    chosen = ["model=[own]"] if "/" in name else ["--config-name", "nightly", "model=[knn]"]
    status, _, err = typed(*PLAN, "--config-dir", "conf", *chosen)
    assert status == 2
    assert f"conf/{name} is not UTF-8" in err


def test_a_config_file_that_takes_no_part_may_be_in_any_encoding(folder):
    write(folder / "conf" / "model" / "latin.yaml", b"latin: {_target_: x, id: caf\xe9}\n")
    assert typed(*PLAN, "--config-dir", "conf", "model=[knn]")[0] == 0


def test_a_choice_file_whose_name_is_not_utf8_takes_part_under_no_name(folder):
    write(folder / "conf" / "model" / "m\udce9.yaml", b"# @package model\nm: " + SPEC.encode())
    assert typed(*PLAN, "--config-dir", "conf", "model=[knn]")[0] == 0
    status, _, err = typed(*PLAN, "--config-dir", "conf", "--multirun", "model=glob(m*)")
    assert (status, "matches model/m\\udce9.yaml, whose name is not UTF-8" in err) == (2, True)


@pytest.mark.parametrize("override", ["model=[m\udce9]", "+model.k\udce9={_base_: knn}", "dataset.digits.id='d\udce9'"])
def test_an_override_that_is_not_utf8_is_refused(override):
    status, _, err = typed(*PLAN, "model=[knn]", override)
    assert (status, f"The override {escaped(override)} holds bytes that are not UTF-8" in err) == (2, True)


def test_a_mapping_that_is_not_utf8_is_refused():
    with pytest.raises(ConfigError, match=r"model\.own holds text that is not UTF-8"):
        sweeper.plan({"model": {"own": {"_target_": "sweeper.models.SklearnClassifier", "id": "caf\udce9"}}})


# Places


def test_a_store_whose_name_is_not_utf8_is_refused_before_anything_runs(folder):
    with pytest.raises(StoreError, match=r"st\\udce9: the name is not UTF-8"):
        sweeper.open_store(folder / "st\udce9")
    (folder / "here\udce9").mkdir()
    os.chdir("here\udce9")
    status, _, err = typed(*PLAN[1:], "model=[knn]", "job_backend.kind=inline")
    assert (status, "here\\udce9/analytics_store: the name is not UTF-8" in err) == (2, True)
    assert os.listdir(".") == []


def test_images_under_names_that_are_not_utf8_are_measured(folder):
    for name in ("ol\udce9/caf\udce9.png", "cat/a.png"):
        path = folder / "images" / name
        path.parent.mkdir(parents=True)
        Image.new("L", (8, 8)).save(path)
    status, out, err = typed(
        *("capability=[data_quality]", "dataset=[image_folder]", "dataset.image_folder.root=images"),
        *("job_backend.kind=inline", "--json"),
    )
    assert status == 0, err
    assert json.loads(out)["counts"]["completed"] == 1
    rows = sweeper.open_store("analytics_store").table("sweeper_data_quality").to_pylist()
    assert "ol\\udce9" in {row["class_name"] for row in rows}
    assert "ol\\udce9/caf\\udce9.png" in {row["item_id"] for row in rows}


# Terminals


def test_a_terminal_in_ascii_gets_escapes():
    done = process(*PLAN, "model=[knn]", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b"evaluate \\xb7 digits \\xb7 knn \\xb7 accuracy" in done.stdout


def test_the_c_locale_ends_no_sweep():
    sweep = [*PLAN[1:], "model=[knn]", "job_backend.kind=inline"]
    done = process(*sweep, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0, done.stderr
    assert b"1 completed" in done.stdout


# Names as text


def test_what_cannot_be_encoded_is_escaped_and_what_can_stays():
    assert escaped("caf\udce9 café \ud800") == "caf\\udce9 café \\ud800"
    assert distinct(["a\udce9", "a\\udce9", "b", "b", "b~2"]) == ["a\\udce9", "a\\udce9~2", "b", "b~2", "b~2~2"]
