"""What importing the targets tells of their arguments, in a process of its own and once for each state of the files."""

from __future__ import annotations

import sys

import pytest

from sweeper.config import imported_checks
from sweeper.config.imported_checks import check_imported
from sweeper.errors import ConfigError
from sweeper.vocabulary import Choice

PARTS = """
import functools
import pydantic
from typing import Literal
print("this is printed when it is imported")

class Open(type):
    def __call__(cls, **given): return super().__call__(1)

class Anything(metaclass=Open):
    def __init__(self, a): ...

def noted(cls): return cls

@noted
class Given:
    def __init__(self, a: int, mode: Literal["x", "y"] = "x"): ...

class New:
    def __new__(cls, size: float = 1.0): return super().__new__(cls)

class Model(pydantic.BaseModel):
    rate: float
    depth: int = 2

def injected(function):
    @functools.wraps(function)
    def wrapper(**given): return function(1, **given)
    return wrapper

@injected
def build(first, second): ...

made = functools.partial(build, second=2)
"""


@pytest.fixture
def parts(tmp_path, monkeypatch):
    (tmp_path / "imported_parts.py").write_text(PARTS)
    (tmp_path / "raising_part.py").write_text("\n\nraise ValueError('not today')\n")
    (tmp_path / "dying_part.py").write_text("import os\nos._exit(3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def choice(target, **arguments):
    spec = {"_target_": target, **arguments}
    return Choice("model", "mine", spec, "", f"{target} {sorted(arguments.items())}", "mine")


RIGHT = [
    choice("imported_parts.Given", a=1, mode="y"),
    choice("imported_parts.New", size=2),
    choice("imported_parts.Model", rate=0.5),
    choice("imported_parts.Anything", whatever=2),
    choice("imported_parts.build", second=2),
    choice("imported_parts.made", first=1),
    choice("sklearn.svm.SVC", C=1.0),
    choice("collections.OrderedDict", anything=1),
]


def test_what_is_right_passes_and_is_imported_once_until_its_file_changes(parts, monkeypatch):
    assert check_imported(RIGHT) == len(RIGHT)
    assert "imported_parts" not in sys.modules
    asked = []
    answers = imported_checks._answers
    monkeypatch.setattr(imported_checks, "_answers", lambda targets: asked.extend(targets) or answers(targets))
    assert check_imported(RIGHT) == 0
    (parts / "imported_parts.py").write_text(PARTS.replace("rate: float", "speed: float"))
    with pytest.raises(ConfigError, match="Model needs 'speed', a number"):
        check_imported(RIGHT)
    assert asked == [c.spec["_target_"] for c in RIGHT if c.spec["_target_"].startswith("imported_parts")]


def test_all_that_is_wrong_is_told_at_once_with_the_choice_and_the_cure(parts):
    wrong = [
        choice("imported_parts.Given", a="many", mode="z"),
        choice("imported_parts.New", sise=2),
        choice("raising_part.Part"),
        choice("dying_part.Part"),
        choice("imported_parts.Model", rate=1),
    ]
    with pytest.raises(ConfigError) as error:
        check_imported(wrong)
    said = str(error.value)
    assert said.startswith("6 problems were found before anything ran:")
    assert "model.mine.a is 'many' (str). Given takes a whole number there." in said
    assert "model.mine.mode is 'z' (str)." in said
    assert "model.mine.sise: New takes no 'sise'. Did you mean 'size'?" in said
    assert "'raising_part.Part' cannot be imported: ValueError: not today (" in said
    assert "raising_part.py, line 3)" in said
    assert "'dying_part.Part' cannot be imported: the process that imported it ended with 3." in said
    assert "'imported_parts.Model' cannot be imported: 'dying_part.Part' had to be imported first: " in said


def test_a_plan_checks_what_would_run(parts, capfd):
    from io import StringIO

    from sweeper.cli.commands import run_command

    grid = ["capability=[evaluate]", "dataset=[digits]", "model=[svm]", "metric=[accuracy]"]
    out, err = StringIO(), StringIO()
    assert run_command(["plan", "--check", *grid], out, err) == 0
    assert "classes and functions were imported, and take what they are given" in err.getvalue()
    assert "1 combinations: 1 to run" in out.getvalue()
