"""Classes and functions, read from the source of their packages without running them.

checkmaite takes 5 to 20 s to import and fields of its configs are needed before a sweep starts, so its files are parsed
instead. What cannot be followed that way (a star import, a class made by a call) is `None`, never a guess.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

_DEPTH = 12
"""Imports followed from a name to its class; more are taken to be a circle."""


@dataclass(frozen=True, eq=False)
class Definition:
    """What a name stands for: the statement that defines it, and the module where the names in that are looked up."""

    module: Module
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.expr


@dataclass(frozen=True, eq=False)
class Module:
    """A parsed file."""

    name: str
    file: Path
    tree: ast.Module


def module(name: str) -> Module | None:
    """The parsed source of a module, found as `file_of` does; `None` if it has none that Python can read."""
    file = file_of(name)
    return None if file is None else parsed(name, file)


def file_of(name: str) -> Path | None:
    """The source file of a module, found below the folders of its top package, which is not run."""
    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations is None:
        return Path(spec.origin) if spec.origin and not rest else None
    for folder in spec.submodule_search_locations:
        path = Path(folder, *rest)
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py")) if rest else (path / "__init__.py",):
            if file.is_file():
                return file
    return None


_noted: set[str] = set()


def take_noted() -> set[str]:
    """The files that were asked for since this was called last."""
    taken = set(_noted)
    _noted.clear()
    return taken


def parsed(name: str, file: Path) -> Module | None:
    """A module from its file, which is parsed again only if it has changed; `None` if Python cannot read it."""
    try:
        state = file.stat()
    except OSError:
        return None
    _noted.add(str(file))
    return _parsed(name, file, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=1000)
def _parsed(name: str, file: Path, _state: tuple[int, int]) -> Module | None:
    if file.suffix != ".py":  # an extension module
        return None
    try:
        return Module(name, file, ast.parse(file.read_bytes()))
    except (SyntaxError, ValueError, RecursionError, OSError):
        return None


@cache
def find(dotted: str) -> Definition | None:
    """The class that `package.module.Name` names, through re-exports."""
    home, _, name = dotted.rpartition(".")
    found = module(home) if home else None
    return lookup(found, name) if found is not None else None


def lookup(home: Module, name: str, depth: int = _DEPTH) -> Definition | None:
    """What a name at the top of a module stands for, followed through imports."""
    if depth == 0:
        return None
    for node in reversed(home.tree.body):  # of several definitions the last one counts
        if isinstance(node, ast.ClassDef) and node.name == name:
            return Definition(home, node)
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return Definition(home, node.value)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    origin = module(imported_from(home, node))
                    return lookup(origin, alias.name, depth - 1) if origin is not None else None
    return None


def imported_from(home: Module, node: ast.ImportFrom) -> str:
    """The absolute name of the module that a statement imports from."""
    if not node.level:
        return node.module or ""
    package = home.name.split(".") if home.file.name == "__init__.py" else home.name.split(".")[:-1]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def lineage(cls: Definition, depth: int = _DEPTH) -> Iterator[Definition]:
    """A class and its bases, nearest first, as far as they can be followed."""
    if depth == 0 or not isinstance(cls.node, ast.ClassDef):
        return
    yield cls
    for base in cls.node.bases:
        found = resolve(cls.module, base)
        if found is not None:
            yield from lineage(found, depth - 1)


def resolve(home: Module, expression: ast.expr) -> Definition | None:
    """The class in an annotation or a base: `Name`, `Name[...]`, `"Name"`, `Name | None`, `Annotated[Name, ...]`."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return resolve(home, ast.parse(expression.value, mode="eval").body)
    if isinstance(expression, ast.BinOp):
        return resolve(home, expression.left)
    if isinstance(expression, ast.Subscript):
        inner = expression.slice.elts[0] if isinstance(expression.slice, ast.Tuple) else expression.slice
        wraps = isinstance(expression.value, ast.Name) and expression.value.id in ("Annotated", "Optional")
        return resolve(home, inner if wraps else expression.value)
    found = lookup(home, expression.id) if isinstance(expression, ast.Name) else None
    if found is None or isinstance(found.node, ast.ClassDef):
        return found
    return resolve(found.module, found.node) if isinstance(found.node, ast.Subscript) else None


def fields(cls: Definition) -> dict[str, tuple[Module, ast.expr]]:
    """Annotated attributes of a class and its bases, each with its annotation and where that stands."""
    found: dict[str, tuple[Module, ast.expr]] = {}
    for each in lineage(cls):
        assert isinstance(each.node, ast.ClassDef)
        for node in each.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.setdefault(node.target.id, (each.module, node.annotation))
    return found
