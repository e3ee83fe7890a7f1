"""Modules of the user's that changed since this process loaded them are loaded anew.

A notebook, and the workers of a Ray that it keeps, live longer than the code that is written beside it: what runs must
be what is recorded.
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
    """Before a spec is built: where its code revision is another than the last time, let go of what has changed.

    Parameters
    ----------
    target, digest
        The spec and its identity.
    code
        The digest of the modules that it runs, as the driver saw them.

    Returns
    -------
    list of str
        Names of the modules that will be imported again.
    """
    if _built.get(digest) == code:
        return []
    sources = Sources()
    gone = forget_changed(sources, sources.reached(target))
    _built[digest] = code
    return [module.name for module in gone]


def forget_changed(sources: Sources, modules: Iterable[Module]) -> set[Module]:
    """Let go of modules whose content has changed and of those that import them; returns them.

    Others stay, and so do their classes: what was built of them remains what they make.
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
    """Whether a module of this name is loaded, of another folder."""
    file = getattr(sys.modules.get(module.name), "__file__", None)
    return file is not None and os.path.realpath(file) != os.path.realpath(module.file)


def _drop_bytecode(file: str) -> None:
    """Python takes compiled code for that of a file of the same size and second."""
    with suppress(OSError, NotImplementedError):
        os.unlink(importlib.util.cache_from_source(file))
