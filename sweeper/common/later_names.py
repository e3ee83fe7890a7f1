"""Names of a package that are loaded when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple


class LaterNames(NamedTuple):
    """The module functions `__getattr__` and `__dir__` of a package."""

    getattr: Callable[[str], object]
    dir: Callable[[], list[str]]


def later_names(package: str, homes: Mapping[str, str], public: list[str]) -> LaterNames:
    """What lets a package show its public names, and only those, before they are loaded.

    Parameters
    ----------
    package
        Its `__name__`.
    homes
        The module, in full, in which each of its names is that is loaded later.
    public
        Its `__all__`.
    """

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)  # not asked for again
        return value

    return LaterNames(load, lambda: sorted(public))
