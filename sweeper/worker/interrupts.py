"""Tell an interrupt from outside from a KeyboardInterrupt that a part raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """The user, or Ray, stops what this process does. Parts never raise this."""


@contextmanager
def distinguish_interrupts() -> Generator[None]:
    """Inside, an interrupt from outside is raised as `Interrupted`; any other KeyboardInterrupt comes from a part.

    Nothing changes if no handler raises anything, or outside of the main thread, where no interrupt arrives.
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
