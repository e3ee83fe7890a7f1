"""Which process something ran in, and whether that has ended."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """A process; `host` names the machine since its start, and the container, where that can be told."""

    host: str
    pid: int


def here() -> Place:
    """This process."""
    return Place(_host(), os.getpid())


def has_ended(place: Place) -> bool:
    """Whether a process beside this one has ended; of one that is elsewhere, or cannot be seen, nobody knows here."""
    if not place.host or place.host != _host():
        return False
    try:
        state = Path(f"/proc/{place.pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return state in (b"Z", b"X")


@cache
def _host() -> str:
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:  # not Linux
        return ""
