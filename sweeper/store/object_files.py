"""A store under a prefix of an object store: S3, Google Cloud Storage or Azure, through `obstore`."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sweeper.common.text import first_line
from sweeper.errors import StoreError
from sweeper.store.fetched_objects import FetchedObjects
from sweeper.store.files import PARQUET, PRIVATE, Data, Files, is_data
from sweeper.store.object_stores import opened

if TYPE_CHECKING:
    import pyarrow as pa
    from obstore import ListResult, ObjectMeta, PutMode, UpdateVersion

WHOLE = 8 << 20
"""Files up to this size are read in one request; of larger ones, only what is needed."""
AT_ONCE = 1 << 20
"""The least that one request reads of a larger file."""
PROBE = "conditional-writes"
"""An object that stays: that it cannot be created again shows that the server honours conditional writes."""
_STALE: UpdateVersion = {"e_tag": '"0"', "version": "1"}
"""A version that no object has."""
_conditional: dict[str, bool] = {}
"""Whether the server of a store honours conditional writes: asked once in a process."""
_QUERY = re.compile(r"\?[^\s\"')]*")


class ServerError(StoreError, OSError):
    """The server of an object store failed, denied a request, or cannot be reached."""


class ObjectFiles(Files):
    """A prefix of an object store; one PUT per file is atomic there."""

    many_files = 24  # each costs every reader a request
    at_once = 8

    def __init__(self, uri: str, options: Mapping[str, object]) -> None:
        self.uri = uri.rstrip("/")
        self._store = opened(self.uri, options)
        self._fetched = FetchedObjects()
        import obstore  # after `opened`, which says what to install where it is missing

        self._obstore = obstore

    def refuse_no_folder(self) -> None:
        """An object store has only prefixes."""

    def look_anew(self) -> None:
        self._fetched.clear()

    def is_there(self) -> bool:
        found = self._list("")
        return bool(found["objects"] or found["common_prefixes"])

    def tables(self) -> list[str]:
        names = (path.rstrip("/") for path in self._list("")["common_prefixes"])
        return sorted(name for name in names if not name.startswith("."))

    def names(self, folder: str, ending: str = PARQUET) -> list[str]:
        return sorted(self._found(folder, ending))

    def names_after(self, folder: str, name: str) -> list[str]:
        """See `Files.names_after`: the store lists from there on, whatever comes before."""
        with _as_os_errors():
            pages = list(self._obstore.list(self._store, folder, offset=f"{folder}/{name}", chunk_size=1000))
        found = (one["path"].rpartition("/")[2] for page in pages for one in page)
        return sorted(one for one in found if is_data(one, PARQUET))

    def sizes(self, folder: str) -> dict[str, int]:
        return {name: one["size"] for name, one in self._found(folder, PARQUET).items()}

    def _found(self, folder: str, ending: str) -> dict[str, ObjectMeta]:
        objects = {one["path"].rpartition("/")[2]: one for one in self._list(folder)["objects"]}
        return {name: one for name, one in objects.items() if is_data(name, ending)}

    def _list(self, folder: str) -> ListResult[Sequence[ObjectMeta]]:
        with _as_os_errors():
            return self._obstore.list_with_delimiter(self._store, folder or None)

    def put(self, folder: str, name: str, data: Data) -> str:
        self._fetched.drop(f"{folder}/{name}")
        with _as_os_errors():
            self._obstore.put(self._store, f"{folder}/{name}", memoryview(data).cast("B"))
        return f"{self.uri}/{folder}/{name}"

    def source(self, folder: str, name: str) -> pa.NativeFile:
        import pyarrow as pa

        path = f"{folder}/{name}"
        if (known := self._fetched.find(path)) is not None:
            return pa.BufferReader(known)
        with self._reading(path):
            found = self._obstore.get(self._store, path)
            if found.meta["size"] <= WHOLE:
                data = pa.py_buffer(found.bytes())
                self._fetched.keep(path, data)
                return pa.BufferReader(data)
        whole = _Ranges(lambda start, end: self._range(path, start, end), found.meta["size"])
        return pa.PythonFile(io.BufferedReader(whole, AT_ONCE), mode="r")

    def _range(self, path: str, start: int, end: int) -> Data:
        with self._reading(path):
            return memoryview(self._obstore.get_range(self._store, path, start=start, end=end)).tobytes()

    @contextmanager
    def _reading(self, path: str) -> Generator[None]:
        """A server that fails is no damaged file: those are left out and moved aside, and this one is sound."""
        try:
            with _as_os_errors():
                yield
        except ServerError as error:
            raise StoreError(f"{self.uri}/{path} could not be fetched, try again: {error}") from None

    def get(self, folder: str, name: str) -> bytes:
        return self._versioned(f"{folder}/{name}")[0]

    def _versioned(self, path: str) -> tuple[bytes, ObjectMeta | None]:
        """The content and the version of an object; empty where there is none."""
        try:
            with _as_os_errors():
                found = self._obstore.get(self._store, path)
                return found.bytes().to_bytes(), found.meta
        except FileNotFoundError:
            return b"", None

    # Conditional writes

    def create(self, folder: str, name: str, data: bytes) -> bool:
        try:
            with _as_os_errors():
                self._obstore.put(self._store, f"{folder}/{name}", data, mode="create")
        except FileExistsError:  # also where the answer to an earlier try of this request was lost
            return self.get(folder, name) == data
        return True

    def swap(self, folder: str, name: str, old: bytes, new: bytes) -> bool:
        path = f"{folder}/{name}"
        data, meta = self._versioned(path)
        if meta is None or data != old:
            return False
        try:
            with _as_os_errors():
                self._obstore.put(self._store, path, new, mode=_version(meta))
        except FileExistsError:
            return self.get(folder, name) == new
        return True

    def refuse_unconditional(self) -> None:
        if self.uri not in _conditional:
            is_once = not self._probe("create") or not self._probe("create")
            _conditional[self.uri] = is_once and not self._probe(_STALE)
        if not _conditional[self.uri]:
            raise StoreError(
                f"The small files of {self.uri} cannot be merged: its server ignores conditional writes (it let an "
                "object be created twice, or replaced as what it was not), so that two merges at once could lose rows. "
                "Everything else works. Use a server that honours the headers If-None-Match and If-Match, or copy the "
                "store to a disk and merge it there."
            )

    def _probe(self, mode: PutMode) -> bool:
        """Whether the server let an object be written in this way."""
        try:
            with _as_os_errors():
                self._obstore.put(self._store, f"{PRIVATE}/{PROBE}", b"1", mode=mode)
        except FileExistsError:
            return False
        return True

    # The rest

    def age_s(self, folder: str, name: str) -> float:
        try:
            with _as_os_errors():
                written = self._obstore.head(self._store, f"{folder}/{name}")["last_modified"]
        except FileNotFoundError:
            return 0.0
        return time.time() - written.timestamp()

    def move(self, folder: str, name: str, to_folder: str, to_name: str | None = None) -> None:
        self._fetched.drop(f"{folder}/{name}")
        with _as_os_errors():
            self._obstore.rename(self._store, f"{folder}/{name}", f"{to_folder}/{to_name or name}")

    def remove(self, folder: str, name: str) -> None:
        with suppress(FileNotFoundError), _as_os_errors():
            self._obstore.delete(self._store, f"{folder}/{name}")

    def remove_all(self, folder: str, names: Collection[str]) -> None:
        try:
            with _as_os_errors():
                self._obstore.delete(self._store, [f"{folder}/{name}" for name in names])
        except FileNotFoundError:  # Google and Azure say so of one that is gone, and the rest may not be deleted
            for name in names:
                self.remove(folder, name)

    def check(self) -> None:
        """The probe of conditional writes is a write too."""
        try:
            with suppress(StoreError):  # only merges are refused for that
                self.refuse_unconditional()
        except OSError as error:
            raise StoreError(
                f"The analytics store {self.uri} cannot be written: {first_line(error)} "
                "Check the address, and that analytics_store.storage_options or the environment hold credentials."
            ) from error


class _Ranges(io.RawIOBase):
    """An object as a file, of which each read is a request."""

    def __init__(self, fetch: Callable[[int, int], Data], size: int) -> None:
        self._fetch, self._size, self._at = fetch, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data = memoryview(self._fetch(self._at, end))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _version(meta: ObjectMeta) -> UpdateVersion:
    """What the server must still have, to be replaced; each kind of server gives one of the two, or both."""
    version: UpdateVersion = {}
    if meta["e_tag"] is not None:
        version["e_tag"] = meta["e_tag"]
    if meta["version"] is not None:
        version["version"] = meta["version"]
    return version


@contextmanager
def _as_os_errors() -> Generator[None]:
    """What obstore raises as the OSError that it is, with one line, and without what a URL may hold of a signature."""
    from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(_line(error)) from None
    except (AlreadyExistsError, PreconditionError) as error:
        raise FileExistsError(_line(error)) from None
    except BaseError as error:
        raise ServerError(_line(error)) from None


def _line(error: Exception) -> str:
    return _QUERY.sub("", first_line(error)).rstrip(" .") + "."
