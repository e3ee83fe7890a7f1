"""A store in a folder of a disk."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import suppress
from pathlib import Path

from sweeper.errors import StoreError
from sweeper.store.files import PARQUET, PRIVATE, Data, Files, is_data


class LocalFiles(Files):
    """A folder of a disk that every worker sees under the same path."""

    def __init__(self, path: str) -> None:
        self.root = os.path.abspath(os.path.expanduser(path))
        self.uri = self.root
        self._tmp = os.path.join(self.root, PRIVATE, "tmp")
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

    def is_there(self) -> bool:
        return os.path.isdir(self.root)

    def tables(self) -> list[str]:
        if not os.path.isdir(self.root):
            return []
        return sorted(e.name for e in os.scandir(self.root) if e.is_dir() and not e.name.startswith("."))

    def names(self, folder: str, ending: str = PARQUET) -> list[str]:
        try:
            return sorted(n for n in os.listdir(os.path.join(self.root, folder)) if is_data(n, ending))
        except FileNotFoundError:
            return []

    def sizes(self, folder: str) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for entry in os.scandir(os.path.join(self.root, folder)):
            with suppress(FileNotFoundError):  # gone since it was listed
                if is_data(entry.name, PARQUET):
                    sizes[entry.name] = entry.stat().st_size
        return sizes

    def put(self, folder: str, name: str, data: Data) -> str:
        self._ensure(folder)
        temporary = os.path.join(self._tmp, f"{uuid.uuid4().hex}.tmp")
        final = os.path.join(self.root, folder, name)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            view = memoryview(data)
            while len(view):
                view = view[os.write(handle, view) :]
        finally:
            os.close(handle)
        os.rename(temporary, final)
        return final

    def make(self, folder: str, name: str) -> str:
        """The path of a file in a folder, which is made if it does not exist."""
        self._ensure(folder)
        return self.source(folder, name)

    def _ensure(self, folder: str) -> None:
        if folder not in self._existing:
            os.makedirs(self._tmp, exist_ok=True)
            os.makedirs(os.path.join(self.root, folder), exist_ok=True)
            self._existing.add(folder)

    def source(self, folder: str, name: str) -> str:
        return os.path.join(self.root, folder, name)

    def get(self, folder: str, name: str) -> bytes:
        try:
            return Path(self.source(folder, name)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return b""

    def create(self, folder: str, name: str, data: bytes) -> bool:
        try:
            handle = os.open(self.make(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return False
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        return True

    def swap(self, folder: str, name: str, old: bytes, new: bytes) -> bool:
        """Not atomic between reading and replacing: whoever relies on it looks again afterwards."""
        if not os.path.exists(self.source(folder, name)) or self.get(folder, name) != old:
            return False
        self.put(folder, name, new)
        return self.get(folder, name) == new

    def refuse_unconditional(self) -> None:
        """A disk creates a file only once."""

    def age_s(self, folder: str, name: str) -> float:
        try:
            return time.time() - os.path.getmtime(self.source(folder, name))
        except FileNotFoundError:
            return 0.0

    def move(self, folder: str, name: str, to_folder: str, to_name: str | None = None) -> None:
        os.replace(self.source(folder, name), self.make(to_folder, to_name or name))

    def remove(self, folder: str, name: str) -> None:
        Path(self.source(folder, name)).unlink(missing_ok=True)

    def check(self) -> None:
        try:
            os.makedirs(self._tmp, exist_ok=True)
            probe = os.path.join(self._tmp, f"probe-{uuid.uuid4().hex}.tmp")
            Path(probe).touch(exist_ok=False)
            os.unlink(probe)
        except OSError as error:
            raise StoreError(
                f"The analytics store {self.uri} cannot be written: {error.strerror} ({error.filename}). "
                "Name a folder that can be made and written, with analytics_store.uri=..."
            ) from error

    def log_dir(self, sweep_id: str) -> str:
        return os.path.join(self.root, PRIVATE, "logs", sweep_id)
