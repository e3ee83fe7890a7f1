"""File names of `attempts`, which contain what is looked up most: status, fingerprint and version. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from sweeper.common.clock import EPOCH
from sweeper.store.parquet import new_name

_PATTERN = re.compile(r"^(\d{13})_[0-9a-f]{16}_(\d+)_([a-z]+)_([0-9a-f]{64})(?:_v([0-9][0-9.]*))?\.parquet$")
_VERSION = re.compile(r"[0-9][0-9.]*")


class AttemptName(NamedTuple):
    """What the name of an `attempts` file with one row tells."""

    milliseconds: int
    size: int
    """Bytes of the file. If its size differs, it is damaged; this is seen without opening it."""
    status: str
    fingerprint: str
    version: str | None = None
    """The version of sweeper that made the attempt; sweeper 0.1 did not write it into the name."""


def attempt_name(size: int, status: str, fingerprint: str, version: str | None = None, ended: datetime = EPOCH) -> str:
    """A new file name for one attempt; its time is not before that at which the attempt ended."""
    ending = f"_v{version}" if version and _VERSION.fullmatch(version) else ""
    return new_name(f"_{size}_{status}_{fingerprint}{ending}", ended)


def parse(name: str) -> AttemptName | None:
    """What a name tells; `None` where it has another form (several rows, merged, or of another program)."""
    match = _PATTERN.match(name)
    return AttemptName(int(match[1]), int(match[2]), match[3], match[4], match[5]) if match else None
