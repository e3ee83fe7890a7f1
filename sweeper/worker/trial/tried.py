"""What came of trying a part, as plain data."""

from __future__ import annotations

import linecache
import os
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sweeper.errors import SweeperError
from sweeper.messages.failures import ErrorInfo

Value = str | int | float | list[dict[str, object]]
_OURS = (str(Path(__file__).resolve().parents[2]) + os.sep,)
_BETWEEN = ("hydra", "omegaconf", "maite", "importlib")
"""Packages that only call what the user wrote."""
MOST_FRAMES = 6


@dataclass(frozen=True)
class Trouble:
    """Why a part failed."""

    kind: str
    """The type of the innermost cause; empty where the message says all."""
    message: str
    frames: tuple[str, ...] = ()
    """Where in the user's code and in libraries it was raised, the outermost first."""

    @classmethod
    def of(cls, error: BaseException) -> Trouble:
        """What a part raised; of our own errors the text says what is wrong with what."""
        if isinstance(error, SweeperError):
            return cls("", str(error))
        info = ErrorInfo.of(error)
        return cls(info.kind, info.message, tuple(_frames(error)))


def _frames(error: BaseException) -> list[str]:
    innermost = error
    while innermost.__cause__ is not None:
        innermost = innermost.__cause__
    found = [frame for frame in traceback.extract_tb(innermost.__traceback__) if not _is_between(frame.filename)]
    shown = [f"{one.filename}, line {one.lineno}, in {one.name}: {_line(one)}" for one in found]
    return shown[-MOST_FRAMES:]


def _line(frame: traceback.FrameSummary) -> str:
    return (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()


def _is_between(file: str) -> bool:
    parts = Path(file).parts
    return file.startswith(_OURS) or file.startswith("<frozen") or any(name in parts for name in _BETWEEN)


@dataclass
class Tried:
    """One part: what was seen of it, step by step, and why it failed where it did."""

    axis: str
    name: str
    target: str
    seen: dict[str, Value] = field(default_factory=dict[str, Value])
    notes: list[str] = field(default_factory=list[str])
    """What was not tried and why, and warnings."""
    trouble: Trouble | None = None

    def to_dict(self) -> Mapping[str, object]:
        """The same as plain data."""
        return asdict(self)
