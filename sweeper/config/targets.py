"""Whether a `_target_` can be there, seen from the driver without running its package."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from sweeper.common.extras import how_to_install
from sweeper.config.needed_extras import EXTRAS, what_is_missing
from sweeper.errors import ConfigError, MissingExtraError, near_match


def forget_files() -> None:
    """Look at files anew: within one process, a notebook say, the user may change them between two sweeps."""
    what_is_missing.cache_clear()
    problem_of.cache_clear()
    _names_in.cache_clear()


@cache
def problem_of(target: str) -> tuple[type[ConfigError], str] | None:
    """Why a target cannot be imported, as far as is seen without importing it: the kind of error and a sentence."""
    missing = what_is_missing(target)
    if missing is not None:
        return MissingExtraError, missing
    top, *rest = target.split(".")
    if not rest:
        return ConfigError, "it names no module; write package.module.Name."
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError) as error:
        return ConfigError, f"{error}."
    if spec is None and top in EXTRAS:
        return MissingExtraError, f"{top} is not installed. {how_to_install(EXTRAS[top])}"
    if spec is None:
        return (
            ConfigError,
            f"there is no package {top!r} here (the working directory is searched too). Install it, or fix the name.",
        )
    if spec.submodule_search_locations is None:
        return _name_problem(Path(spec.origin) if spec.origin else None, top, rest[0])
    return _walk([Path(p) for p in spec.submodule_search_locations], top, rest)


def _walk(folders: list[Path], module: str, rest: list[str]) -> tuple[type[ConfigError], str] | None:
    """Down the packages as long as there are folders and files to see."""
    step = rest[0]
    for folder in folders:
        if (folder / step).is_dir() and len(rest) > 1:
            return _walk([folder / step], f"{module}.{step}", rest[1:])
        if (folder / f"{step}.py").is_file():
            return _name_problem(folder / f"{step}.py", f"{module}.{step}", rest[1]) if len(rest) > 1 else None
        if any(folder.glob(f"{step}.*")):  # an extension module: only importing tells
            return None
    package = next((f / "__init__.py" for f in folders if (f / "__init__.py").is_file()), None)
    beside = [p.stem for f in folders for p in f.iterdir() if p.suffix == ".py" or p.is_dir()]
    return _name_problem(package, module, step, beside)


def _name_problem(
    file: Path | None, module: str, name: str, beside: Iterable[str] = ()
) -> tuple[type[ConfigError], str] | None:
    names = _names_in(file) if file is not None and file.suffix == ".py" else None
    if names is None or name in names:
        return None
    return ConfigError, f"{module} has no {name!r}.{near_match(name, [*names, *beside])}"


@cache
def _names_in(file: Path) -> frozenset[str] | None:
    """Names that a module's source defines at its top, or `None` where only running it would tell."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return None
    names: set[str] = set()
    for node in _top_level(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return None if names & {"*", "__getattr__", "exec"} else frozenset(names)


def _top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when a module is imported: bodies of functions and classes are not entered."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _top_level(node)
