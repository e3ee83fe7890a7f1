"""A thread that does something now and then, whatever the main thread is at."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType


class Ticker:
    """Calls something every so many seconds until it is stopped, but not while a person is in a debugger.

    Parameters
    ----------
    call
        What is called, in a thread of its own.
    every_s
        How often.
    """

    def __init__(self, call: Callable[[], None], every_s: float) -> None:
        self._call, self._every_s = call, every_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the first call comes after `every_s`."""
        self._thread = threading.Thread(target=self._keep_calling, daemon=True, name="sweeper-progress")
        self._thread.start()

    def stop(self) -> None:
        """Call no more. Returns once no call is being made."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _keep_calling(self) -> None:
        while not self._stop.wait(self._every_s):
            if not in_debugger():
                with suppress(Exception):  # what is shown is worth no failure, and the main thread meets it too
                    self._call()


def in_debugger() -> bool:
    """Whether the main thread waits in Python's debugger, or one made of it: a line would fall into what is typed."""
    frame: FrameType | None = sys._current_frames().get(threading.main_thread().ident or 0)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if frame.f_globals.get("__name__") in ("pdb", "bdb"):
            return True
        frame = frame.f_back
    return False
