"""Modules of the user's that changed since this process loaded them are loaded anew, where parts run in this process.

A notebook lives longer than the code that is written beside it: what runs must be what is recorded.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from contextlib import suppress

from sweeper.revision.modules import Module

_loaded: dict[str, str] = {}
"""Digest of each file of the user's own, as it was when a sweep of this process last ran it."""


def forget_changed(modules: Iterable[tuple[Module, str]]) -> None:
    """Let go of these modules if the content of one of them has changed, so that the next use imports them again.

    All of them go, since what imports a changed one holds on to what was in it. The script itself stays.
    """
    known = list(modules)
    changed = any(_loaded.get(module.file, digest) != digest for module, digest in known)
    for module, digest in known:
        _loaded[module.file] = digest
        if changed:
            sys.modules.pop(module.name, None)
            _drop_bytecode(module.file)
    if changed:
        importlib.invalidate_caches()


def _drop_bytecode(file: str) -> None:
    """Python takes compiled code for that of a file of the same size and second."""
    with suppress(OSError, NotImplementedError):
        os.unlink(importlib.util.cache_from_source(file))
