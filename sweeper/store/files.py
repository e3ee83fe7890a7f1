"""The files of a store: in folders of a local disk or under prefixes of an object store. Each is written atomically."""

from __future__ import annotations

import importlib
import os
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, urlsplit

from sweeper.common.extras import Extra, how_to_install
from sweeper.common.text import escaped
from sweeper.errors import MissingExtraError, StoreError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import fs

Data: TypeAlias = "bytes | pa.Buffer"
PRIVATE = ".sweeper"
"""The folder of all that is not a table: checkmaite takes every folder without a leading dot for a table."""
QUARANTINE = f"{PRIVATE}/quarantine"
"""Where files that cannot be read are moved to."""
PARQUET = ".parquet"
SETTLE_S = 1.0
"""How long to wait for another writer of the same new object to become visible."""
_EXTRAS: dict[str, Extra] = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "abfs": "azure",
    "abfss": "azure",
    "az": "azure",
}


class Files(ABC):
    """The folders of one store."""

    uri: str

    @abstractmethod
    def tables(self) -> list[str]:
        """Names of the folders without a leading dot."""

    @abstractmethod
    def names(self, folder: str, ending: str = PARQUET) -> list[str]:
        """Names of the files in a folder with this ending, sorted; empty where there is no such folder.

        Names that begin with a dot or an underscore are left out, as Arrow and checkmaite do.
        """

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
        """The content of a file; empty where there is no such file."""

    @abstractmethod
    def create(self, folder: str, name: str, data: bytes) -> bool:
        """Write a file unless it exists; returns whether this process wrote it."""

    @abstractmethod
    def age_s(self, folder: str, name: str) -> float:
        """Seconds since a file was written; 0 where there is no such file."""

    @abstractmethod
    def move(self, folder: str, name: str, to_folder: str, to_name: str | None = None) -> None:
        """Move a file; a file that is there already is replaced."""

    @abstractmethod
    def remove(self, folder: str, name: str) -> None:
        """Delete a file; it is not an error if it does not exist."""

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
            return sorted(n for n in os.listdir(os.path.join(self.root, folder)) if _is_data(n, ending))
        except FileNotFoundError:
            return []

    def sizes(self, folder: str) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for entry in os.scandir(os.path.join(self.root, folder)):
            with suppress(FileNotFoundError):  # gone since it was listed
                if _is_data(entry.name, PARQUET):
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


class RemoteFiles(Files):
    """A prefix of an object store, through `pyarrow.fs`; one PUT per file is atomic there."""

    def __init__(self, uri: str, options: Mapping[str, object]) -> None:
        self.uri = uri.rstrip("/")
        self._fs, self._root = _filesystem(self.uri, options)

    def refuse_no_folder(self) -> None:
        """An object store has only prefixes."""

    def is_there(self) -> bool:
        return bool(self._list(""))

    def tables(self) -> list[str]:
        from pyarrow import fs

        infos = self._list("")
        return sorted(i.base_name for i in infos if i.type is fs.FileType.Directory and not i.base_name.startswith("."))

    def names(self, folder: str, ending: str = PARQUET) -> list[str]:
        return sorted(info.base_name for info in self._list(folder) if _is_data(info.base_name, ending))

    def sizes(self, folder: str) -> dict[str, int]:
        return {info.base_name: info.size for info in self._list(folder) if _is_data(info.base_name, PARQUET)}

    def _list(self, folder: str) -> list[fs.FileInfo]:
        from pyarrow import fs

        return self._fs.get_file_info(fs.FileSelector(self._path(folder), allow_not_found=True))

    def put(self, folder: str, name: str, data: Data) -> str:
        with self._fs.open_output_stream(self._path(folder, name)) as stream:
            stream.write(data)
        return f"{self.uri}/{folder}/{name}"

    def source(self, folder: str, name: str) -> str | pa.NativeFile:
        return self._fs.open_input_file(self._path(folder, name))

    def get(self, folder: str, name: str) -> bytes:
        try:
            with self._fs.open_input_stream(self._path(folder, name)) as stream:
                return stream.readall()
        except FileNotFoundError:
            return b""

    def create(self, folder: str, name: str, data: bytes) -> bool:
        # Object stores here have no "create if absent": the last of several writers, whose content stays, is the one.
        if self.get(folder, name):
            return False
        self.put(folder, name, data)
        time.sleep(SETTLE_S)
        return self.get(folder, name) == data

    def age_s(self, folder: str, name: str) -> float:
        written = self._fs.get_file_info(self._path(folder, name)).mtime_ns
        return time.time() - written / 1e9 if written else 0.0

    def move(self, folder: str, name: str, to_folder: str, to_name: str | None = None) -> None:
        self._fs.move(self._path(folder, name), self._path(to_folder, to_name or name))

    def remove(self, folder: str, name: str) -> None:
        with suppress(FileNotFoundError):
            self._fs.delete_file(self._path(folder, name))

    def check(self) -> None:
        try:
            name = f"probe-{uuid.uuid4().hex}"
            self.put(f"{PRIVATE}/tmp", name, b"x")
            self.remove(f"{PRIVATE}/tmp", name)
        except OSError as error:
            raise StoreError(
                f"The analytics store {self.uri} cannot be written: {str(error).splitlines()[0]} "
                "Check the address, and that analytics_store.storage_options or the environment hold credentials."
            ) from error

    def _path(self, *parts: str) -> str:
        return "/".join(part for part in (self._root, *parts) if part)


