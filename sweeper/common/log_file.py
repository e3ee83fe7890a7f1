"""A log that exists only if something was written to it."""

from __future__ import annotations

import os
from typing import TextIO


class LogFile:
    """A text file that is created by the first write."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file: TextIO | None = None

    def write(self, text: str) -> int:
        """Append text; it is on disk at once, so that a killed worker leaves what it said."""
        if not text:
            return 0
        if self._file is None:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self._file = open(self.path, "a", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115 - open from one write to the next
        return self._file.write(text)

    def close(self) -> None:
        """Close what was opened."""
        if self._file is not None:
            self._file.close()
            self._file = None
