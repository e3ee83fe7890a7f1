"""A log that exists only if something was written to it, and that is never longer than its limit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO

from sweeper.common import private_files
from sweeper.common.secrets import hidden
from sweeper.common.text import edge, left_out


class LogFile:
    """A text file that is created by the first write. Of more than `limit` bytes it has the beginning and the end."""

    def __init__(self, path: str, limit: int, secrets: Sequence[str] = ()) -> None:
        self.path, self._limit, self._secrets = path, limit, secrets
        self._file: FileIO | None = None
        self._size = 0
        self._head = 0
        """Bytes that are kept of the beginning, once something has been left out."""
        self._end_begins: int | None = None
        """Where the kept end begins then."""
        self._left_out = 0

    def write(self, text: str) -> int:
        """Append text; it is on disk at once, so that a killed worker leaves what it said.

        What the disk does not take, because it is full or the folder is gone, is left out: no run fails for its log.
        """
        if text:
            with suppress(OSError):
                self._append(hidden(text, self._secrets).encode("utf-8", "backslashreplace"))
        return len(text)

    @property
    def written(self) -> str | None:
        """Its path, once something was written."""
        return self.path if self._file is not None else None

    def close(self) -> None:
        """Close what was opened."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, data: bytes) -> None:
        file = self._opened()
        if self._size + len(data) <= self._limit:
            _write(file, data)
            self._size += len(data)
        else:
            self._shorten(file, data)

    def _opened(self) -> FileIO:
        if self._file is None:
            private_files.make_private_folder(os.path.dirname(self.path))
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, private_files.FILE)
            self._file = FileIO(handle, "r+")
            self._size = self._file.seek(0, os.SEEK_END)
        return self._file

    def _shorten(self, file: FileIO, data: bytes) -> None:
        """Keep half of the limit from the beginning and a quarter from the end, so that this is not needed soon."""
        file.seek(0)
        whole = file.readall() + data
        if self._end_begins is None:
            self._end_begins = self._head = edge(whole, self._limit // 2)
        end = whole[self._end_begins :]
        cut = edge(end, max(0, len(end) - self._limit // 4))
        self._left_out += cut
        note = f"\n{left_out(self._left_out, 'log_limit')}\n".encode()
        file.seek(0)
        file.truncate()
        _write(file, whole[: self._head] + note + end[cut:])
        self._size, self._end_begins = file.tell(), self._head + len(note)


def _write(file: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while len(view):
        view = view[file.write(view) or 0 :]
