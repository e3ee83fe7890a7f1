"""Whether the Ray that this process uses is still there: its doors are knocked on once a second."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

PAUSE_S = 1.0
KNOCK_S = 2.0
MISSES = 3
"""Knocks in a row that nobody answers, after which somebody is gone: 3 s where it is refused, 9 s where it is silent.

The kernel answers for a process that is busy, so a slow machine is no reason for a miss.
"""
Door = tuple[str, int]
"""A host and a port."""


class Watch:
    """Knocks in a thread, until it is told to stop or nobody answers.

    Ray itself goes on without a word when its node process dies, and ends the whole process a minute after it has lost
    its control process.
    """

    def __init__(self, doors: Mapping[str, Door]) -> None:
        self._doors = doors
        self._stop = threading.Event()
        self.gone: str | None = None
        """What is no longer there, in words; `None` while all is well. Set once, about 10 s after it went, at most."""
        threading.Thread(target=self._look, daemon=True, name="sweeper-ray-watch").start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _look(self) -> None:
        misses = dict.fromkeys(self._doors, 0)
        while self.gone is None and not self._stop.wait(PAUSE_S):
            for name, door in self._doors.items():
                problem = knock(door, KNOCK_S)
                misses[name] = misses[name] + 1 if problem is not None else 0
                if misses[name] >= MISSES and not self._stop.is_set():
                    self.gone = f"{name} at {door[0]}:{door[1]} no longer answers: {problem}"
                    return


def knock(door: Door, timeout_s: float) -> OSError | None:
    """Connect, and hang up at once; what went wrong, if anything did."""
    try:
        socket.create_connection(door, timeout=timeout_s).close()
    except OSError as error:
        return error
    return None
