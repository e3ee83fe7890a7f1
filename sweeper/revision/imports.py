"""What a module imports, read from its source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_BY_NAME = ("import_module", "__import__")


def imported(source: bytes, module: str, *, is_package: bool) -> frozenset[str]:
    """Absolute dotted names that a module imports, anywhere in it; the last step of some is no module but a name.

    Imports for type checking alone are left out, and so is what is imported by a name that is only known when it runs.
    Source that Python cannot read imports nothing.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    package = module if is_package else module.rpartition(".")[0]
    return frozenset(name for node in _running(tree) for name in _names(node, package) if name)


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those below `if TYPE_CHECKING:`."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and _is_for_types(node.test):
            pending.extend(node.orelse)
        else:
            pending.extend(ast.iter_child_nodes(node))


def _is_for_types(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _names(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        home = absolute(node.module or "", node.level, package)
        yield home
        yield from (f"{home}.{alias.name}" for alias in node.names if home and alias.name != "*")
    elif isinstance(node, ast.Call) and _called(node.func) in _BY_NAME and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            bare = first.value.lstrip(".")
            yield absolute(bare, len(first.value) - len(bare), package)


def _called(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def absolute(name: str, level: int, package: str) -> str:
    """The name that a relative import means; empty where it leads out of the package."""
    if not level:
        return name
    steps = package.split(".") if package else []
    if level > len(steps):
        return ""
    return ".".join([*steps[: len(steps) - level + 1], *([name] if name else [])])
