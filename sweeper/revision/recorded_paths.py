"""The data revision of a result as it is stored: for each path that its specs named, what was there. And now?"""

from __future__ import annotations

import enum
import json
import os
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from sweeper.revision.folders import PathStat, path_stat

SCHEME = "paths:"
"""Before the JSON of a data revision; what begins otherwise was written by an older version."""
_LISTED = 3
"""Paths that a reason names; more are counted."""


class Entry(NamedTuple):
    """One path that a part named when it was measured."""

    axis: str
    path: str
    """As typed."""
    stamp: str
    content: str


class PathState(enum.Enum):
    """What a path is today, against what it was."""

    SAME = "same"
    DIFFERENT = "different"
    GONE = "gone"
    UNKNOWN = "unknown"
    """The folder that it lay in is not here either: this is another machine."""


def encode(entries: Iterable[Entry]) -> str | None:
    """The text that is stored; `None` where no path is named."""
    listed = sorted(set(entries))
    return SCHEME + json.dumps(listed, separators=(",", ":")) if listed else None


@cache
def decode(text: str | None) -> tuple[Entry, ...]:
    """The entries of a stored text; none where it has none, or is of an older scheme."""
    if text is None or not text.startswith(SCHEME):
        return ()
    return tuple(Entry(*entry) for entry in json.loads(text.removeprefix(SCHEME)))


def is_relative(path: str) -> bool:
    """Whether what a path means depends on the working folder."""
    return not os.path.isabs(os.path.expanduser(path))


class KnownPaths:
    """What lies on this disk, each path looked at once in the life of this object."""

    def __init__(self) -> None:
        self._stats: dict[str, PathStat | None] = {}
        self._states: dict[tuple[str, str, str], PathState] = {}

    def stat(self, path: str) -> PathStat | None:
        """See `folders.path_stat`."""
        if path not in self._stats:
            self._stats[path] = path_stat(path)
        return self._stats[path]

    def entry(self, axis: str, path: str) -> Entry | None:
        """A path as it is recorded, its content read; `None` where there is nothing."""
        known = self.stat(path)
        return None if known is None else Entry(axis, path, known.stamp, known.content())

    def now(self, entry: Entry, folder: str | None = None) -> PathState:
        """What became of a path, relative ones taken from `folder` (the working folder where none is given)."""
        path = os.path.join(folder or "", os.path.expanduser(entry.path))
        key = (path, entry.stamp, entry.content)
        if key not in self._states:
            self._states[key] = self._compared(path, entry)
        return self._states[key]

    def _compared(self, path: str, entry: Entry) -> PathState:
        known = self.stat(path)
        if known is None:
            return PathState.GONE if os.path.isdir(os.path.dirname(path) or ".") else PathState.UNKNOWN
        if known.stamp == entry.stamp or entry.content in (known.listing, known.content()):
            return PathState.SAME
        return PathState.DIFFERENT


def is_same(a: Entry, b: Entry) -> bool:
    """Whether two recorded entries are of equal data."""
    return a.stamp == b.stamp or a.content == b.content


def is_whole(known: KnownPaths, entries: Iterable[Entry], paths: Iterable[tuple[str, str]], folder: str = "") -> bool:
    """Whether of these paths, each with its axis, those of the entries are there as recorded, and no others."""
    entries = list(entries)
    listed = {(entry.axis, entry.path) for entry in entries}
    others = {os.path.join(folder, os.path.expanduser(path)) for axis, path in paths if (axis, path) not in listed}
    is_same = all(known.now(entry, folder) is PathState.SAME for entry in entries)
    return is_same and all(known.stat(path) is None for path in others)


def named(paths: Iterable[str]) -> str:
    """Paths as a reason lists them."""
    every = list(dict.fromkeys(paths))
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return ", ".join(every[:_LISTED]) + more
