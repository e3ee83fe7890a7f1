"""Ctrl-C and SIGTERM: the first asks for an orderly end, the second for an end at once.

A part may raise KeyboardInterrupt as well, and that is the failure of its run: `told_apart` makes the two different.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """Somebody wants this process to stop what it does; no part can have raised it."""


@contextmanager
def told_apart() -> Generator[None]:
    """Meanwhile an interrupt from outside is raised as `Interrupted`, so that any other KeyboardInterrupt is a part's.

    Where a handler raises nothing, and in other threads than the main one, none arrives from outside: nothing changes.
    """
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        try:
            before(number, frame)
        except Interrupted:
            raise
        except KeyboardInterrupt as error:
            raise Interrupted from error

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Interrupts:
    """While entered, counts interrupts instead of raising; outside the main thread it changes nothing."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
