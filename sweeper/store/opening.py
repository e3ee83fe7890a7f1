"""Which files a URI means: a folder of a disk, or a prefix of an object store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from sweeper.common.text import escaped
from sweeper.errors import StoreError
from sweeper.store.files import Files
from sweeper.store.local_files import LocalFiles


def open_files(uri: str, options: Mapping[str, object], *, durable: bool = False) -> Files:
    """The folders behind a URI: a path or `file://` is local, everything else an object store."""
    scheme = _scheme(uri)
    if scheme in ("", "file") or len(scheme) == 1:  # one letter is a drive
        return LocalFiles(_writable_name(_folder(uri) if scheme == "file" else uri), durable=durable)
    from sweeper.store.object_files import ObjectFiles  # not before it is needed: most stores are local
    from sweeper.store.object_stores import EXTRAS

    if scheme in EXTRAS and not uri.partition("://")[2].strip("/"):
        raise StoreError(
            f"An analytics store cannot be at {uri}: it names no bucket, as {scheme}://BUCKET/PREFIX does."
        )
    return ObjectFiles(uri, options)


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
