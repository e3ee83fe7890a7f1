"""How long tests wait: so long that no machine is too slow, and never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 300.0
"""What takes longer than this hangs."""


def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait until a condition holds; one that never does fails the test."""
    gives_up = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > gives_up:
            raise TimeoutError(f"what was waited for did not happen in {limit_s:g} s")
        time.sleep(0.02)


def until_there(path: str | Path, limit_s: float = LIMIT_S) -> None:
    """Wait until there is a file of this name."""
    until(Path(path).exists, limit_s)
