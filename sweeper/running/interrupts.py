"""Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end, the second for an end at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible() -> Generator[None]:
    """Inside, SIGTERM and SIGHUP raise `KeyboardInterrupt` as Ctrl-C does; outside the main thread nothing changes."""
    numbers = (signal.SIGTERM, signal.SIGHUP) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, signal.default_int_handler) for number in filter(_is_wanted, numbers)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Interrupts:
    """While entered, counts interrupts instead of raising; outside the main thread it changes nothing."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in filter(_is_wanted, _SIGNALS):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """Count; the second ends what runs in this process, which has then put a handler around this one."""
        self.count += 1
        if self.count > 1 and signal.getsignal(number) != self._handle:
            raise KeyboardInterrupt


def _is_wanted(number: signal.Signals) -> bool:
    """What `nohup` starts ignores SIGHUP, and goes on when its terminal goes."""
    return number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
