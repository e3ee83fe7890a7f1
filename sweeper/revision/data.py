"""Which files a combination names, and whether they have changed since it was measured."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from sweeper.revision import old_data_revisions
from sweeper.revision.paths import holds_more_than_data, looks_like_path, texts_of
from sweeper.revision.recorded_paths import (
    SCHEME,
    Entry,
    KnownPaths,
    PathState,
    decode,
    encode,
    is_relative,
    is_whole,
    named,
)
from sweeper.vocabulary import Choice, Combination


class DataRevisions:
    """Data revisions of the combinations of one sweep. Each choice and each path is looked at once."""

    def __init__(self) -> None:
        self.here = os.getcwd()
        self._known = KnownPaths()
        self._paths: dict[Choice, tuple[str, ...]] = {}
        self._texts: dict[tuple[Choice, ...], str | None] = {}
        self._found: dict[tuple[object, ...], str | None] = {}
        self._present: dict[tuple[tuple[Choice, ...], str | None], bool] = {}

    @cached_property
    def _earlier(self) -> old_data_revisions.DataRevision:
        return old_data_revisions.data_revisions()

    def naming(self, combination: Combination) -> tuple[Choice, ...]:
        """The choices that name a path which exists, or which may have existed."""
        return tuple(part for part in combination.choices if self.paths(part))

    def paths(self, choice: Choice) -> tuple[str, ...]:
        """The paths that a choice names, whether or not they exist now."""
        if choice not in self._paths:
            every = (*choice.runtime.files, *filter(_may_be_path, texts_of(choice)))
            self._paths[choice] = tuple(dict.fromkeys(every))
        return self._paths[choice]

    def text(self, combination: Combination) -> str | None:
        """The text to record: every path that is named and exists, with a digest of its content."""
        parts = self.naming(combination)
        if parts and parts not in self._texts:
            self._texts[parts] = encode(entry for part in parts for entry in self._entries(part))
        return self._texts[parts] if parts else None

    def content(self, parts: Iterable[Choice]) -> str:
        """What some parts read, without the times at which files were written: the same for every copy of the data."""
        return encode(entry._replace(stamp="") for part in parts for entry in self._entries(part)) or ""

    def folder(self, parts: Iterable[Choice]) -> str:
        """The working folder, where some parts name relative paths; else empty."""
        return self.here if any(is_relative(path) for part in parts for path in self.paths(part)) else ""

    def _entries(self, part: Choice) -> Iterator[Entry]:
        yield from filter(None, (self._known.entry(part.axis, path) for path in self.paths(part)))

    def is_moved(self, folder: str | None) -> bool:
        """Whether a result with this recorded folder was measured somewhere else."""
        return folder is not None and folder != self.here

    def changed(self, combination: Combination, recorded: str | None, folder: str | None) -> str | None:
        """In words, what differs from the data that a result was measured on; `None` if no difference is known."""
        parts = self.naming(combination)
        key = (parts, recorded, folder)
        if parts and key not in self._found:
            self._found[key] = self._changed(combination, parts, recorded, folder)
        return self._found[key] if parts else None

    def is_present(self, combination: Combination, recorded: str | None) -> bool:
        """Whether this revision is that of what lies here now: the same paths are there, with the same content."""
        parts = self.naming(combination)
        if (parts, recorded) not in self._present:
            paths = {(part.axis, path) for part in parts for path in self.paths(part)}
            self._present[parts, recorded] = is_whole(self._known, decode(recorded), paths)
        return self._present[parts, recorded]

    def _changed(
        self, combination: Combination, parts: tuple[Choice, ...], recorded: str | None, folder: str | None
    ) -> str | None:
        if recorded is not None and not recorded.startswith(SCHEME):
            return "" if self._earlier(combination) != recorded else None
        paths = {(part.axis, path) for part in parts for path in self.paths(part)}
        known = [entry for entry in decode(recorded) if (entry.axis, entry.path) in paths]
        now = {entry: self._known.now(entry) for entry in known}
        if not self.is_moved(folder):
            return _difference(now)
        new = paths - {(entry.axis, entry.path) for entry in known}
        return self._moved(now, [path for _, path in sorted(new) if is_relative(path)])

    def _moved(self, now: Mapping[Entry, PathState], new: list[str]) -> str | None:
        """In words, which relative paths mean other places than before."""
        gone = [entry.path for entry, what in now.items() if what in (PathState.GONE, PathState.UNKNOWN)]
        other = [entry.path for entry, what in now.items() if what is PathState.DIFFERENT]
        other += [path for path in new if self._known.stat(path) is not None]
        elsewhere = [_elsewhere(path) for path in dict.fromkeys(other)]
        return "; ".join([*elsewhere, *(f"{path} is not in this folder" for path in dict.fromkeys(gone))]) or None


def _may_be_path(value: str) -> bool:
    there = os.path.lexists(os.path.expanduser(value))
    return (there or looks_like_path(value)) and not holds_more_than_data(value)


def _elsewhere(path: str) -> str:
    kind = "folder" if os.path.isdir(os.path.expanduser(path)) else "file"
    return f"{path} is another {kind} here, and its data differ"


def _difference(now: Mapping[Entry, PathState]) -> str | None:
    other = named(entry.path for entry, what in now.items() if what is PathState.DIFFERENT)
    gone = named(entry.path for entry, what in now.items() if what in (PathState.GONE, PathState.UNKNOWN))
    return "; ".join(filter(None, (other, gone and f"{gone} is gone"))) or None
