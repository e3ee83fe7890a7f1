"""The files of a store: in folders of a local disk or under prefixes of an object store. Each is written atomically."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

Data: TypeAlias = "bytes | pa.Buffer"
PRIVATE = ".sweeper"
"""The folder of all that is not a table: checkmaite takes every folder without a leading dot for a table."""
QUARANTINE = f"{PRIVATE}/quarantine"
"""Where files that cannot be read are moved to."""
PARQUET = ".parquet"


class UnreadableFileError(OSError):
    """There is something under the name of a file that cannot be read as one: a folder, or a file without rights."""

    @property
    def reason(self) -> str:
        """What is wrong, without the name of the file."""
        return self.strerror or str(self)


class Files(ABC):
    """The folders of one store."""

    uri: str
    many_files = 250
    """A sweep merges the small files of a table at its end if there are this many."""
    at_once = 1
    """So many small files are read at the same time. On a disk threads only take turns, and cost a third more."""

    @abstractmethod
    def tables(self) -> list[str]:
        """Names of the folders without a leading dot."""

    @abstractmethod
    def names(self, folder: str, ending: str = PARQUET) -> list[str]:
        """Names of the files in a folder with this ending, sorted; empty where there is no such folder.

        Names that begin with a dot or an underscore are left out, as Arrow and checkmaite do.
        """

    def names_after(self, folder: str, name: str) -> list[str]:
        """Those names of Parquet files in a folder that sort after this one; the others cost as little as can be."""
        return [one for one in self.names(folder) if one > name]

    @abstractmethod
    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of each Parquet file in a folder."""

    @abstractmethod
    def put(self, folder: str, name: str, data: Data) -> str:
        """Write a whole file so that a reader sees all of it or nothing; returns its URI."""

    @abstractmethod
    def source(self, folder: str, name: str) -> str | pa.NativeFile:
        """What Arrow can read the file from: a path or an open file."""

    @abstractmethod
    def get(self, folder: str, name: str) -> bytes:
        """The content of a file; empty where there is no such file.

        Raises
        ------
        UnreadableFileError
            What is there is not a file that can be read; the store itself can.
        OSError
            The store cannot be reached.
        """

    @abstractmethod
    def create(self, folder: str, name: str, data: bytes) -> bool:
        """Write a file unless it exists; returns whether this process wrote it."""

    @abstractmethod
    def swap(self, folder: str, name: str, old: bytes, new: bytes) -> bool:
        """Replace a file whose content is `old`; returns whether it was, and is `new` from now on."""

    @abstractmethod
    def refuse_unconditional(self) -> None:
        """Raise a StoreError where `create` and `swap` cannot be relied on; merges rest on them."""

    @abstractmethod
    def age_s(self, folder: str, name: str) -> float:
        """Seconds since a file was written; 0 where there is no such file."""

    @abstractmethod
    def move(self, folder: str, name: str, to_folder: str, to_name: str | None = None) -> None:
        """Move a file; a file that is there already is replaced."""

    @abstractmethod
    def remove(self, folder: str, name: str) -> None:
        """Delete a file; it is not an error if it does not exist."""

    def remove_all(self, folder: str, names: Collection[str]) -> None:
        """Delete several files of a folder."""
        for name in names:
            self.remove(folder, name)

    def look_anew(self) -> None:  # noqa: B027 - nothing is remembered unless a subclass does
        """Forget what was read before: somebody may have damaged it since."""

    @abstractmethod
    def refuse_no_folder(self) -> None:
        """Raise a StoreError where the address is that of something else than a folder."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is anything under this address."""

    @abstractmethod
    def check(self) -> None:
        """Raise a StoreError if the store cannot be written."""

    def log_dir(self, sweep_id: str) -> str:
        """A local folder for what the combinations of a sweep print."""
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        return str(cache / "sweeper" / "logs" / sweep_id)


def is_data(name: str, ending: str) -> bool:
    """Whether this is the name of a data file: Arrow and checkmaite leave out hidden ones."""
    return name.endswith(ending) and not name.startswith((".", "_"))
