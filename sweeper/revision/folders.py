"""What is known of a path on disk: a stamp that tells at once that nothing changed, and a digest of the content.

The stamp is made of names, sizes and times, and costs a look at each file. The content is read only where a stamp was
never seen before: when a result is recorded, and when a stamp differs, since copies and checkouts of the same data have
other times. Folders beyond `MAX_BYTES` or `MAX_FILES` are not read: names, sizes and times of change tell those.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from stat import S_ISDIR, S_ISREG
from typing import NamedTuple

from sweeper.common.processors import usable_processors

MAX_BYTES = 8 << 30
"""Of a folder that is read whole, which takes about ten seconds; `SWEEPER_HASH_BYTES` gives another bound."""
MAX_FILES = 200_000
NO_DATA = frozenset(
    (".git", ".hg", ".svn", ".DS_Store", ".ipynb_checkpoints", "__pycache__", "Thumbs.db", "desktop.ini")
)
"""What other programs leave in folders of data, at any depth; it counts for nothing."""
_CHUNK = 1 << 20
_THREADS = 8
_LENGTH = 32
"""Hexadecimal digits kept of a digest: 128 bits."""


class FileStat(NamedTuple):
    """One file of a folder, or a file by itself."""

    name: str
    """Path within the folder; empty for a file by itself."""
    size: int
    mtime_ns: int
    ctime_ns: int
    odd: str = ""
    """What there is to say of what is no file that can be read; empty for one that can."""


@dataclass(frozen=True)
class PathStat:
    """What one look at a path shows, without reading a file."""

    path: str
    is_folder: bool
    files: tuple[FileStat, ...]

    @cached_property
    def stamp(self) -> str:
        """Digest of names, sizes, times of change and times of the entries themselves, which no copy keeps."""
        return _digest(f"{f.name}\0{f.size}\0{f.mtime_ns}\0{f.ctime_ns}\0{f.odd}" for f in self.files)

    @property
    def listing(self) -> str:
        """Digest of names, sizes and times of change: what tells a folder that is too large to be read."""
        return "listing:" + _digest(f"{f.name}\0{f.size}\0{f.mtime_ns}\0{f.odd}" for f in self.files)

    @property
    def is_too_large(self) -> bool:
        """Whether it is a folder that is not read."""
        most = float(os.environ.get("SWEEPER_HASH_BYTES", MAX_BYTES))
        return self.is_folder and (len(self.files) > MAX_FILES or sum(f.size for f in self.files) > most)

    def content(self) -> str:
        """Digest of names and contents, the same for every copy; read once per process while the stamp is the same."""
        if self.is_too_large:
            return self.listing
        key = (os.path.realpath(self.path), self.stamp)
        if key not in _read:
            _read[key] = _content(self)
        return _read[key]


def path_stat(path: str) -> PathStat | None:
    """Look at a file or at everything below a folder, links followed; `None` where there is nothing."""
    path = os.path.expanduser(path)
    if not os.path.lexists(path):
        return None
    if os.path.isdir(path):
        return PathStat(path, True, tuple(sorted(_below(path, "", ()))))
    return PathStat(path, False, (_file_stat(path, ""),))


def _below(folder: str, prefix: str, inside: tuple[tuple[int, int], ...]) -> Iterator[FileStat]:
    """Files below a folder; `inside` are the folders that it lies in, so that a link back to one is not followed."""
    try:
        here = os.stat(folder)
        entries = list(os.scandir(folder))
    except OSError:
        yield FileStat(prefix, 0, 0, 0, "unreadable")
        return
    inside = (*inside, (here.st_dev, here.st_ino))
    for entry in entries:
        if entry.name in NO_DATA:
            continue
        name = f"{prefix}/{entry.name}" if prefix else entry.name
        if not entry.is_dir():
            yield _file_stat(entry.path, name)
        elif not entry.is_symlink() or not _leads_back(entry.path, inside):
            yield from _below(entry.path, name, inside)


def _leads_back(path: str, inside: Sequence[tuple[int, int]]) -> bool:
    target = os.stat(path)
    return (target.st_dev, target.st_ino) in inside


def _file_stat(path: str, name: str) -> FileStat:
    try:
        known = os.stat(path)
    except OSError:
        return FileStat(name, 0, 0, 0, _without_reading(path))
    odd = "" if S_ISREG(known.st_mode) else "folder" if S_ISDIR(known.st_mode) else "no file"  # a pipe has no end
    return FileStat(name, known.st_size, known.st_mtime_ns, known.st_ctime_ns, odd)


def _without_reading(path: str) -> str:
    try:
        return f"link to {os.readlink(path)}"
    except OSError:
        return "unreadable"


_read: dict[tuple[str, str], str] = {}
"""Digests of content by real path and stamp: what this process has read already."""


def _content(stat: PathStat) -> str:
    return _digest(f"{f.name}\0{content}" for f, content in zip(stat.files, _contents(stat), strict=True))


def _contents(stat: PathStat) -> Iterable[str]:
    paths = [os.path.join(stat.path, f.name) if f.name else stat.path for f in stat.files]
    known = [f.odd for f in stat.files]
    if len(paths) == 1:
        return [known[0] or file_content(paths[0])]
    with ThreadPoolExecutor(min(_THREADS, usable_processors())) as pool:
        return list(pool.map(lambda path, odd: odd or file_content(path), paths, known))


def file_content(path: str) -> str:
    """SHA-256 of a file's content, hexadecimal; what else is known of one that cannot be read."""
    content = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                content.update(chunk)
    except OSError:
        return _without_reading(path)
    return content.hexdigest()


def _digest(lines: Iterable[str]) -> str:
    """Digest of lines with names of files in them, which need not be UTF-8."""
    content = hashlib.sha256()
    for line in lines:
        content.update(f"{line}\n".encode(errors="surrogateescape"))
    return content.hexdigest()[:_LENGTH]
