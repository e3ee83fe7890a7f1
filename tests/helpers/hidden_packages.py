"""Packages that a child process does not find, as if they were not installed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

SITE = """
from importlib.machinery import PathFinder

HIDDEN = {hidden!r}
found = PathFinder.find_spec


def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in HIDDEN else found(name, path, target)


PathFinder.find_spec = find_spec
"""
"""Python runs a module `sitecustomize` first of all. The finder that looks at files is asked for every package, so that
what it does not find is not there: for `import`, and for whoever asks whether a package is installed."""


def environment_without(packages: Iterable[str], folder: Path) -> dict[str, str]:
    """The environment of a process that does not find these packages; `folder` is where what hides them is written."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(SITE.format(hidden=sorted(packages)))
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
