"""What runs again, and what becomes of combinations that are the same: the words that a user may choose. Pure."""

from __future__ import annotations

from enum import StrEnum


class Rerun(StrEnum):
    """Which combinations of a sweep run, by what the store has of them."""

    ALL = "all"
    MISSING = "missing"
    FAILED = "failed"
    STALE = "stale"


class Duplicates(StrEnum):
    """What becomes of combinations with the same fingerprint."""

    DROP = "drop"
    """One of them runs."""
    KEEP = "keep"
    """All of them run."""
    ERROR = "error"
    """The sweep is refused."""


class Trigger(StrEnum):
    """What makes a stored result stale where it has changed."""

    CONFIG = "config"
    CODE = "code"
    DATA = "data"
    LIBRARIES = "libraries"
