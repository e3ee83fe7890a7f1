"""The format number of a store, by which a version of sweeper knows whether it can read the store.

The first write puts it into a small file under `.sweeper/`; a store without one has format 1, that of sweeper 0.1. Each
process reads it once, and once more before its first write, never for each run. Sweeper reads and writes every older
format, and refuses a newer one, which may contain something that it does not know. A damaged format file is named, and
the store is read all the same, unless what is left of the file still says a newer number.
"""

from __future__ import annotations

import json
import re
import warnings
from contextlib import suppress
from typing import Any

from sweeper._version import __version__
from sweeper.common.small_json import Damaged
from sweeper.common.text import first_line
from sweeper.errors import DamagedFileWarning, StoreError
from sweeper.store import json_files
from sweeper.store.files import PRIVATE, Files, UnreadableFileError
from sweeper.store.quarantine import set_aside

FORMAT = 2
"""The format that this version writes. Raise it when older versions would misread what is written from now on."""
OLDEST = 1
NAME = "format.json"
_NUMBER = re.compile(rb'"format":\s*(\d{1,9})\s*[,}]')


def refuse_newer(files: Files) -> int:
    """The format number of a store; `OLDEST` where there is no store.

    Raises
    ------
    StoreError
        The store has a newer format, or it cannot be read.
    """
    files.refuse_no_folder()
    return _known_number(files, _said(files))


def _known_number(files: Files, said: tuple[int, str] | Damaged | None) -> int:
    """The number that a format file says, if this version knows it."""
    number, writer = said if isinstance(said, tuple) else (OLDEST, "")
    if isinstance(said, Damaged):
        number, writer = _still_said(files), "of a newer version"
    if number > FORMAT:
        raise StoreError(
            f"The analytics store {files.uri} has format {number}, written by sweeper {writer}; this is sweeper "
            f"{__version__}, which reads formats {OLDEST} to {FORMAT}. Install sweeper {writer} or newer "
            "(pip install . in a newer checkout), or name another store with analytics_store.uri=..."
        )
    if isinstance(said, Damaged):
        _warn(files, said)
    return number


def announce(files: Files) -> None:
    """Write the format file of a store, unless it has the present format already. A damaged one is moved aside.

    Raises
    ------
    StoreError
        As `refuse_newer`.
    """
    files.refuse_no_folder()
    said = _said(files)
    if _known_number(files, said) == FORMAT:
        return
    if isinstance(said, Damaged):
        with suppress(FileNotFoundError):  # another process was faster
            set_aside(files, PRIVATE, NAME)
    files.put(PRIVATE, NAME, json.dumps(_content(FORMAT, __version__)).encode())


def _content(number: int, version: str) -> dict[str, object]:
    """What a format file holds. The CRC is that of the rest; older versions pass it over."""
    said = {"format": number, "sweeper": version}
    return {**said, "crc": json_files.crc(said)}


def damage(files: Files) -> str:
    """What is wrong with the format file; empty where nothing is."""
    said = _said(files)
    if said is None and NAME in files.names(PRIVATE, ""):
        return "it is empty"
    return said.reason if isinstance(said, Damaged) else ""


def _said(files: Files) -> tuple[int, str] | Damaged | None:
    """The number in the format file, and the version that wrote it; `None` where there is none, or an empty one."""
    try:
        return json_files.read(files, PRIVATE, NAME, _shape)
    except OSError as error:
        raise StoreError(
            f"The analytics store {files.uri} cannot be read: {first_line(error)} "
            "Check the address, and that analytics_store.storage_options or the environment hold credentials."
        ) from error


def _still_said(files: Files) -> int:
    """A newer number than this version knows that can still be made out in a damaged format file; else the oldest."""
    try:
        number = _NUMBER.search(files.get(PRIVATE, NAME))
    except UnreadableFileError:
        return OLDEST
    return int(number[1]) if number and int(number[1]) > FORMAT else OLDEST


def _warn(files: Files, damaged: Damaged) -> None:
    warnings.warn(
        f"{files.uri}/{PRIVATE}/{NAME} does not say which format the store has: {damaged.reason}. It is read as one of "
        f"formats {OLDEST} to {FORMAT}; the next write, or `sweeper check --repair`, moves the file aside and writes "
        "another",
        DamagedFileWarning,
        stacklevel=3,
    )


def _shape(content: Any) -> tuple[int, str]:
    number = content["format"]
    if type(number) is not int or number < OLDEST:
        raise ValueError(f"its format is {number!r:.40}")
    version = str(content.get("sweeper", "of a newer version"))
    if "crc" in content and content["crc"] != _content(number, version)["crc"]:
        raise ValueError("its checksum is that of another number or version")
    return number, version
