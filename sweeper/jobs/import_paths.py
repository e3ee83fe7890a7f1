"""Where this process imports from: what workers, whose working folder may be another, are told."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from functools import cache
from pathlib import Path


def import_paths() -> tuple[str, ...]:
    """The absolute folders of this process's search path, Python's own apart."""
    return own_paths(tuple(sys.path), os.getcwd())


@cache
def own_paths(search_path: tuple[str, ...], here: str) -> tuple[str, ...]:
    """Those of a search path, in which an empty text is the folder `here`."""
    libraries = {*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), *site.getsitepackages()}
    own, script = [os.path.realpath(path) for path in libraries], os.path.dirname(os.path.realpath(sys.argv[0] or "."))
    found = dict.fromkeys(Path(os.path.realpath(path or here)) for path in search_path)
    given = [path for path in found if not any(path.is_relative_to(library) for library in own)]
    return tuple(str(path) for path in given if str(path) != script)
