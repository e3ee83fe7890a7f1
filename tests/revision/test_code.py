"""Code and library revisions: which modules a part comes from, found without importing any."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper._version import __version__
from sweeper.revision import code, libraries
from sweeper.revision.code import Sources
from sweeper.revision.imports import absolute, imported
from sweeper.revision.revisions import Revisions
from sweeper.vocabulary import Choice, Combination


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that Python searches, with a path of its own."""
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_is_imported() -> Iterator[None]:
    before = set(sys.modules)
    yield
    assert not {name for name in set(sys.modules) - before if name.startswith("own")}


def write(tree: Path, **files: str) -> None:
    """Write modules: `__` in a name stands for a dot, `___init__` for the file of a package."""
    for name, text in files.items():
        path = tree / f"{_steps(name)}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _steps(name: str) -> str:
    package, mark, _ = name.partition("___init__")
    return package.replace("__", "/") + ("/__init__" if mark else "")


def part(axis: str = "model", **spec: object) -> Choice:
    return Choice(axis, axis, spec, "", "", axis)


def files(target: str, **more: object) -> list[str]:
    """The files of the user's own that a part runs."""
    return list(Sources().listing(part(_target_=target, **more)))


def installed(target: str) -> list[str]:
    return sorted(Sources().installed(part(_target_=target)))


# Which modules


def test_a_part_comes_from_its_module_and_what_that_imports_at_every_depth(tree: Path):
    write(
        tree,
        own_parts="import own_a\nfrom own_b import f",
        own_a="def g():\n    import own_c",
        own_b="from own_pkg.deep import h",
        own_c="x = 1",
        own_pkg___init__="",
        own_pkg__deep="from . import near\nfrom .near import z\nfrom .. import own_d",
        own_pkg__near="",
        own_d="",
        own_other="",
    )
    expected = ["own_a.py", "own_b.py", "own_c.py", "own_parts.py"]
    assert files("own_parts.Model") == [*expected, "own_pkg/__init__.py", "own_pkg/deep.py", "own_pkg/near.py"]


def test_packages_run_their_init_and_what_that_imports(tree: Path):
    write(tree, own_pkg___init__="from own_pkg import setup", own_pkg__setup="", own_pkg__parts="", own_pkg__unused="")
    assert files("own_pkg.parts.Model") == ["own_pkg/__init__.py", "own_pkg/parts.py", "own_pkg/setup.py"]
    assert files("own_pkg.Model") == ["own_pkg/__init__.py", "own_pkg/setup.py"]


def test_circles_and_broken_and_absent_modules_are_no_trouble(tree: Path):
    write(tree, own_a="import own_b", own_b="import own_a\nimport own_broken\nimport own_absent", own_broken="def (:")
    (tree / "own_odd.py").write_bytes(b"\xff\x00")
    assert files("own_a.Model") == ["own_a.py", "own_b.py", "own_broken.py"]
    assert files("own_odd.Model") == ["own_odd.py"]
    assert files("own_absent.Model") == files("Model") == files("") == []


def test_namespace_packages_have_no_file_of_their_own(tree: Path):
    write(tree, own_space__part="from own_space.sub import helper", own_space__sub__helper="")
    assert files("own_space.part.Model") == ["own_space/part.py", "own_space/sub/helper.py"]


def test_what_is_imported_for_types_alone_is_not_run(tree: Path):
    write(
        tree,
        own_a="import typing\nif typing.TYPE_CHECKING:\n    import own_b\nelse:\n    import own_c",
        own_b="",
        own_c="",
    )
    assert files("own_a.Model") == ["own_a.py", "own_c.py"]


def test_a_name_that_is_given_as_text_is_followed_and_one_that_is_computed_is_not(tree: Path):
    text = (
        "import importlib\nimportlib.import_module('own_b')\n__import__('own_c')\nimportlib.import_module('own' + '_d')"
    )
    write(tree, own_a=text, own_b="", own_c="", own_d="")
    assert files("own_a.Model") == ["own_a.py", "own_b.py", "own_c.py"]


def test_targets_at_every_depth_and_functions_named_as_text_count(tree: Path):
    write(tree, own_a="", own_b="", own_c="")
    nested = {"inner": [{"_target_": "own_a.A"}], "function": "own_b.score", "get": {"path": "own_c.C"}}
    assert files("sweeper.metrics.SklearnMetric", **nested) == ["own_a.py", "own_b.py", "own_c.py"]


