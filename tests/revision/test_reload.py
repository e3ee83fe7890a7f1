"""Modules that changed since this process loaded them are loaded anew, and no others."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeper.messages.requests import ObjectSpec
from sweeper.worker.building import build


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package in which `top` imports `middle`, that imports `leaf`; `beside` imports none of them."""
    home = tmp_path / "first" / "reloaded"
    home.mkdir(parents=True)
    texts = {
        "__init__": "",
        "leaf": "value = 1",
        "middle": "from reloaded.leaf import value",
        "top": "from .middle import value\nclass Part:\n    def __init__(self):\n        self.value = value",
        "beside": "class Other:\n    pass",
    }
    for name, text in texts.items():
        (home / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys, "path", [str(home.parent), *sys.path])
    importlib.invalidate_caches()
    yield home
    for name in [name for name in sys.modules if name.split(".")[0] == "reloaded"]:
        del sys.modules[name]


def built(target: str, code: str) -> Any:
    return build(ObjectSpec({"_target_": f"reloaded.{target}"}, target, code=code))


def test_a_changed_module_and_what_imports_it_are_loaded_anew_and_others_stay(tree: Path):
    assert built("top.Part", "1").value == 1
    other = type(built("beside.Other", "1"))
    before = {name: sys.modules[f"reloaded.{name}"] for name in ("leaf", "middle", "top", "beside")}
    (tree / "leaf.py").write_text("value = 2")
    assert built("top.Part", "2").value == 2
    assert type(built("beside.Other", "1")) is other
    after = {name: sys.modules[f"reloaded.{name}"] for name in before}
    assert [name for name in before if before[name] is not after[name]] == ["leaf", "middle", "top"]


def test_a_package_that_changed_takes_its_modules_along(tree: Path):
    built("top.Part", "a")
    (tree / "__init__.py").write_text("x = 1")
    before = sys.modules["reloaded.leaf"]
    assert built("top.Part", "b").value == 1
    assert sys.modules["reloaded.leaf"] is not before
    assert sys.modules["reloaded"].x == 1


def test_within_one_code_revision_nothing_is_loaded_anew(tree: Path):
    first = built("top.Part", "same")
    (tree / "leaf.py").write_text("value = 3")
    assert type(built("top.Part", "same")) is type(first)
    assert built("top.Part", "other").value == 3


def test_a_module_of_the_same_name_in_another_folder_is_another_one(tree: Path, tmp_path: Path):
    assert built("top.Part", "here").value == 1
    second = tmp_path / "second" / "reloaded"
    second.parent.mkdir()
    second.mkdir()
    for file in tree.glob("*.py"):
        (second / file.name).write_text(file.read_text().replace("value = 1", "value = 5"))
    sys.path.insert(0, str(second.parent))
    assert built("top.Part", "there").value == 5
