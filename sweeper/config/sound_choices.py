"""Which choices were found sound before, so that a plan need not read the source of their classes again.

Only that nothing is wrong is remembered, with the time and size of each file that said so: where one has changed, the
choice is looked at again, and what is wrong is never told from memory. It is kept in the cache folder of the user, not
in the store: it tells of the packages that are installed here, and a plan writes nothing into a store, which may be
elsewhere, or not be there yet.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sweeper._version import __version__

MOST_CHOICES, MOST_FILES = 2000, 50
"""So many choices are remembered for a folder, and so many folders."""


class FileState(NamedTuple):
    """A file as it was when it was read."""

    path: str
    changed_ns: int
    size: int


class SoundChoices:
    """What is remembered for the working folder, this Python and this version of sweeper.

    Parameters
    ----------
    kind
        What was looked at: a name for each way to look.
    """

    def __init__(self, kind: str) -> None:
        here = json.dumps([kind, os.getcwd(), sys.prefix, sys.version, sys.path, __version__])
        self._file = cache_folder() / f"{kind}-{hashlib.sha256(here.encode()).hexdigest()[:16]}.json"
        self._files: list[FileState] = []
        self._sound: dict[str, list[int]] = {}
        self._same: dict[int, bool] = {}
        self._is_new = False
        with suppress(OSError, ValueError, TypeError, KeyError):
            self._read(json.loads(self._file.read_bytes()))

    def has(self, key: str) -> bool:
        """Whether a choice was found sound, and no file that said so has changed."""
        places = self._sound.get(key)
        return places is not None and all(map(self._is_same, places))

    def add(self, key: str, files: Iterable[str]) -> None:
        """Remember that a choice was found sound from these files."""
        self._is_new = True
        self._sound.pop(key, None)
        self._sound[key] = [self._place(state) for state in map(state_of, files) if state is not None]

    def keep(self) -> None:
        """Write it down, if there is anything new and the folder can be written."""
        if not self._is_new:
            return
        newest = dict(list(self._sound.items())[-MOST_CHOICES:])
        text = json.dumps({"files": self._files, "sound": newest})
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._file.with_suffix(f".{os.getpid()}")
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(self._file)
            _drop_oldest(self._file.parent)

    def _read(self, kept: Any) -> None:
        files = [FileState(*state) for state in kept["files"]]
        sound = {str(key): [int(place) for place in places] for key, places in kept["sound"].items()}
        if all(0 <= place < len(files) for places in sound.values() for place in places):
            self._files, self._sound = files, sound

    def _is_same(self, place: int) -> bool:
        if place not in self._same:
            self._same[place] = state_of(self._files[place].path) == self._files[place]
        return self._same[place]

    def _place(self, state: FileState) -> int:
        if state not in self._files:
            self._files.append(state)
        return self._files.index(state)


def state_of(path: str) -> FileState | None:
    """A file as it is now; `None` if it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return FileState(path, found.st_mtime_ns, found.st_size)


def cache_folder() -> Path:
    """The folder of sweeper in the cache folder of the user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sweeper" / "choices"


def _drop_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    for file in files[:-MOST_FILES]:
        file.unlink(missing_ok=True)