def test_what_is_installed_is_not_the_users_own(tree: Path):
    for target in ("sklearn.svm.SVC", "sweeper.models.SklearnClassifier", "json.JSONDecoder", "sys.exit", "maite.X"):
        assert files(target) == []
    venv = tree / "lib" / "site-packages"
    venv.mkdir(parents=True)
    write(venv, own_vendored="")
    sys.path.insert(0, str(venv))
    assert files("own_vendored.Model") == []
    sys.path.remove(str(venv))


def test_a_file_that_is_loaded_does_not_hide_the_one_that_is_there(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "loaded_before", types.ModuleType("loaded_before"))
    write(tree, loaded_before="x = 1")
    assert files("loaded_before.Model") == ["loaded_before.py"]


# What is recorded


def combination(model: str, metric: str = "sklearn.metrics.f1_score") -> Combination:
    return Combination(
        part("capability", _target_="sweeper.capabilities.Evaluate"),
        (part("dataset", _target_="sweeper.datasets.Digits"),),
        (part("model", _target_=model),),
        (part("metric", _target_=metric),),
    )


def test_only_what_a_part_runs_changes_its_revision(tree: Path):
    write(tree, own_a="import own_b", own_b="x = 1", own_c="")
    before = Revisions().code.text(combination("own_a.Model"))
    write(tree, own_c="x = 2", own_d="")
    assert Revisions().code.text(combination("own_a.Model")) == before
    write(tree, own_b="x = 2")
    assert Revisions().code.text(combination("own_a.Model")) != before
    write(tree, own_b="x = 1")
    assert Revisions().code.text(combination("own_a.Model")) == before


def test_a_revision_does_not_depend_on_where_the_tree_lies(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tree, own_a="import own_pkg.b", own_pkg___init__="", own_pkg__b="")
    before = Revisions().code.text(combination("own_a.Model"))
    tree.rename(tmp_path / "moved")
    assert Revisions().code.text(combination("own_a.Model")) == code.SCHEME
    monkeypatch.syspath_prepend(str(tmp_path / "moved"))
    assert Revisions().code.text(combination("own_a.Model")) == before


def test_predictions_do_not_depend_on_the_code_of_metrics(tree: Path):
    write(tree, own_a="", own_metrics="x = 1")
    mine = combination("own_a.Model", "own_metrics.F1")
    before = Revisions().predictions(mine), Revisions().code.text(mine)
    write(tree, own_metrics="x = 2")
    assert Revisions().predictions(mine) == before[0]
    assert Revisions().code.text(mine) != before[1]
    write(tree, own_a="x = 1")
    assert Revisions().predictions(mine) != before[0]


def test_libraries_are_the_distributions_of_targets_and_of_what_own_modules_import(tree: Path):
    write(tree, own_a="import yaml.nodes\nimport json\nfrom own_b import c", own_b="import numpy as np")
    assert installed("own_a.Model") == ["numpy", "yaml"]
    assert installed("sklearn.svm.SVC") == ["sklearn"]
    from importlib.metadata import version

    text = libraries.LibraryRevisions(Sources()).text(combination("own_a.Model"))
    found = text.removeprefix(libraries.SCHEME).split(",")
    assert found == [
        f"numpy=={version('numpy')}",
        f"pyyaml=={version('pyyaml')}",
        f"scikit-learn=={version('scikit-learn')}",
        f"sweeper=={__version__}",
    ]


def test_a_library_that_changed_is_named_with_both_versions():
    before, now = "installed:a==1.0,b==2.0,c==1", "installed:a==1.1,b==2.0,d==4"
    assert libraries.differing(before, now) == "a 1.0, now 1.1, c 1, now not there, d not there, now 4"


# Reading imports


def test_relative_imports_are_taken_from_the_package():
    assert imported(b"from . import a\nfrom ..b import c", "p.q.m", is_package=False) == {
        "p.q",
        "p.q.a",
        "p.b",
        "p.b.c",
    }
    assert imported(b"from . import a", "p.q", is_package=True) == {"p.q", "p.q.a"}
    assert imported(b"from .... import a", "p.q", is_package=False) == frozenset()
    assert imported(b"from m import *", "x", is_package=False) == {"m"}


@given(st.binary(max_size=60))
def test_whatever_a_file_holds_it_can_be_read(source: bytes):
    assert isinstance(imported(source, "a.b", is_package=False), frozenset)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.integers(1, 6), st.sampled_from(("", "m")))
def test_a_relative_name_is_that_of_python(steps: list[str], level: int, name: str):
    import importlib.util

    package = ".".join(steps)
    try:
        expected = importlib.util.resolve_name("." * level + name, package)
    except ImportError:
        expected = ""
    assert absolute(name, level, package).rstrip(".") == expected.rstrip(".")
