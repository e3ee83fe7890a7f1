"""An interrupt from outside, told apart from a KeyboardInterrupt that a part raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


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
