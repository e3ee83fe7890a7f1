"""Use the import paths and the working folder of the driver in a worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache

from sweeper.messages.requests import ObjectSpec


def use_import_paths(paths: tuple[str, ...]) -> None:
    """Put the import paths of the driver first; folders that this machine does not have are left out."""
    existing = _existing(paths)
    if sys.path[: len(existing)] != existing:
        sys.path[:] = [*existing, *(path for path in sys.path if path not in existing)]


@cache
def _existing(paths: tuple[str, ...]) -> list[str]:
    """Looked up once in a process, since it is asked for before each run."""
    return [path for path in paths if os.path.exists(path)]


def use_working_folder(parts: Iterable[object]) -> None:
    """Change to the working folder of the driver, if a spec names relative paths and this machine has that folder."""
    folder = next((part.folder for part in parts if isinstance(part, ObjectSpec) and part.folder), None)
    if folder is not None and folder != os.getcwd() and os.path.isdir(folder):
        os.chdir(folder)
