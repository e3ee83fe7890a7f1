"""A store in a folder of a disk."""

from __future__ import annotations

import os
import stat
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from sweeper.common import private_files
from sweeper.errors import StoreError
from sweeper.store.files import PARQUET, PRIVATE, Data, Files, UnreadableFileError, is_data

TEMPORARY = f"{PRIVATE}/tmp"
"""The folder of files that are not complete yet."""


class LocalFiles(Files):
    """A folder of a disk that every worker sees under the same path."""

    def __init__(self, path: str, *, durable: bool = False) -> None:
        self.root = os.path.abspath(os.path.expanduser(path))
        self.uri = self.root
        self._durable = durable
        self._existing: set[str] = set()

    def refuse_no_folder(self) -> None:
        place = self.root
        while not os.path.lexists(place) and place != os.path.dirname(place):
            place = os.path.dirname(place)
        if not os.path.isdir(place):
            raise StoreError(
                f"The analytics store {self.root} cannot be written or read: {place} is not a folder. Name another "
                "place with analytics_store.uri=..."
            )

    def is_no_folder(self, folder: str) -> bool:
        """Whether there is something else in the place of a folder."""
        path = os.path.join(self.root, folder)
        return os.path.lexists(path) and not os.path.isdir(path)

    def is_there(self) -> bool:
        return os.path.isdir(self.root)

    def tables(self) -> list[str]:
        if not os.path.isdir(self.root):
            return []
        return sorted(e.name for e in os.scandir(self.root) if e.is_dir() and not e.name.startswith("."))

    def names(self, folder: str, ending: str = PARQUET) -> list[str]:
        try:
            return sorted(n for n in os.listdir(os.path.join(self.root, folder)) if is_data(n, ending))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def sizes(self, folder: str) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for entry in os.scandir(os.path.join(self.root, folder)):
            with suppress(FileNotFoundError):  # gone since it was listed
                if is_data(entry.name, PARQUET):
                    sizes[entry.name] = entry.stat().st_size
        return sizes

    def put(self, folder: str, name: str, data: Data) -> str:
        final, temporary = self.make(folder, name), self.make(TEMPORARY, f"{uuid.uuid4().hex}.tmp")
        try:
            _write_all(self._opened_new(temporary), data, durable=self._durable)
            os.rename(temporary, final)
        except BaseException:
            _remove_if_there(temporary)
            raise
        self._force(folder)
        return final

    def open_new(self, folder: str, name: str, flags: int = os.O_WRONLY) -> int:
        """Open a file that is not there yet."""
        return self._opened_new(self.make(folder, name), flags)

    def _opened_new(self, path: str, flags: int = os.O_WRONLY) -> int:
        return os.open(path, flags | os.O_CREAT | os.O_EXCL, self._rights)

    @cached_property
    def _rights(self) -> int:
        """Who may read a file: its user alone, and the group where the store's folder says that it is a group's.

        Rows have tracebacks, and what parts print, in them. That a folder hands its group on to what is made in it
        (`chmod g+s`) is nothing that an umask does.
        """
        mode = os.stat(self.root).st_mode
        return private_files.FILE | (mode & 0o060 if mode & stat.S_ISGID else 0)

    def make(self, folder: str, name: str) -> str:
        """The path of a file in a folder, which is made if it does not exist."""
        self._ensure(folder)
        return self.source(folder, name)

    def _ensure(self, folder: str) -> None:
        if folder in self._existing:
            return
        try:
            private_files.make_private_folder(self.root)
            os.makedirs(os.path.join(self.root, folder), exist_ok=True)
            self._force(os.path.dirname(folder))
        except (FileExistsError, NotADirectoryError) as error:
            raise StoreError(
                f"The analytics store {self.uri} cannot be written: {error.filename} must be a folder, and is not. "
                "`sweeper check --repair` moves it aside."
            ) from error
        self._existing.add(folder)

    def _force(self, folder: str) -> None:
        """Force the names in a folder to the disk, where that is asked for."""
        if self._durable:
            handle = os.open(os.path.join(self.root, folder), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def source(self, folder: str, name: str) -> str:
        return os.path.join(self.root, folder, name)

    def get(self, folder: str, name: str) -> bytes:
        try:
            return Path(self.source(folder, name)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return b""
        except OSError as error:
            if not os.path.lexists(self.source(folder, name)):  # nor can the folder be read
                raise
            raise UnreadableFileError(error.errno, f"it cannot be read: {error.strerror}", error.filename) from error

    def create(self, folder: str, name: str, data: bytes) -> bool:
        try:
            handle = self.open_new(folder, name)
        except FileExistsError:
            return False
        try:
            _write_all(handle, data, durable=self._durable)
        except BaseException:
            self.remove(folder, name)
            raise
        return True

    def swap(self, folder: str, name: str, old: bytes, new: bytes) -> bool:
        """Not atomic between reading and replacing: whoever relies on it looks again afterwards."""
        if not os.path.isfile(self.source(folder, name)) or self.get(folder, name) != old:
            return False
        self.put(folder, name, new)
        return self.get(folder, name) == new

    def refuse_unconditional(self) -> None:
        """A disk creates a file only once."""

    def age_s(self, folder: str, name: str) -> float:
        try:
            return time.time() - os.path.getmtime(self.source(folder, name))
        except (FileNotFoundError, NotADirectoryError):
            return 0.0

    def move(self, folder: str, name: str, to_folder: str, to_name: str | None = None) -> None:
        os.replace(self.source(folder, name), self.make(to_folder, to_name or name))
        self._force(to_folder)

    def remove(self, folder: str, name: str) -> None:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(self.source(folder, name))

    def check(self) -> None:
        try:
            with self.probe():
                pass
        except OSError as error:
            raise StoreError(
                f"The analytics store {self.uri} cannot be written: {error.strerror} ({error.filename}). "
                "Name a folder that can be made and written, with analytics_store.uri=..."
            ) from error

    @contextmanager
    def probe(self) -> Generator[str]:
        """Path of a file that is there for the moment, for whoever asks who sees it; OSError where none can be made."""
        probe = self.make(TEMPORARY, f"probe-{uuid.uuid4().hex}.tmp")
        Path(probe).touch(exist_ok=False)
        try:
            yield probe
        finally:
            os.unlink(probe)

    def log_dir(self, sweep_id: str) -> str:
        return os.path.join(self.root, PRIVATE, "logs", sweep_id)


def _write_all(handle: int, data: Data, *, durable: bool) -> None:
    """Write all data into an open file, force it to the disk where that is asked for, and close it."""
    try:
        view = memoryview(data)
        while len(view):
            view = view[os.write(handle, view) :]
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def _remove_if_there(path: str) -> None:
    """Remove a file that could not be written; the error of writing is the one to tell."""
    with suppress(OSError):
        os.unlink(path)
