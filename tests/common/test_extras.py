"""The command that a message names where a package of an extra is missing."""

from __future__ import annotations

import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest
from packaging.requirements import Requirement

from sweeper.common.extras import DISTRIBUTION, Extra, how_to_install, requirements

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TESTED = ("sql", "report", "view", "s3", "onnx", "data", "detection", "docs")
"""The extras that the extra of developers has."""
DECLARED = [
    "hydra-core<1.4,>=1.3.2",
    "jinja2>=3.1; extra == 'report'",
    "checkmaite[onnx]==0.6.1; extra == 'checkmaite'",
    "older; (python_version < '3') and extra == 'report'",
    "newer>=2; (python_version > '3') and extra == 'report'",
    "everywhere; python_version > '3'",
]


def test_the_distribution_has_the_name_of_the_project():
    assert PROJECT["name"] == DISTRIBUTION


@pytest.mark.parametrize("extra", get_args(Extra))
def test_an_extra_that_messages_name_is_one_of_the_project(extra: Extra):
    assert extra in PROJECT["optional-dependencies"]
    assert f"pip install '.[{extra}]' in a checkout of sweeper." in how_to_install(extra)


def test_the_packages_come_from_the_metadata_of_the_distribution(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metadata, "requires", {DISTRIBUTION: DECLARED}.__getitem__)
    assert how_to_install("report") == (
        "Run pip install 'jinja2>=3.1' 'newer>=2', or pip install '.[report]' in a checkout of sweeper."
    )
    assert requirements("checkmaite") == ["checkmaite[onnx]==0.6.1"]


def test_a_source_tree_without_metadata_names_the_command_of_the_checkout(monkeypatch: pytest.MonkeyPatch):
    def requires(name: str) -> list[str]:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert how_to_install("sql") == "Run pip install '.[sql]' in a checkout of sweeper."


def test_the_extra_of_developers_takes_the_others_from_the_project_itself():
    own = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"] if line.startswith(DISTRIBUTION)]
    assert [requirement.extras for requirement in own] == [set(TESTED)]


def test_the_lowest_versions_that_are_tested_are_those_of_the_project():
    extras = PROJECT["optional-dependencies"]
    bounds = {
        f"{requirement.name}=={bound.version}"
        for requirement in map(Requirement, [*PROJECT["dependencies"], *chain.from_iterable(map(extras.get, TESTED))])
        for bound in requirement.specifier
        if bound.operator == ">="
    }
    lines = (ROOT / ".ci" / "lowest.txt").read_text().splitlines()
    assert {line for line in lines if not line.startswith("#")} == bounds
