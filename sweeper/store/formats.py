"""The format number of a store, by which a version of sweeper knows whether it can read the store.

The first write puts it into a small file under `.sweeper/`; a store without one has format 1, that of sweeper 0.1. Each
process reads it once, and once more before its first write, never for each run. Sweeper reads and writes every older
format, and refuses a newer one, which may contain something that it does not know.
"""

from __future__ import annotations

import json

from sweeper._version import __version__
from sweeper.errors import StoreError
from sweeper.store.files import PRIVATE, Files

FORMAT = 2
"""The format that this version writes. Raise it when older versions would misread what is written from now on."""
OLDEST = 1
NAME = "format.json"


def refuse_newer(files: Files) -> int:
    """The format number of a store; `OLDEST` where there is no store.

    Raises
    ------
    StoreError
        The store has a newer format, its format file has no number, or it cannot be read.
    """
    files.refuse_no_folder()
    try:
        data = files.get(PRIVATE, NAME)
    except OSError as error:
        raise StoreError(
            f"The analytics store {files.uri} cannot be read: {str(error).splitlines()[0]} "
            "Check the address, and that analytics_store.storage_options or the environment hold credentials."
        ) from error
    number, writer = _parsed(data, f"{files.uri}/{PRIVATE}/{NAME}") if data else (OLDEST, "")
    if number > FORMAT:
        raise StoreError(
            f"The analytics store {files.uri} has format {number}, written by sweeper {writer}; this is sweeper "
            f"{__version__}, which reads formats {OLDEST} to {FORMAT}. Install sweeper {writer} or newer "
            "(pip install . in a newer checkout), or name another store with analytics_store.uri=..."
        )
    return number


def announce(files: Files) -> None:
    """Write the format file of a store, unless it has the present format already.

    Raises
    ------
    StoreError
        As `refuse_newer`.
    """
    if refuse_newer(files) < FORMAT:
        files.put(PRIVATE, NAME, json.dumps({"format": FORMAT, "sweeper": __version__}).encode())


def _parsed(data: bytes, place: str) -> tuple[int, str]:
    """The format number in a format file, and the version of sweeper that wrote it."""
    try:
        content = json.loads(data)
        return int(content["format"]), str(content.get("sweeper", "of a newer version"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{place} has no format number, so it is not known whether this sweeper can read the store. Put back what "
            f'was in it, such as {{"format": {FORMAT}}}, or remove it where an older sweeper wrote all that is there.'
        ) from error
