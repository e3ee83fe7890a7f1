"""Loads the user's modules again if they changed since this process loaded them.

A notebook and the Ray workers that it keeps live longer than one version of the user's code. The code that runs must be
the code whose revision is recorded.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from sweeper.revision.code import Sources
from sweeper.revision.modules import Module

_loaded: dict[str, str] = {}
"""Digest of each file of the user's own, as it was when this process first needed it or loaded it anew."""
_built: dict[str, str] = {}
"""The code revision under which each spec was last built here."""


def reload_changed_modules(target: Mapping[str, Any], digest: str, code: str) -> list[str]:
    """Before a spec is built: if its code revision is not that of the last time, unload the modules that changed.

    Parameters
    ----------
    target, digest
        The spec, and the digest that identifies it.
    code
        The digest of the modules that it runs, as the driver computed it.

    Returns
    -------
    list of str
        Names of the modules that will be imported again.
    """
    if _built.get(digest) == code:
        return []
    sources = Sources()
    unloaded = unload_changed(sources, sources.reached(target))
    _built[digest] = code
    return [module.name for module in unloaded]


def unload_changed(sources: Sources, modules: Iterable[Module]) -> set[Module]:
    """Unload the modules whose content has changed and those that import them; returns them.

    Other modules stay loaded, so objects that were built before keep their classes.
    """
    now = {module: sources.digest(module) for module in modules}
    gone = {module for module, digest in now.items() if _loaded.get(module.file, digest) != digest or _is_other(module)}
    needs = {module: sources.needed_by(module) for module in now} if gone else {}
    while more := {module for module, needed in needs.items() if module not in gone and gone & needed}:
        gone |= more
    _loaded.update({module.file: digest for module, digest in now.items()})
    for module in gone:
        sys.modules.pop(module.name, None)
        _drop_bytecode(module.file)
    if gone:
        importlib.invalidate_caches()
    return gone


def _is_other(module: Module) -> bool:
    """Whether a module of the same name is loaded from another folder."""
    file = getattr(sys.modules.get(module.name), "__file__", None)
    return file is not None and os.path.realpath(file) != os.path.realpath(module.file)


def _drop_bytecode(file: str) -> None:
    """Remove the compiled code: Python would use it for a changed file of the same size and second."""
    with suppress(OSError, NotImplementedError):
        os.unlink(importlib.util.cache_from_source(file))
