"""What a result also depends on and the fingerprint leaves out: the user's code and the files that specs name."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from stat import S_ISREG
from typing import Any

from sweeper.spec import Choice, Combination

_CHUNK = 1 << 20
_AXES_WITH_DATA = ("dataset", "model")
"""Whose specs name files; a path in a capability or a metric is where something goes, or no path at all."""


def code_revision(folder: str = ".") -> str | None:
    """Git revision of the code in a folder: the commit, and a digest of what differs from it.

    The difference covers tracked files and untracked Python and YAML files that git does not ignore.
    `None` where the folder is in no git repository or git is not installed.
    """
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        return None
    changes = (_git(folder, "diff", "HEAD", "--binary") or b"") + _untracked(folder)
    commit = head.decode().strip()
    return f"{commit}+{hashlib.sha256(changes).hexdigest()[:12]}" if changes else commit


def _untracked(folder: str) -> bytes:
    names = _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "*.py", "*.yaml", "*.yml") or b""
    paths = [os.path.join(folder, os.fsdecode(name)) for name in names.split(b"\0") if name]
    return b"".join(_bytes(f"{path}:{file_revision(path)}\n") for path in paths)


def _git(folder: str, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def data_revisions() -> Callable[[Combination], str | None]:
    """A function that gives the data revision of a combination, reading each named path once.

    The revision covers the string values of dataset and model specs, at every depth, that are local paths (with a
    separator in them, and no folder that `holds_more_than_data`), and what `_sweep_.files` of any part lists; `None`
    where a combination names no file.
    """
    revision = cache(path_revision)  # variants of one choice name the same paths

    @cache
    def of_choice(choice: Choice) -> str:
        named = _paths(choice.spec) if choice.axis in _AXES_WITH_DATA else ()
        paths = sorted({*named, *choice.runtime.files})
        return "".join(f"{path}\0{revision(path)}\n" for path in paths)

    def of_combination(combination: Combination) -> str | None:
        text = "".join(of_choice(part) for part in combination.parts)
        return hashlib.sha256(_bytes(text)).hexdigest() if text else None

    return of_combination


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if os.sep in value and os.path.exists(value) and not holds_more_than_data(value):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _paths(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)


def holds_more_than_data(path: str) -> bool:
    """Whether a path is the root of a disk, or the home or working folder or above one of them.

    A value like `/`, `./` or `../` is a delimiter as often as a folder. To walk such a folder may take hours, and what
    is in it (the store, for one) changes all the time.
    """
    real = Path(os.path.realpath(path))
    homes = (Path(os.path.realpath(place)) for place in (".", os.path.expanduser("~")))
    return real == real.parent or any(home.is_relative_to(real) for home in homes)


def path_revision(path: str) -> str:
    """Content hash of a file, digest of (relative path, size, time) of a folder, `missing` where there is nothing."""
    if os.path.isdir(path):
        return _folder_revision(path)
    return file_revision(path) if os.path.lexists(path) else "missing"


def file_revision(path: str) -> str:
    """SHA-256 of a file's content; what else is known of a link that leads nowhere or a file that cannot be read."""
    try:
        # a pipe or a device may have no end
        return _content_hash(path) if os.path.isfile(path) else _known_without_reading(path)
    except OSError:
        return _known_without_reading(path)


def _known_without_reading(path: str) -> str:
    return f"link to {os.readlink(path)}" if os.path.islink(path) else "unreadable"


def _content_hash(path: str) -> str:
    content = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            content.update(chunk)
    return content.hexdigest()


def _folder_revision(root: str) -> str:
    listing = hashlib.sha256()
    for path in sorted(Path(root).rglob("*")):
        listing.update(_bytes(_listed(path, root)))
    return listing.hexdigest()


def _listed(path: Path, root: str) -> str:
    """The line of one path in the listing of a folder; none for what is no file."""
    name = path.relative_to(root)
    try:
        stat = path.stat()
    except OSError:
        return f"{name}\0{_known_without_reading(str(path))}\n"
    return f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n" if S_ISREG(stat.st_mode) else ""


def _bytes(text: str) -> bytes:
    """Text with names of files in it, which need not be UTF-8."""
    return text.encode(errors="surrogateescape")
