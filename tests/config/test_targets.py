"""Targets are checked without running their package; what only running would tell passes."""

from __future__ import annotations

import sys

import pytest

from sweeper.config import check_targets
from sweeper.errors import ConfigError, MissingExtraError
from sweeper.vocabulary import Choice

MODELS = """
import json as j
from os import path, sep as s
class Model:
    Inner = 1
    def method(self): local = 1
def build(): hidden = 1
CONSTANT = 1
if CONSTANT:
    Late = build
for Loop in (): pass
a, (b, c) = 1, (2, 3)
typed: int = 3
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in a fresh folder on the path whose modules must not be run."""
    folder = tmp_path / "fragile_parts"
    (folder / "inner").mkdir(parents=True)
    boom = "raise RuntimeError('this module was run')\n"
    (folder / "__init__.py").write_text(boom + "from fragile_parts.models import Model as Shown\n")
    (folder / "models.py").write_text(boom + MODELS)
    (folder / "open.py").write_text(boom + "from json import *\n")
    (folder / "lazy.py").write_text(boom + "def __getattr__(name): return name\n")
    (folder / "broken.py").write_text("def (:\n")
    (folder / "inner" / "__init__.py").write_text("")
    (folder / "inner" / "deep.py").write_text("class Deep:\n    @classmethod\n    def make(cls): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def choice(target, **more):
    return Choice("model", "mine[C=1]", {"_target_": target, **more}, "", "", "mine")


SEEN = [
    "fragile_parts.models.Model",
    "fragile_parts.models.build",
    "fragile_parts.models.CONSTANT",
    "fragile_parts.models.Late",
    "fragile_parts.models.Loop",
    "fragile_parts.models.c",
    "fragile_parts.models.typed",
    "fragile_parts.models.path",
    "fragile_parts.models.s",
    "fragile_parts.models.Model.method",
    "fragile_parts.Shown",
    "fragile_parts.inner.deep.Deep",
    "fragile_parts.inner.deep.Deep.make",
    "fragile_parts.open.Anything",
    "fragile_parts.lazy.Anything",
    "sklearn.svm.SVC",
    "sweeper.models.OnnxClassifier.facts",
    "builtins.dict",
    "math.sqrt",
    "collections.OrderedDict",
    "os.path.join",
]


@pytest.mark.parametrize("target", SEEN)
def test_what_is_there_or_cannot_be_seen_passes_without_being_run(package, target):
    before = set(sys.modules)
    check_targets([choice(target)])
    assert not any(name.startswith("fragile_parts") for name in set(sys.modules) - before)


REFUSED = [
    ("fragile_parts.models.Modle", "fragile_parts.models has no 'Modle'. Did you mean 'Model'?"),
    ("fragile_parts.models.local", "has no 'local'"),
    ("fragile_parts.models.hidden", "has no 'hidden'"),
    ("fragile_parts.model.Model", "fragile_parts has no 'model'. Did you mean 'models'?"),
    ("fragile_parts.inner.depe.Deep", "Did you mean 'deep'?"),
    ("fragile_parts.broken.Anything", "broken.py, line 1: SyntaxError: "),
    ("no_such_package.Thing", "there is no package 'no_such_package' here"),
    ("Thing", "names no module"),
]


@pytest.mark.parametrize(("target", "said"), REFUSED)
def test_what_is_not_there_is_named_with_its_choice_and_the_near_match(package, target, said):
    with pytest.raises(ConfigError) as error:
        check_targets([choice(target)])
    assert str(error.value).startswith(f"model.mine: _target_ {target!r} cannot be imported: ")
    assert said in str(error.value)


def test_targets_are_found_at_every_depth(package):
    inner = {"list": [{"deep": {"_target_": "fragile_parts.models.Modle"}}]}
    with pytest.raises(ConfigError, match="Did you mean 'Model'"):
        check_targets([choice("fragile_parts.models.Model", **inner)])


def test_a_package_of_an_extra_that_is_not_installed_comes_with_the_pip_command(monkeypatch):
    monkeypatch.setattr("sweeper.config.targets.EXTRAS", {"surely_not_installed": "sql"})
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[sql\]'"):
        check_targets([choice("surely_not_installed.Thing")])


def test_a_new_file_is_seen_though_its_folder_was_looked_at_before(package):
    with pytest.raises(ConfigError):
        check_targets([choice("fragile_parts.fresh.Thing")])
    (package / "fresh.py").write_text("class Thing: ...\n")
    check_targets([choice("fragile_parts.fresh.Thing")])
