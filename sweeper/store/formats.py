"""The format number of a store: what a sweeper must know to read it rightly.

It stands in a small file under `.sweeper/` from the first write on; a store without one is of format 1, that of sweeper
0.1. Each process looks once, and once more before its first write: nothing is read or written for each run. A sweeper
reads and writes every older format, and refuses a newer one, in which it might overlook what it does not know.
"""

from __future__ import annotations

import json

from sweeper._version import __version__
from sweeper.errors import StoreError
from sweeper.store.files import PRIVATE, Files

FORMAT = 2
"""What this sweeper writes. Raise it where an older one would read what is written from now on wrongly."""
OLDEST = 1
NAME = "format.json"


def refuse_newer(files: Files) -> int:
    """The format number of a store that this sweeper can read; `OLDEST` where there is no store.

    Raises
    ------
    StoreError
        The store is of a newer format, its format file says no number, or it cannot be read.
    """
    files.refuse_no_folder()
    try:
        data = files.get(PRIVATE, NAME)
    except OSError as error:
        raise StoreError(
            f"The analytics store {files.uri} cannot be read: {str(error).splitlines()[0]} "
            "Check the address, and that analytics_store.storage_options or the environment hold credentials."
        ) from error
    number, writer = _said(data, f"{files.uri}/{PRIVATE}/{NAME}") if data else (OLDEST, "")
    if number > FORMAT:
        raise StoreError(
            f"The analytics store {files.uri} has format {number}, written by sweeper {writer}; this is sweeper "
            f"{__version__}, which reads formats {OLDEST} to {FORMAT}. Install sweeper {writer} or newer "
            "(pip install . in a newer checkout), or name another store with analytics_store.uri=..."
        )
    return number


def announce(files: Files) -> None:
    """See that a store says the format of what this sweeper is about to write.

    Raises
    ------
    StoreError
        As `refuse_newer`.
    """
    if refuse_newer(files) < FORMAT:
        files.put(PRIVATE, NAME, json.dumps({"format": FORMAT, "sweeper": __version__}).encode())


def _said(data: bytes, place: str) -> tuple[int, str]:
    try:
        said = json.loads(data)
        return int(said["format"]), str(said.get("sweeper", "of a newer version"))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{place} says no format number, so nobody can tell whether this sweeper may read the store. Put back what "
            f'it said, such as {{"format": {FORMAT}}}, or remove it where an older sweeper wrote all that is there.'
        ) from error
