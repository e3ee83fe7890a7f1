"""Files and folders that only their user can read, whatever the umask leaves open."""

from __future__ import annotations

import os

FILE, FOLDER = 0o600, 0o700


def make_private_folders(path: str) -> None:
    """Make a folder, and those above it that are missing, for its user alone; those that are there stay as they are."""
    above = os.path.dirname(path)
    if above and not os.path.isdir(above):
        make_private_folders(above)
    try:
        os.mkdir(path, FOLDER)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
