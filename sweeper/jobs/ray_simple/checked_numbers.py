"""Numbers that a backend is given, checked."""

from __future__ import annotations

MAX_GRACE_S = 86400.0


def checked_grace(seconds: object) -> float:
    """How long a cancelled run may go on; ValueError for what is no such number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_GRACE_S:
        raise ValueError(f"cancel_grace_s is {seconds!r}; it must be a number of seconds from 0 to {MAX_GRACE_S:g}.")
    return float(seconds)


def checked_retries(max_retries: object) -> int:
    """How often Ray may run a task again; ValueError for what is no such number."""
    if isinstance(max_retries, bool) or not isinstance(max_retries, int) or max_retries < -1:
        raise ValueError(f"max_retries is {max_retries!r}; it must be a whole number from 0, or -1 for no limit.")
    return max_retries
