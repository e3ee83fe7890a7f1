"""Modules as files, found as Python would find them and without importing any, and which of them are the user's own."""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import cached_property
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path
from typing import NamedTuple

_INSTALLED = frozenset(("site-packages", "dist-packages"))
_SWEEPER = "sweeper"


class Module(NamedTuple):
    """One file of the user's own tree."""

    name: str
    file: str
    is_package: bool

    @property
    def shown(self) -> str:
        """Its path as people know it, from the folder that Python searches: the same wherever the tree lies."""
        below = self.name.replace(".", "/")
        return f"{below}/__init__.py" if self.is_package else f"{below}{''.join(Path(self.file).suffixes[-1:])}"


class Finder:
    """Finds modules in the folders that Python searches now, each top package once in the life of this object.

    What is loaded already does not matter: a worker finds what is there. Packages that change their own path when they
    run are followed as far as folders and files show them.
    """

    def __init__(self) -> None:
        importlib.invalidate_caches()  # in a notebook, files appear while this process lives
        self._tops: dict[str, ModuleSpec | None] = {}

    def own(self, dotted: str) -> Iterator[Module]:
        """The user's own modules that importing `package.module.Name` runs, outermost first."""
        top, *rest = dotted.split(".")
        found = self._main() if top == "__main__" else self._module(top)
        if found is not None:
            yield found
        folders = list(self.folders(top))
        for depth, step in enumerate(rest, start=2):
            module = _in_folders(folders, step, ".".join([top, *rest][:depth]))
            if module is not None and self._is_own(module.file):
                yield module
            folders = [folder for base in folders if os.path.isdir(folder := os.path.join(base, step))]
            if not folders or (module is not None and not module.is_package):
                return

    def is_installed(self, top: str) -> bool:
        """Whether a top package comes from an installed distribution: neither Python's own nor the user's."""
        if top in sys.stdlib_module_names or top in ("__main__", ""):
            return False
        spec = self._spec(top)
        if spec is None:
            return False
        places = [spec.origin] if spec.origin and spec.origin not in ("namespace",) else list(self.folders(top))
        return top == _SWEEPER or any(not self._is_own(place) for place in places)

    def folders(self, top: str) -> Iterator[str]:
        """Where the modules of a top package are."""
        spec = self._spec(top)
        yield from () if spec is None else spec.submodule_search_locations or ()

    def _main(self) -> Module | None:
        """The script that this process runs, which defines parts named `__main__.Name`."""
        file = getattr(sys.modules.get("__main__"), "__file__", None)
        if not file or not os.path.isfile(file) or not self._is_own(file):
            return None
        return Module(Path(file).stem, file, False)

    def _module(self, top: str) -> Module | None:
        spec = self._spec(top)
        file = spec.origin if spec is not None else None
        if spec is None or file is None or not os.path.isfile(file) or not self._is_own(file):
            return None
        return Module(top, file, spec.submodule_search_locations is not None)

    def _spec(self, top: str) -> ModuleSpec | None:
        if top not in self._tops:
            self._tops[top] = _found(top)
        return self._tops[top]

    def _is_own(self, file: str) -> bool:
        """Whether a file is the user's: no part of Python, of an installed distribution or of this package."""
        real = os.path.realpath(file)
        return not _INSTALLED & set(Path(real).parts) and not any(real.startswith(f) for f in self._not_own)

    @cached_property
    def _not_own(self) -> tuple[str, ...]:
        paths = sysconfig.get_paths()
        folders = [paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
        folders.append(os.path.dirname(os.path.dirname(__file__)))
        return tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)


def _found(top: str) -> ModuleSpec | None:
    """As `importlib.util.find_spec`, without a look at what is loaded."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        try:
            spec = find(top, None) if find is not None else None
        except Exception:  # noqa: BLE001 - finders are anybody's code, and the worker tells what is wrong
            continue
        if spec is not None:
            return spec
    return None


def _in_folders(folders: list[str], step: str, name: str) -> Module | None:
    """A module below some folders: a package wins over a file, as with Python."""
    for folder in folders:
        package = os.path.join(folder, step, "__init__.py")
        if os.path.isfile(package):
            return Module(name, package, True)
        for suffix in (*EXTENSION_SUFFIXES, ".py"):
            if os.path.isfile(file := os.path.join(folder, step + suffix)):
                return Module(name, file, False)
    return None
