"""Small JSON files of a store, and the lists of file names in notes of merges."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

from sweeper.common.small_json import Damaged, Shape, parsed
from sweeper.store.files import Files, UnreadableFileError

T = TypeVar("T")


def read(files: Files, folder: str, name: str, shape: Shape[T]) -> T | Damaged | None:
    """The value in a file; `None` where there is no such file, or an empty one.

    Raises
    ------
    OSError
        The store cannot be reached.
    """
    try:
        data = files.get(folder, name)
    except UnreadableFileError as error:
        return Damaged(error.reason)
    return parsed(data, shape) if data else None


def listed(names: Sequence[str], merged: str) -> bytes:
    """A list of the files that a merged file replaces, as JSON.

    It ends in the CRC of itself and of that file's name. Older versions take that for one more name.
    """
    return json.dumps([*names, _crc([merged, *names])]).encode()


def file_names(merged: str) -> Shape[list[str]]:
    """The shape of such a list; those of older versions have no CRC, or one without the name of the merged file."""

    def shape(content: Any) -> list[str]:
        if not isinstance(content, list):
            raise ValueError("it is no list of names of Parquet files")
        *names, last = content or [None]
        names = names if last in (_crc([merged, *names]), _crc(names)) else content
        if not all(_is_file_name(name) for name in names):
            raise ValueError("it is no list of names of Parquet files, or not the one that was written")
        return names

    return shape


def crc(value: object) -> str:
    """The CRC-32 of a value as JSON, in eight hexadecimal digits."""
    return f"{zlib.crc32(json.dumps(value).encode()):08x}"


def _crc(names: Sequence[object]) -> str:
    return f"crc32:{crc(names)}"


def _is_file_name(name: object) -> bool:
    return isinstance(name, str) and name.endswith(".parquet") and not {"/", "\\", "\0"}.intersection(name)
