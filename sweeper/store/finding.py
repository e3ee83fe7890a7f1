"""What a check finds wrong with one file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What kind of wrong it is."""

    DAMAGED = "damaged"
    FOREIGN = "foreign"
    KEYLESS = "keyless"
    ROWLESS = "rowless"
    """Attempts that completed, whose rows are gone."""
    LEFT_BEHIND = "left behind"
    """Nobody reads it, and nothing depends on it."""


@dataclass(frozen=True)
class Finding:
    """A file that is not what it should be."""

    folder: str
    name: str
    reason: str
    kind: Kind = Kind.DAMAGED

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}".removeprefix("/") + (f": {self.reason}" if self.reason else "")
