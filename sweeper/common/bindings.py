"""What a name at the top of a module certainly stands for, followed through imports; `None` where that is not sure."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from sweeper.common import source
from sweeper.common.source import Definition, Module

_DEPTH = 12
"""Imports followed from a name to its definition; more are taken to be a circle."""
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def definition_of(dotted: str) -> Definition | None:
    """What `package.module.Name` names, through re-exports."""
    home, _, name = dotted.rpartition(".")
    module = source.module(home) if home else None
    return None if module is None else bound(module, name)


def bound(home: Module, name: str, depth: int = _DEPTH) -> Definition | None:
    """What a name at the top of a module stands for, if one statement alone, which always runs, binds it."""
    bindings = bindings_of(home)
    if depth == 0 or bindings.count(name) != 1:
        return None
    for node in home.tree.body:
        if isinstance(node, _DEFINING) and node.name == name:
            return Definition(home, node)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _is_name(node.targets[0], name):
            return Definition(home, node.value)
        if isinstance(node, ast.ImportFrom):
            found = next((alias.name for alias in node.names if (alias.asname or alias.name) == name), None)
            if found is not None:
                origin = source.module(source.imported_from(home, node))
                return None if origin is None else bound(origin, found, depth - 1)
    return None


def origin(home: Module, expression: ast.expr) -> str:
    """The dotted name that an expression has where it was imported from, such as `typing.Protocol`; else empty."""
    if isinstance(expression, ast.Attribute):
        return f"{base}.{expression.attr}" if (base := origin(home, expression.value)) else ""
    if not isinstance(expression, ast.Name) or bindings_of(home).count(expression.id) > 1:
        return ""
    for node in home.tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == expression.id:
                    inside = isinstance(node, ast.ImportFrom)
                    return f"{source.imported_from(home, node)}.{alias.name}" if inside else alias.name
    return "" if bindings_of(home).count(expression.id) else f"builtins.{expression.id}"


class Bindings:
    """How often a module binds each name at its top, and which names it changes or hands to something as it runs."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(running(tree))
        self._counts = Counter(name for node in nodes for name in _bound_by(node))
        self._touched = {name for node in nodes for name in _touched_by(node)}
        self._is_open = bool(self._counts.keys() & {"*", "__getattr__"}) or any(map(_is_dynamic, nodes))

    def count(self, name: str) -> int:
        """How often a name is bound; 2 stands for "more than once, or not to be told"."""
        if name in self._touched or (self._is_open and self._counts[name] != 0):
            return 2
        return self._counts[name]

    @property
    def is_open(self) -> bool:
        """Whether the module may have names that its source does not show."""
        return self._is_open


@lru_cache(maxsize=1000)
def bindings_of(module: Module) -> Bindings:
    """Of a module, counted once."""
    return Bindings(module.tree)


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when a module is imported: bodies of functions and classes are not entered."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, _SCOPES):
            yield from running(node)


_DEFINING = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _DEFINING):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id


def _touched_by(node: ast.AST) -> Iterator[str]:
    """Names whose attributes a statement sets, and those that it gives to a call whose answer it drops."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
        yield node.value.id
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from (argument.id for argument in node.value.args if isinstance(argument, ast.Name))


def _is_dynamic(node: ast.AST) -> bool:
    """Whether a node may bind names that are not written down."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("exec", "eval", "globals", "vars", "locals", "setattr")
    return isinstance(node, ast.Attribute) and node.attr == "modules" and _is_name(node.value, "sys")


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
