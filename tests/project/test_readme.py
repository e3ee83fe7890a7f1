"""The README promises what is there. Its commands are run by test_snippets.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from command_line import typed
from doc_pages import ROOT, examples, own_files
from patience import LIMIT_S

README = ROOT / "README.md"
TWO_COMMANDS = """\
pip install . && python -m sweeper            # install, and run the default sweep on bundled real data
pip install -e '.[dev]' && pytest             # install for development, and run the tests
"""


def test_two_commands_are_all_that_it_takes():
    assert TWO_COMMANDS in examples(README, "bash")


def test_it_is_short():
    """It is there to show what one gets, and to start. What is looked up is in `docs/`."""
    assert len(README.read_text().splitlines()) < 200


@pytest.mark.usefixtures("ray_session", "empty_folder")
def test_the_python_example_runs_on_ray():
    (code,) = examples(README, "python")
    names: dict[str, object] = {}
    exec(code, names)
    assert names["result"].exit_status == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "grids.md"], ids=lambda page: page.name)
def test_the_choice_file_that_is_shown_is_one_that_composes(page: Path, empty_folder: Path):
    text = own_files(page)["conf/model/svm.yaml"]
    shown = yaml.safe_load(text)["svm"]
    place = empty_folder / "conf" / "model" / "svm_shown.yaml"
    place.parent.mkdir(parents=True)
    place.write_text(text.replace("\nsvm:", "\nsvm_shown:"))
    status, out, err = typed("plan", "--config-dir", "conf", "model=[svm_shown]", "capability=[evaluate]")
    assert status == 0, err
    assert "svm_shown" in out
    shipped = yaml.safe_load((ROOT / "conf" / "model" / "svm.yaml").read_text())["svm"]
    assert {key: shown[key] for key in ("_target_", "train")} == {key: shipped[key] for key in ("_target_", "train")}


@pytest.mark.slow
def test_the_default_sweep_measures_what_is_shown(empty_folder: Path):
    """Its accuracies: the confidences of `knn`, and so its `ece`, depend a little on the number of threads."""
    (shown,) = [text for text in examples(README, "text") if text.startswith("$ python -m sweeper\n")]
    accuracy, *_ = shown.partition("evaluate: accuracy")[2].split("\n\n")
    command = [sys.executable, "-m", "sweeper", "job_backend.num_cpus=2"]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # whole tables
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    assert "evaluate: accuracy" + accuracy in done.stdout
