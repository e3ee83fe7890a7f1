"""Parts that return what a check must notice, importable by workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.parts import TinyRun


class Warned:
    """A capability whose run has something to say beside its value."""

    id = "tests.warned"

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = list(lines)

    def run(self, **_: Any) -> TinyRun:
        run = TinyRun(self.id)
        run.warnings = self.lines  # type: ignore[attr-defined]
        return run
