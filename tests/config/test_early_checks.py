"""Arguments, modules and files of choices are checked before anything runs: wrong ones are told, right ones never."""

from __future__ import annotations

import sys

import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from sweeper.config import check_targets
from sweeper.config.catalogue import entries
from sweeper.config.choices import choice_of
from sweeper.config.hydra_session import shipped_folder
from sweeper.config.needed_extras import what_is_missing
from sweeper.config.signatures.signature import PlainType
from sweeper.errors import ConfigError
from sweeper.vocabulary import AXES, Choice, Runtime

PARTS = """
from __future__ import annotations
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Optional, Union
raise RuntimeError("this module was run")
Mode = Literal["fast", "exact"]
Number = Union[int, float]

class Model:
    def __init__(self, path: str, *, threshold: float = 0.5, mode: Mode = "fast", top: Optional[int] = None,
                 strict: bool = False, size: int | Sequence[int] = 8, scale: Number = 1, where: Path = Path("."),
                 anything: Any = None, bare=None, step: Literal[1, 2] = 1): ...

class Open(Model):
    def __init__(self, first: int = 1, **more): ...

@dataclass
class Config:
    rate: float
    names: list[str]
    depth: int = 2

def build(count: int, *, kind: Literal["a", "b"] | None = None): ...
"""


