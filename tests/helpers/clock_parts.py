"""A capability that fails from the moment at which a file is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parts import Tiny, TinyRun


class FailsOnceThere(Tiny):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def run(self, *args: Any, **kwargs: Any) -> TinyRun:
        if Path(self.path).exists():
            raise ValueError("it is there")
        return super().run(*args, **kwargs)