def _is_data(name: str, ending: str) -> bool:
    return name.endswith(ending) and not name.startswith((".", "_"))


def open_files(uri: str, options: Mapping[str, object]) -> Files:
    """The folders behind a URI: a path or `file://` is local, everything else an object store."""
    scheme = _scheme(uri)
    if scheme in ("", "file") or len(scheme) == 1:  # one letter is a drive
        return LocalFiles(_writable_name(_folder(uri) if scheme == "file" else uri))
    if scheme in _EXTRAS and not uri.partition("://")[2].strip("/"):
        raise StoreError(
            f"An analytics store cannot be at {uri}: it names no bucket, as {scheme}://BUCKET/PREFIX does."
        )
    return RemoteFiles(uri, options)


def _scheme(uri: str) -> str:
    try:
        scheme = urlsplit(uri).scheme
    except ValueError as error:
        raise StoreError(f"An analytics store cannot be at {uri!r}: {error}.") from error
    if "\0" in uri or not uri.strip():
        raise StoreError(f"An analytics store cannot be at {uri!r}: that is not a path.")
    return scheme


def _folder(uri: str) -> str:
    """The folder of a `file:` URI; one with another host or a relative path is refused."""
    rest = uri.partition(":")[2]
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        rest = slash + path if host in ("", "localhost") else ""
    if not rest.strip("/"):
        raise StoreError(
            f"An analytics store cannot be at {uri!r}: write file:///absolute/path, or a path without file://."
        )
    return unquote(rest)


def _writable_name(path: str) -> str:
    """The path, if its name is UTF-8. Arrow cannot open others, and would say so only after something was measured."""
    whole = os.path.abspath(path)
    if escaped(whole) != whole:
        raise StoreError(
            f"The analytics store cannot be at {escaped(whole)}: the name is not UTF-8. "
            "Give analytics_store.uri another folder, or work in one."
        )
    return path


def _filesystem(uri: str, options: Mapping[str, object]) -> tuple[fs.FileSystem, str]:
    from pyarrow import ArrowInvalid, fs

    scheme = urlsplit(uri).scheme
    if scheme not in _EXTRAS:
        known = ", ".join(f"{name}://" for name in _EXTRAS)
        raise StoreError(f"An analytics store cannot be at {uri}; it takes a path, file://, {known}.")
    path = uri.split("://", 1)[-1]
    if scheme in ("s3", "s3a"):
        return fs.S3FileSystem(**_s3_options(options)), path
    try:
        return (_fsspec(scheme, options), path) if options else fs.FileSystem.from_uri(uri)
    except ArrowInvalid:  # a scheme that Arrow does not know
        return _fsspec(scheme, options), path


def _s3_options(options: Mapping[str, object]) -> dict[str, object]:
    """Options of s3fs under the names that pyarrow has for them; options of pyarrow itself are kept."""
    client = options.get("client_kwargs")
    client = client if isinstance(client, Mapping) else {}
    names = {"key": "access_key", "secret": "secret_key", "token": "session_token", "endpoint_url": "endpoint_override"}
    known: dict[str, object] = {names.get(k, k): v for k, v in options.items() if k not in ("client_kwargs", "anon")}
    known.update({names.get(k, str(k)).replace("region_name", "region"): v for k, v in client.items()})
    if options.get("anon"):
        known["anonymous"] = True
    endpoint = str(known.get("endpoint_override", ""))
    if endpoint.startswith("http://"):
        known["scheme"] = "http"
    if endpoint:
        known["endpoint_override"] = endpoint.split("://", 1)[-1]
    return {"allow_bucket_creation": False, "connect_timeout": 5.0, "request_timeout": 30.0, **known}


def _fsspec(scheme: str, options: Mapping[str, object]) -> fs.FileSystem:
    from pyarrow import fs

    try:
        return fs.PyFileSystem(fs.FSSpecHandler(importlib.import_module("fsspec").filesystem(scheme, **options)))
    except ImportError as error:
        raise MissingExtraError(
            f"{scheme}:// needs a package that is not installed. {how_to_install(_EXTRAS[scheme])}"
        ) from error
