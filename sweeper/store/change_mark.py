"""Tells whether a store has changed, by the names of its files and the lengths of its journals: nothing is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256

from sweeper.store import endings, journal, sweep_files
from sweeper.store.files import Files


def change_mark(files: Files) -> str:
    """A short text that is another one after rows, sweeps or the end of a sweep were written.

    Whoever takes it before reading and finds the same one later has read all that there is: files of rows never change
    under their name, and a journal only grows.
    """
    files.look_anew()
    digest = sha256()
    for line in _lines(files):
        digest.update(f"{line}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _lines(files: Files) -> Iterator[str]:
    for segment in journal.segments(files):  # before the tables: a row may move from a journal into one
        with suppress(OSError):  # it was flushed meanwhile
            yield f"{segment} {os.path.getsize(str(files.source(journal.FOLDER, segment)))}"
    for folder in files.tables():
        yield folder
        yield from files.names(folder)
    for folder in (sweep_files.FOLDER, endings.FOLDER):
        yield folder
        yield from files.names(folder, "")
