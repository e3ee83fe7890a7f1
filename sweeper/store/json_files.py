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


def listed(names: Sequence[str]) -> bytes:
    """A list of file names as JSON, which ends in its own CRC. Older versions take that for one more name."""
    return json.dumps([*names, _crc(names)]).encode()


def file_names(content: Any) -> list[str]:
    """The shape of such a list; those of older versions have no CRC."""
    if not isinstance(content, list):
        raise ValueError("it is no list of names of Parquet files")
    names = content[:-1] if content and content[-1] == _crc(content[:-1]) else content
    if not all(_is_file_name(name) for name in names):
        raise ValueError("it is no list of names of Parquet files, or not the one that was written")
    return names


def _crc(names: Sequence[object]) -> str:
    return f"crc32:{zlib.crc32(json.dumps(names).encode()):08x}"


def _is_file_name(name: object) -> bool:
    return isinstance(name, str) and name.endswith(".parquet") and not {"/", "\\", "\0"}.intersection(name)
