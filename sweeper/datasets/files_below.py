"""Finds the files that a list names, below a root: everything else would change without being seen."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

from sweeper.common.text import escaped
from sweeper.errors import PartError

OUTSIDE = "file outside root"
NOT_THERE = "file that is not there"


class FilesBelow:
    """Files below a root by the names in which a list has them. Each folder is listed once.

    A name is a path relative to the root, or an absolute one that leads into it. One with backslashes is read as a path
    of Windows where there is no file of that name.

    Parameters
    ----------
    root
        The folder.

    Raises
    ------
    PartError
        It is no folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            kind = "a file" if root.is_file() else "not there"
            raise PartError(f"root must be a folder with images, and {escaped(str(root))} is {kind}.")
        self._root = root
        self._absolute = os.path.abspath(root)
        self._listings: dict[str, frozenset[str]] = {}
        self._missing: list[str] = []
        self._any_found = False

    def find(self, name: str) -> tuple[str, str | None]:
        """The path relative to the root, with `/`, and why there is no such file; `None` where there is one."""
        path = self._relative(name)
        if path is not None and not self._is_there(path) and "\\" in name:
            path = self._relative(PureWindowsPath(name).as_posix())
        if path is None:
            return name, OUTSIDE
        if self._is_there(path):
            self._any_found = True
            return path, None
        self._missing.append(name)
        return path, NOT_THERE

    def refuse_none(self, source: str) -> None:
        """Refuse a list of which no file was found: then it is the root that is wrong, and not each entry.

        Parameters
        ----------
        source
            What has the list, for the message: not its path, since it is that of the root that is to be set.

        Raises
        ------
        PartError
            Files were looked for, and none was there.
        """
        if self._missing and not self._any_found:
            raise PartError(
                f"None of the {len(self._missing):,} files that {source} names is in root, "
                f"{escaped(str(self._root))}; the first is {escaped(self._missing[0])}. Set root to the folder that "
                "these names start from."
            )

    def _relative(self, name: str) -> str | None:
        """A normal path below the root; `None` for one that leads elsewhere."""
        path = os.path.normpath(name)
        if os.path.isabs(path):
            path = os.path.relpath(path, self._absolute)
        path = path.replace(os.sep, "/")
        return None if path == "." or path == ".." or path.startswith("../") or ":/" in path[:3] else path

    def _is_there(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if folder not in self._listings:
            try:
                with os.scandir(self._root / folder) as entries:
                    self._listings[folder] = frozenset(entry.name for entry in entries if entry.is_file())
            except OSError:
                self._listings[folder] = frozenset()
        # Some file systems find names in another case, or with accents written otherwise, than they list.
        return name in self._listings[folder] or os.path.isfile(self._root / path)
