"""Signatures that are read from source are those that Python has, or are not claimed."""

from __future__ import annotations

import importlib
import inspect
import textwrap
import uuid

import pytest

from sweeper.config.signatures.reading import signature_of

HEAD = """
from __future__ import annotations
import abc, collections, dataclasses, enum, functools, typing
from dataclasses import InitVar, KW_ONLY, dataclass, field
from typing import ClassVar, Generic, Literal, NamedTuple, Protocol, TypeVar
T = TypeVar("T")
Kind = Literal["a", "b"]
def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs): return function(*args, **kwargs)
    return wrapper
class Meta(type):
    def __call__(cls, **kwargs): return super().__call__(1)
class Base:
    def __init__(self, path, size: int = 3, *, kind: Kind = "a", **more): ...
class Other:
    def __init__(self, other): ...
class Empty: ...
@dataclass
class Point:
    x: int
    y: float = 0.0
    total: ClassVar[int] = 3
    hidden: int = field(default=1, init=False)
    names: list[str] = field(default_factory=list)
"""

READ = {
    "a class": "class Part:\n    def __init__(self, a, b: int = 1, *, c, d='x'): ...",
    "a class without a constructor": "class Part: ...",
    "an inherited constructor": "class Part(Base): ...",
    "a constructor over a base": "class Part(Base):\n    def __init__(self, a): ...",
    "two bases of which one has a constructor": "class Part(Empty, Base): ...",
    "an abstract base": "class Part(abc.ABC):\n    def __init__(self, a): ...",
    "a generic base": "class Part(Generic[T]):\n    def __init__(self, a: T): ...",
    "a metaclass of abstract classes": "class Part(metaclass=abc.ABCMeta):\n    def __init__(self, a): ...",
    "a base that stands for others": "class P(Protocol): ...\nclass Part(P):\n    def __init__(self, a): ...",
    "a dataclass": "@dataclass\nclass Part:\n    a: int\n    b: 'str' = 'x'",
    "a dataclass over a dataclass": "@dataclass(kw_only=True)\nclass Part(Point):\n    z: int",
    "a dataclass over a plain class": "@dataclass\nclass Part(Base):\n    a: int",
    "a dataclass with keyword-only fields": "@dataclass\nclass Part:\n  _: KW_ONLY\n  a: int\n  b: InitVar[int] = 1",
    "a dataclass with its own constructor": "@dataclass\nclass Part:\n  a: int\n  def __init__(self, b): self.a = b",
    "a class over a dataclass": "class Part(Point): ...",
    "a function": "def Part(a, b: float | None = None, *, c=1): ...",
    "a function that takes anything": "def Part(a, **more): ...",
    "an asynchronous function": "async def Part(a): ...",
    "a class whose subclasses are noted": (
        "class Noting:\n    def __init_subclass__(cls, **k): super().__init_subclass__(**k)\n"
        "class Part(Noting):\n    def __init__(self, a): ..."
    ),
}
"""Source of which the signature is certain."""
NOT_READ = {
    "a metaclass": "class Part(metaclass=Meta):\n    def __init__(self, a): ...",
    "a __new__": "class Part:\n  def __new__(cls, **k): return super().__new__(cls)\n  def __init__(self, a=1): ...",
    "a __new__ of a base": "class New:\n    def __new__(cls, a): return object.__new__(cls)\nclass Part(New): ...",
    "a decorated class": "@traced\nclass Part:\n    def __init__(self, a): ...",
    "a decorated constructor": "class Part:\n    @traced\n    def __init__(self, a): ...",
    "a decorated function": "@traced\ndef Part(a): ...",
    "a constructor that is bound twice": (
        "class Part:\n    def __init__(self, a): ...\n    if True:\n        def __init__(self, b): ..."
    ),
    "a constructor that is another function": "def f(self, a): ...\nclass Part:\n    __init__ = f",
    "a constructor that is set later": "class Part: ...\nPart.__init__ = lambda self, a: None",
    "a class that is bound twice": "class Part: ...\nif True:\n    class Part:\n        def __init__(self, a): ...",
    "a class that is given to a call": "class Part: ...\nsetattr(Part, '__init__', lambda self, a: None)",
    "a class that is made by a call": "Part = dataclasses.make_dataclass('Part', ['a'])",
    "a named tuple": "class Part(NamedTuple):\n    a: int",
    "an enumeration": "class Part(enum.Enum):\n    A = 1",
    "a base that is made by a call": "class Part(collections.namedtuple('P', 'a')): ...",
    "two constructors": "class Part(Base, Other): ...",
    "a hook that sets the constructor": (
        "class Hook:\n    def __init_subclass__(cls): cls.__init__ = lambda self, z: None\n"
        "class Part(Hook):\n    def __init__(self, a): ..."
    ),
    "a part that takes its arguments by place": "def Part(a, /): ...",
    "a partial": "Part = functools.partial(Base, path='x')",
    "what is read at run time": "globals()['Part'] = Base\nclass Part: ...",
}
"""Source of which only running it tells the signature."""


def in_module(tmp_path, monkeypatch, code):
    name = f"signed_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(HEAD + textwrap.dedent(code) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def as_python_has_it(target):
    module, _, name = target.rpartition(".")
    parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters.values()
    named = {p.name: p.default is p.empty for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    return named, any(p.kind is p.VAR_KEYWORD for p in parameters)


@pytest.mark.parametrize("code", READ.values(), ids=READ)
def test_what_the_source_says_for_certain_is_read_as_python_has_it(tmp_path, monkeypatch, code):
    module = in_module(tmp_path, monkeypatch, code)
    read = signature_of(f"{module}.Part")
    assert read is not None
    assert ({p.name: p.is_required for p in read.parameters}, read.takes_any) == as_python_has_it(f"{module}.Part")


@pytest.mark.parametrize("code", NOT_READ.values(), ids=NOT_READ)
def test_what_only_running_would_tell_is_not_claimed(tmp_path, monkeypatch, code):
    assert signature_of(f"{in_module(tmp_path, monkeypatch, code)}.Part") is None


INSTALLED = [
    "sklearn.svm",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.neighbors",
    "logging",
    "argparse",
    "json",
]


@pytest.mark.parametrize(
    "name", [*INSTALLED, *("sweeper." + p for p in ("datasets", "models", "metrics", "capabilities"))]
)
def test_of_every_class_and_function_of_a_library_no_more_is_claimed_than_is_so(name):
    module = importlib.import_module(name)
    found = {key: item for key, item in vars(module).items() if inspect.isclass(item) or inspect.isfunction(item)}
    claimed = {}
    for key in found:
        target = f"{name}.{key}"
        try:
            real = as_python_has_it(target)
        except (TypeError, ValueError):  # Python itself does not know it
            continue
        if (read := signature_of(target)) is not None:
            claimed[key] = ({p.name: p.is_required for p in read.parameters}, read.takes_any)
            assert claimed[key] == real, target
    assert claimed


def test_names_are_followed_through_the_modules_that_hand_them_on(tmp_path, monkeypatch):
    inner = in_module(tmp_path, monkeypatch, "class Part:\n    def __init__(self, a): ...")
    outer = in_module(tmp_path, monkeypatch, f"from {inner} import Part as Renamed")
    read = signature_of(f"{outer}.Renamed")
    assert read is not None
    assert read.names == ("a",)
