"""What a result also depends on and the fingerprint leaves out: the user's code and the files that specs name."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sweeper.spec import Choice, Combination

_CHUNK = 1 << 20


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
    return b"".join(f"{path}:{file_revision(path)}\n".encode() for path in paths)


def _git(folder: str, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def data_revisions() -> Callable[[Combination], str | None]:
    """A function that gives the data revision of a combination, reading each named path once.

    The revision covers the string values of dataset and model specs that are local paths, and what
    `_sweep_.files` lists; `None` where a combination names no file.
    """

    @cache
    def of_choice(choice: Choice) -> str:
        paths = sorted({*_paths(choice.spec), *choice.runtime.files})
        return "".join(f"{path}\0{path_revision(path)}\n" for path in paths)

    def of_combination(combination: Combination) -> str | None:
        text = "".join(of_choice(part) for part in combination.parts)
        return hashlib.sha256(text.encode()).hexdigest() if text else None

    return of_combination


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if os.sep in value and os.path.exists(value):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _paths(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _paths(item)


def path_revision(path: str) -> str:
    """Content hash of a file, digest of (relative path, size, time) of a folder, `missing` where there is nothing."""
    if os.path.isdir(path):
        return _folder_revision(path)
    return file_revision(path) if os.path.exists(path) else "missing"


def file_revision(path: str) -> str:
    """SHA-256 of a file's content."""
    content = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            content.update(chunk)
    return content.hexdigest()


def _folder_revision(root: str) -> str:
    listing = hashlib.sha256()
    for path in sorted(p for p in Path(root).rglob("*") if p.is_file()):
        stat = path.stat()
        listing.update(f"{path.relative_to(root)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return listing.hexdigest()
