"""Modules of the user's own that cannot be imported, seen without running them: broken syntax, imports of nothing."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from sweeper.common.extras import how_to_install
from sweeper.config.needed_extras import EXTRAS
from sweeper.config.targets import problem_of
from sweeper.revision.imports import absolute
from sweeper.revision.modules import Finder, Module

_CHANGES_SEARCH = re.compile(
    rb"sys\s*\.\s*(?:path|modules|meta_path|path_hooks)|addsitedir|from\s+sys\s+import|__path__|\bexec\s*\(|importlib"
)
"""Source that may change where modules are found, or which there are."""


class OwnModules:
    """Looks at each module once.

    Parameters
    ----------
    elsewhere
        Whether the jobs run where other packages may be installed than here: what is missing here is then no problem.
    """

    def __init__(self, *, elsewhere: bool = False) -> None:
        self._elsewhere = elsewhere
        self._finder = Finder()
        self._seen: dict[Module, _Source] = {}
        self._told: dict[str, str | None] = {}

    def problem_of(self, target: str) -> str | None:
        """Why importing what a target comes from is certain to fail: file, line and what is wrong there."""
        home = target.rpartition(".")[0]
        if home not in self._told:
            self._told[home] = self._problem(self._reached(target))
        return self._told[home]

    def files(self, target: str) -> list[str]:
        """The files of the user's own that importing a target is certain to run."""
        return [source.file for source in self._reached(target)]

    def _problem(self, reached: list[_Source]) -> str | None:
        broken = next((source.broken for source in reached if source.broken), None)
        if broken is not None or self._elsewhere or any(source.changes_search for source in reached):
            return broken
        return next((problem for source in reached for problem in self._of_imports(source)), None)

    def _reached(self, target: str) -> list[_Source]:
        """The modules that importing a target is certain to run, in the order in which they are found."""
        if is_installed(target.partition(".")[0]):
            return []
        pending, found = [*self._finder.own(target)], dict[Module, _Source]()
        while pending:
            module = pending.pop(0)
            if module not in found and module.file.endswith(".py"):
                found[module] = self._source(module)
                names = [name for line in found[module].imports for name in line.names]
                pending += [one for name in names for one in self._finder.own(name)]
        return list(found.values())

    def _source(self, module: Module) -> _Source:
        if module not in self._seen:
            self._seen[module] = _Source(module)
        return self._seen[module]

    def _of_imports(self, source: _Source) -> Iterator[str]:
        for line in source.imports:
            for name in line.names:
                said = self._not_there(name)
                if said is not None:
                    yield f"{source.shown}, line {line.number}: {said}"
                    break

    def _not_there(self, name: str) -> str | None:
        """Why a name that a module imports is not there: of an installed package only whether it is."""
        top = name.partition(".")[0]
        if not _is_there(top):
            extra = f" {how_to_install(EXTRAS[top])}" if top in EXTRAS else " Install it, or fix the name."
            return f"it imports {top!r}, and there is no package or module of that name here.{extra}"
        is_own = "." in name and any(True for _ in self._finder.own(top))
        problem = problem_of(name) if is_own and not self._is_folder(name) else None
        return None if problem is None else f"it imports {name!r}: {problem[1]}"

    def _is_folder(self, name: str) -> bool:
        """Whether a package of that name is there."""
        top, *rest = name.split(".")
        return any(os.path.isdir(os.path.join(folder, *rest)) for folder in self._finder.folders(top))


class _Import:
    """One statement that imports."""

    def __init__(self, number: int, names: list[str]) -> None:
        self.number, self.names = number, names
        """The line that it stands on; the dotted names that must be there."""


class _Source:
    """What the source of a module says before it is run."""

    def __init__(self, module: Module) -> None:
        self.file, self.shown = module.file, _shown(module.file)
        self.imports: list[_Import] = []
        """The imports that are certain to run, whatever the machine and the packages are."""
        self.broken: str | None = None
        self.changes_search = False
        try:
            text = Path(module.file).read_bytes()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(text, module.file, "exec", dont_inherit=True)
            self.imports = [*_imports(ast.parse(text), module)]
            self.changes_search = _CHANGES_SEARCH.search(text) is not None
        except SyntaxError as error:
            line = (error.text or "").strip()
            place = f"{self.shown}, line {error.lineno}"
            self.broken = f"{place}: {type(error).__name__}: {error.msg}{f': {line}' if line else ''}. Fix that line."
        except (OSError, ValueError, RecursionError):  # what of it cannot be read here may be read there
            self.changes_search = True


def _imports(tree: ast.Module, module: Module) -> Iterator[_Import]:
    package = module.name if module.is_package else module.name.rpartition(".")[0]
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield _Import(node.lineno, [alias.name for alias in node.names])
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            home = absolute(node.module or "", node.level, package)
            names = [home if alias.name == "*" else f"{home}.{alias.name}" for alias in node.names]
            yield _Import(node.lineno, names if home else [])


def is_installed(top: str) -> bool:
    """Whether a top package is plainly none of the user's own: one of Python, or in a folder of installed ones."""
    if top in sys.stdlib_module_names or top == "sweeper":
        return True
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and "site-packages" in Path(spec.origin).parts


def _is_there(top: str) -> bool:
    if top in sys.modules or top in sys.builtin_module_names:
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return True  # something is there, and only importing tells what


def _shown(file: str) -> str:
    """A path from the working folder, where it is below that."""
    path, here = os.path.realpath(file), os.path.join(os.path.realpath(os.getcwd()), "")
    return path.removeprefix(here)
