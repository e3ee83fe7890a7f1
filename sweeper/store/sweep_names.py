"""The newest sweeps of a store in a local folder, by id and name, read without Arrow, which takes long to import.

For who types a command line: what cannot be read is passed over. `sweeper.store.sweep_files` reads the whole of it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sweeper.store.files import PARQUET, PRIVATE

_ABOUT = re.compile(rb"sweeper.{1,9}?(?=\{)", re.DOTALL)
"""The key of what there is once for a sweep, then the length of it in the encoding of the footer."""
_END = 8
"""Bytes after the footer of a Parquet file: its length and the magic."""


def newest_sweeps(store: Path, most: int) -> Iterator[tuple[str, str]]:
    """The ids of the newest sweeps with their names, the newest first; a name that cannot be read is empty."""
    try:
        files = sorted((store / PRIVATE / "sweeps").glob(f"*{PARQUET}"), reverse=True)
    except OSError:
        return
    for path in files[:most]:
        try:
            yield path.stem, _name(_footer(path))
        except (OSError, ValueError):
            yield path.stem, ""


def _footer(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-_END, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-_END - length, os.SEEK_END)
        return file.read(length)


def _name(footer: bytes) -> str:
    found = _ABOUT.search(footer)
    if found is None:
        return ""
    about, _ = json.JSONDecoder().raw_decode(footer[found.end() :].decode(errors="replace"))
    return str(about.get("name") or "")
