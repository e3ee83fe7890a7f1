"""Data revisions as versions before this one stored them, so that their results can still be compared."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from stat import S_ISREG

from sweeper.revision.folders import file_content
from sweeper.revision.paths import holds_more_than_data, texts_of
from sweeper.vocabulary import Choice, Combination

DataRevision = Callable[[Combination], str | None]


def data_revisions() -> DataRevision:
    """A function that gives the data revision of a combination as it used to be.

    It covered text with a separator in it and what `_sweep_.files` lists: the content of a file, names, sizes and times
    of a folder. `None` where a combination names no such path.
    """
    revision = cache(_path_revision)

    @cache
    def of_choice(choice: Choice) -> str:
        paths = sorted({*filter(_is_named, texts_of(choice)), *choice.runtime.files})
        return "".join(f"{path}\0{revision(path)}\n" for path in paths)

    def of_combination(combination: Combination) -> str | None:
        text = "".join(of_choice(part) for part in combination.choices)
        return hashlib.sha256(_bytes(text)).hexdigest() if text else None

    return of_combination


def _is_named(value: str) -> bool:
    return os.sep in value and os.path.exists(value) and not holds_more_than_data(value)


def _path_revision(path: str) -> str:
    if os.path.isdir(path):
        return _folder_revision(path)
    if not os.path.lexists(path):
        return "missing"
    return file_content(path) if os.path.isfile(path) else _unread(path)


def _folder_revision(root: str) -> str:
    listing = hashlib.sha256()
    for path in sorted(Path(root).rglob("*")):
        listing.update(_bytes(_listed(path, root)))
    return listing.hexdigest()


def _listed(path: Path, root: str) -> str:
    name = path.relative_to(root)
    try:
        stat = path.stat()
    except OSError:
        return f"{name}\0{_unread(str(path))}\n"
    return f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n" if S_ISREG(stat.st_mode) else ""


def _unread(path: str) -> str:
    return f"link to {os.readlink(path)}" if os.path.islink(path) else "unreadable"


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
