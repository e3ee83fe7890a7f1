"""Files and folders that only their user can read, whatever the umask leaves open."""

from __future__ import annotations

import os
from contextlib import suppress

FILE, FOLDER = 0o600, 0o700


def make_private_folder(path: str) -> None:
    """Make a folder for its user alone, and as usual those above it that are missing; what is there stays as it is."""
    if os.path.isdir(path):
        return
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with suppress(FileExistsError):  # by another process; where it is no folder, who uses it says so
        os.mkdir(path, FOLDER)


def open_private(path: str, flags: int) -> int:
    """An opener for `open`: a file that is made is for its user alone; one that is there keeps its rights."""
    return os.open(path, flags, FILE)
