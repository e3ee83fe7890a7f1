"""A choice whose extra is missing says what to install, before anything runs."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import import_module, metadata
from pathlib import Path

import pytest
from hidden_packages import environment_without
from packaging.requirements import Requirement

from sweeper.config.needed_extras import NEEDED, what_is_missing

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
ASK = """
import json, sys
from sweeper.config import check_targets
from sweeper.errors import MissingExtraError
from sweeper.vocabulary import Choice

told = {}
for target in json.loads(sys.argv[1]):
    try:
        check_targets([Choice("model", "mine", {"_target_": target}, "", "", "mine")])
    except MissingExtraError as error:
        told[target] = str(error)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is said of each target in a process that finds none of the packages."""
    packages = {package for _, needed in NEEDED.values() for package in needed}
    environment = environment_without(packages, tmp_path_factory.mktemp("hidden"))
    command = [sys.executable, "-c", ASK, json.dumps(list(NEEDED))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("target", NEEDED)
def test_the_missing_package_is_named_with_what_to_install(told: dict[str, str], target: str):
    extra, packages = NEEDED[target]
    assert (
        f"{target!r} cannot be imported: it needs {packages[0]}, which is not installed. Run pip install"
        in told[target]
    )
    assert f"'.[{extra}]'" in told[target]
    assert "model.mine" in told[target]


def test_a_sweep_ends_before_anything_is_started_or_written(tmp_path: Path):
    environment = environment_without(["modelmaite"], tmp_path / "hidden")
    model = "+model.mine={_target_: sweeper.models.OnnxClassifier, path: m.onnx}"
    for command in ([], ["plan"]):
        argv = [sys.executable, "-m", "sweeper", *command, "model=[naive_bayes]", model]
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.startswith(
            "sweeper: model.mine: _target_ 'sweeper.models.OnnxClassifier' cannot be imported"
        )
        assert "it needs modelmaite, which is not installed. Run pip install" in done.stderr
        assert not (tmp_path / "analytics_store").exists()


def test_packages_that_are_there_are_not_missed():
    there = [target for target, (extra, _) in NEEDED.items() if extra in ("onnx", "data", "detection")]
    assert there  # the development environment has these extras
    assert {target: what_is_missing(target) for target in there} == dict.fromkeys(there)


@pytest.mark.parametrize("target", NEEDED)
def test_the_extra_brings_the_packages(target: str):
    extra, packages = NEEDED[target]
    brought = _distributions(EXTRAS[extra])
    assert {package.replace("_", "-") for package in packages} <= brought


def _distributions(lines: list[str]) -> set[str]:
    """The distributions that requirements name, and those that they bring by the extras that are asked for."""
    asked = [Requirement(line) for line in lines]
    inner = [line for one in asked for extra in one.extras for line in _of_extra(one.name, extra)]
    return {one.name for one in asked} | (_distributions(inner) if inner else set())


def _of_extra(name: str, extra: str) -> list[str]:
    declared = [Requirement(line) for line in metadata.requires(name) or ()]
    return [f"{one.name}" for one in declared if one.marker and one.marker.evaluate({"extra": extra})]


@pytest.mark.parametrize("target", NEEDED)
def test_the_target_is_there_also_where_its_packages_are_not(target: str):
    module, _, name = target.rpartition(".")
    assert name in import_module(module).__all__
