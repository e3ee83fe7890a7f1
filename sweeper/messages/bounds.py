"""What the user bounds of each run: how much of its words is kept, what they never show, what a config may build."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from sweeper.common.context_value import SetInside
from sweeper.common.pickled_once import PickledOnce


@dataclass(frozen=True)
class Bounds(PickledOnce):
    """The bounds of one sweep, the same in its driver and in its workers."""

    log_bytes: int = 10_000_000
    """Of the log of a run or an inference."""
    error_bytes: int = 64_000
    """Of the message of an error, and of its traceback."""
    targets: tuple[str, ...] | None = None
    """Globs of what a config may build; `None` where it may build anything."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that no message, log or row shows, the longest first."""


DEFAULTS = Bounds()
_current: ContextVar[Bounds] = ContextVar("bounds", default=DEFAULTS)


def current() -> Bounds:
    """The bounds of the sweep that this thread works for; the defaults outside of one."""
    return _current.get()


def applying(bounds: Bounds) -> SetInside[Bounds]:
    """Apply bounds to what is done inside."""
    return SetInside(_current, bounds)