@pytest.fixture
def parts(tmp_path, monkeypatch):
    (tmp_path / "checked_parts.py").write_text(PARTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("checked_parts", None)


def choice(target, axis="model", digest="", runtime=None, **arguments):
    spec = {"_target_": f"checked_parts.{target}" if "." not in target else target, **arguments}
    return Choice(axis, "mine", spec, "", digest, "mine", runtime or Runtime())


def refused(*choices, **more):
    with pytest.raises(ConfigError) as error:
        check_targets(choices, **more)
    return str(error.value)


RIGHT = {
    "what is needed": {"path": "x"},
    "a number for text": {"path": 5},
    "an empty value": {"path": None, "threshold": None},
    "a number as text": {"path": "x", "threshold": "0.5"},
    "a whole number for a number": {"path": "x", "threshold": 1},
    "a fraction for a whole number": {"path": "x", "top": 2.5},
    "a flag for a number": {"path": "x", "top": True},
    "a number for a flag": {"path": "x", "strict": 0},
    "a flag as text": {"path": "x", "strict": "false"},
    "a word": {"path": "x", "mode": "exact"},
    "a number of a literal as text": {"path": "x", "step": "2"},
    "a list where lists are taken": {"path": "x", "size": [3, 4]},
    "a text of which the annotation says nothing": {"path": "x", "where": "y", "anything": {"a": [1]}, "bare": "z"},
    "an object that is built": {"path": {"_target_": "builtins.str"}, "threshold": {"_target_": "builtins.float"}},
    "a part of the arguments": {"_partial_": True, "mode": "fast"},
    "arguments by place": {"_args_": ["x"], "threshold": 0.1},
    "keys of Hydra": {"path": "x", "_convert_": "all", "_recursive_": False},
}
WRONG = {
    "unknown": (
        {"path": "x", "treshold": 1},
        "model.mine.treshold: Model takes no 'treshold'. Did you mean 'threshold'?",
    ),
    "unknown and far from any": ({"path": "x", "zzz": 1}, "It takes path, threshold, mode"),
    "missing": ({}, "model.mine: Model needs 'path', text, which is not given."),
    "a word for a number": (
        {"path": "x", "threshold": "high"},
        "model.mine.threshold is 'high' (str). Model takes a number there.",
    ),
    "a word for a whole number": ({"path": "x", "top": "all"}, "Model takes a whole number there."),
    "a word for a flag": ({"path": "x", "strict": "maybe"}, "Model takes true or false there."),
    "another word": ({"path": "x", "mode": "exakt"}, "Did you mean 'exact'? Model takes one of 'fast', 'exact' there."),
    "a flag for a word": ({"path": "x", "mode": True}, "model.mine.mode is True (bool). Model takes one of"),
    "a list for a number": ({"path": "x", "threshold": [1, 2]}, "model.mine.threshold is [1, 2] (list)."),
    "a mapping for text": ({"path": {"a": 1}}, "model.mine.path is {'a': 1} (dict). Model takes text there."),
    "an alias of plain types": ({"path": "x", "scale": "big"}, "model.mine.scale is 'big' (str)."),
    "unknown to a part of the arguments": ({"_partial_": True, "moode": "fast"}, "Did you mean 'mode'?"),
}


@pytest.mark.parametrize("arguments", RIGHT.values(), ids=RIGHT)
def test_arguments_that_may_be_meant_are_never_refused(parts, arguments):
    check_targets([choice("Model", **arguments)])
    assert "checked_parts" not in sys.modules


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_arguments_that_are_certainly_wrong_are_told_with_the_cure(parts, arguments, said):
    assert said in refused(choice("Model", **arguments))


ELSE_RIGHT = {
    "more than is named": choice("Open", whatever=1),
    "a dataclass": choice("Config", rate=0.1, names=[]),
    "a function": choice("build", count=3, kind="a"),
    "a config that goes to run": choice("build", axis="capability", count=1, config={"anything": 1}),
    "what is only built later": choice("Open", _recursive_=False, inner={"_target_": "checked_parts.build"}),
}


@pytest.mark.parametrize("right", ELSE_RIGHT.values(), ids=ELSE_RIGHT)
def test_functions_dataclasses_and_open_signatures_are_taken_as_python_takes_them(parts, right):
    check_targets([right])


def shipped(entry):
    """A shipped choice as a sweep has it, with `x` for what is to be filled in."""
    with initialize_config_dir(str(shipped_folder()), version_base="1.3"):
        whole = compose(overrides=[f"+{entry.group}={entry.name}"])
    node = OmegaConf.select(whole, ".".join((entry.group, *entry.name.split("/"))))
    filled = OmegaConf.create(OmegaConf.to_yaml(node).replace("???", "x"))
    filled._set_parent(node._get_parent())
    return choice_of(entry.group, entry.name, OmegaConf.to_container(filled, resolve=True))


def is_here(target):
    return target.startswith(("sweeper.", "sklearn.")) and not what_is_missing(target)


def test_no_shipped_choice_is_refused_where_its_packages_are(parts):
    every = entries((shipped_folder(),), AXES)
    here = [
        e for e in every if all(t.startswith(("sweeper.", "sklearn.")) and not what_is_missing(t) for t in e.targets)
    ]
    ours = [shipped(entry) for entry in here]
    assert len(ours) > 40
    check_targets(ours)


def test_specs_inside_of_a_choice_are_checked_and_named_as_an_override_addresses_them(parts):
    inner = choice("Open", steps=[{"deep": {"_target_": "checked_parts.build", "count": "many"}}])
    assert "model.mine.steps[0].deep.count is 'many' (str). build takes a whole number there." in refused(inner)


def test_all_problems_of_all_choices_are_in_one_error_and_alike_ones_are_told_once(parts):
    swept = [choice("Model", path="x", threshold="high") for _ in range(3)]
    said = refused(*swept, choice("Config", depth=1), choice("Nothing", axis="metric"))
    assert said.startswith("4 problems were found before anything ran:\n  - model.mine.threshold is 'high'")
    assert said.count("\n  - ") == 4
    assert "Config needs 'rate', a number" in said
    assert "metric.mine: _target_ 'checked_parts.Nothing' cannot be imported" in said


def test_of_many_problems_the_first_ones_are_told_and_their_number(parts):
    said = refused(*(choice("Model", path="x", threshold=f"high{number}") for number in range(30)))
    assert said.startswith("30 problems")
    assert said.endswith("\n  and 20 more")


PLAIN = st.builds(
    PlainType,
    st.frozensets(st.sampled_from(("int", "float", "str", "bool")), min_size=1),
    st.lists(st.sampled_from(("a", "b", 1, True)), max_size=2).map(tuple),
)
OF_KIND = {"int": st.integers(), "float": st.floats(), "str": st.text(), "bool": st.booleans()}


@given(plain=PLAIN, data=st.data())
def test_a_value_of_one_of_the_kinds_of_an_annotation_is_never_refused(plain, data):
    kind = data.draw(st.sampled_from(sorted(plain.kinds)))
    assert not plain.refuses(data.draw(OF_KIND[kind]))
    assert not any(map(plain.refuses, (*plain.words, None)))


@given(words=st.lists(st.sampled_from(("a", "b", "c")), min_size=1).map(tuple), value=st.text())
def test_a_literal_takes_its_members_alone(words, value):
    assert PlainType(frozenset(), words).refuses(value) is (value not in words)


MODULES = {
    "a package that is missing": (
        "import json\nimport surely_missing\n",
        "line 2: it imports 'surely_missing', and there",
    ),
    "a part of a package that is missing": (
        "from surely_missing.deep import x\n",
        "line 1: it imports 'surely_missing'",
    ),
    "a package of an extra": ("import duckdb_not_there\n", "Install it, or fix the name."),
    "an own module that is missing": (
        "import checked_helpers\nfrom checked_package import nothing\n",
        "has no 'nothing'",
    ),
    "a name that an own module lacks": ("from checked_helpers import help_ouf\n", "Did you mean 'help_out'?"),
    "an own module that cannot be read": ("import checked_broken\n", "checked_broken.py, line 3: SyntaxError: "),
    "a syntax error": ("def f(:\n", "own_part.py, line 1: SyntaxError: invalid syntax"),
    "an indentation error": ("if True:\npass\n", "own_part.py, line 2: IndentationError: expected an indented block"),
    "a return outside of a function": ("x = 1\nreturn x\n", "line 2: SyntaxError: 'return' outside function: return x"),
}
FINE = {
    "what is tried": "try:\n    import surely_missing\nexcept ImportError:\n    surely_missing = None\n",
    "what is imported under a condition": "import sys\nif sys.platform == 'x':\n    import surely_missing\n",
    "what is imported for types": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import surely_missing\n",
    "what is imported when it is called": "def f():\n    import surely_missing\n",
    "where modules are looked for": "import sys\nsys.path.append('elsewhere')\nimport surely_missing\n",
    "a module that changes where modules are looked for": "import checked_path\nimport surely_missing\n",
    "own modules": "from checked_package import inner, deep\nimport checked_helpers, checked_package.deep.deepest\n",
    "a name that is made when it is asked for": "from checked_lazy import anything\n",
    "everything of a module": "from checked_helpers import *\n",
    "modules of Python": "import os.path, sys, _thread\nfrom collections import abc\n",
    "packages that are here": "import numpy.linalg as la\nfrom sklearn.svm import SVC\n",
    "the future": "from __future__ import annotations\n",
}


@pytest.fixture
def own(parts):
    (parts / "checked_helpers.py").write_text("def help_out(): ...\n")
    (parts / "checked_broken.py").write_text("\n\ndef f(:\n")
    (parts / "checked_path.py").write_text("import sys\nsys.path.insert(0, 'more')\n")
    (parts / "checked_lazy.py").write_text("def __getattr__(name): return name\n")
    (parts / "checked_package" / "deep" / "deepest").mkdir(parents=True)
    (parts / "checked_package" / "__init__.py").write_text("")
    (parts / "checked_package" / "inner.py").write_text("from . import deep\nfrom .deep import deepest\n")
    return parts


@pytest.mark.parametrize(("text", "said"), MODULES.values(), ids=MODULES)
def test_a_module_that_cannot_be_imported_is_told_by_file_and_line(own, text, said):
    (own / "own_part.py").write_text(f"{text}class Part: ...\n")
    message = refused(choice("own_part.Part"))
    assert message.startswith("model.mine: _target_ 'own_part.Part' cannot be imported: ")
    assert said in message
    assert not {"own_part", "checked_helpers", "checked_broken"} & set(sys.modules)


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_a_module_that_may_well_be_imported_passes_unrun(own, text):
    (own / "own_part.py").write_text(f"{text}raise RuntimeError\nclass Part: ...\n")
    check_targets([choice("own_part.Part")])


def test_what_is_missing_here_may_be_where_the_jobs_run_but_broken_syntax_is_broken_everywhere(own):
    (own / "own_part.py").write_text("import surely_missing\nclass Part: ...\n")
    check_targets([choice("own_part.Part")], elsewhere=True)
    (own / "own_part.py").write_text("def f(:\n")
    assert "SyntaxError" in refused(choice("own_part.Part"), elsewhere=True)


def test_files_that_a_choice_lists_must_be_there(parts):
    (parts / "there.csv").write_text("")
    check_targets([choice("build", count=1, runtime=Runtime(files=("there.csv",)))])
    listed = choice("build", count=1, runtime=Runtime(files=("there.csv", "gone.csv")))
    assert "model.mine: there is no file or folder 'gone.csv', which _sweep_.files lists." in refused(listed)
    check_targets([listed], elsewhere=True)


def test_a_choice_that_was_found_sound_is_not_read_again_until_a_file_changes(parts, monkeypatch):
    read = []
    monkeypatch.setattr("sweeper.config.signatures.reading.definition_of", lambda target: read.append(target))
    sound = choice("Model", path="x", digest="d1")
    check_targets([sound])
    check_targets([sound])
    assert read == ["checked_parts.Model"]
    (parts / "checked_parts.py").write_text("class Renamed: ...\n")
    assert "has no 'Model'" in refused(sound)


def test_what_is_wrong_is_told_each_time(parts):
    wrong = choice("Model", path="x", threshold="high", digest="d2")
    assert refused(wrong) == refused(wrong)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": [], "sound": {"model d3": [7]}}', "\0"])
def test_a_damaged_memory_is_no_memory(parts, text):
    sound = choice("Model", path="x", digest="d3")
    check_targets([sound])
    (file,) = (parts / "cache" / "sweeper" / "choices").iterdir()
    file.write_text(text)
    check_targets([sound])
    assert "d3" in file.read_text()


def test_a_cache_folder_that_cannot_be_written_keeps_nothing_and_hinders_nothing(parts, monkeypatch):
    (parts / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(parts / "file"))
    check_targets([choice("Model", path="x", digest="d4")])
