"""Names of `attempts` files say what is looked up most: the status and the fingerprint. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from sweeper.store.parquet import new_name

_PATTERN = re.compile(r"^(\d{13})_[0-9a-f]{16}_(\d+)_([a-z]+)_([0-9a-f]{64})\.parquet$")


class AttemptName(NamedTuple):
    """What the name of a one-row `attempts` file says."""

    milliseconds: int
    size: int
    """Bytes of the file: one of another size is damaged, which is seen without opening it."""
    status: str
    fingerprint: str


def attempt_name(size: int, status: str, fingerprint: str) -> str:
    """A new name for one attempt."""
    return new_name(f"_{size}_{status}_{fingerprint}")


def parse(name: str) -> AttemptName | None:
    """What a name says, or `None` where it is of another form (several rows, merged, or not ours)."""
    match = _PATTERN.match(name)
    return AttemptName(int(match[1]), int(match[2]), match[3], match[4]) if match else None
