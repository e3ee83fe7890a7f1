"""A store under a prefix of an object store."""

from __future__ import annotations

import importlib
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sweeper.common.extras import Extra, how_to_install
from sweeper.errors import MissingExtraError, StoreError
from sweeper.store.files import PARQUET, PRIVATE, Data, Files, is_data

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import fs

SETTLE_S = 1.0
"""How long to wait for another writer of the same new object to become visible."""
EXTRAS: dict[str, Extra] = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "abfs": "azure",
    "abfss": "azure",
    "az": "azure",
}


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
        return sorted(info.base_name for info in self._list(folder) if is_data(info.base_name, ending))

    def sizes(self, folder: str) -> dict[str, int]:
        return {info.base_name: info.size for info in self._list(folder) if is_data(info.base_name, PARQUET)}

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


def _filesystem(uri: str, options: Mapping[str, object]) -> tuple[fs.FileSystem, str]:
    from pyarrow import ArrowInvalid, fs

    scheme = urlsplit(uri).scheme
    if scheme not in EXTRAS:
        known = ", ".join(f"{name}://" for name in EXTRAS)
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
            f"{scheme}:// needs a package that is not installed. {how_to_install(EXTRAS[scheme])}"
        ) from error
