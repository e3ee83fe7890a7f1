"""The place for files of a store that cannot be read: nothing is deleted that might hold a result."""

from __future__ import annotations

from sweeper.store.files import PRIVATE, QUARANTINE, Files


def quarantine_of(folder: str) -> str:
    """Where files of this folder are moved to."""
    return f"{QUARANTINE}/{folder.removeprefix(PRIVATE).removeprefix('/')}".rstrip("/")


def set_aside(files: Files, folder: str, name: str) -> None:
    """Move a file out of the way, beside an earlier one of the same name."""
    aside = quarantine_of(folder)
    files.move(folder, name, aside, free_name(files, aside, name))


def make_way(files: Files, folder: str, name: str) -> None:
    """Move aside a file that is in the place of a folder, perhaps of the very folder to which it is moved."""
    found = f"{name}.found"
    files.move(folder, name, folder, found)
    files.move(folder, found, quarantine_of(folder), free_name(files, quarantine_of(folder), name))


def put_aside(files: Files, folder: str, name: str, data: bytes) -> None:
    """Keep a copy of a file that is to be changed or removed."""
    aside = quarantine_of(folder)
    files.put(aside, free_name(files, aside, name), data)


def free_name(files: Files, folder: str, name: str) -> str:
    """The name, or one that is like it where that is taken."""
    taken, number, free = set(files.names(folder, "")), 2, name
    while free in taken:
        free, number = f"{name}.{number}", number + 1
    return free
