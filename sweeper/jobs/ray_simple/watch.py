"""Whether the Ray that this process uses is still there: it is knocked on its doors, and asked now and then."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping

from sweeper.jobs.ray_simple.control import Question

PAUSE_S = 1.0
KNOCK_S = 2.0
MISSES = 3
"""Knocks in a row that nobody answers, after which somebody is gone: 3 s where it is refused, 9 s where it is silent.

The kernel answers for a process that is busy, so a slow machine is no reason for a miss.
"""
ASK_EVERY_S = 4.0
ANSWER_S = 12.0
SILENCES = 3
"""Questions in a row without an answer, after which it hangs: 45 s at most.

The kernel opens the door for a process that is stopped or hangs; a question it must answer itself, for which a busy
machine gets much time. It takes several, since a question may get no answer in time because all of this was stopped for
a while (Ctrl-Z); the next one gets it.
"""
Door = tuple[str, int]
"""A host and a port."""


_SILENT = f"its control process (GCS) hangs: {SILENCES} questions, none answered within {ANSWER_S:g} s"


def _all_well(timeout_s: float) -> None:
    """The answer where there is nobody to ask."""


class Watch:
    """Knocks and asks, each in a thread, until it is told to stop or nobody answers.

    Ray itself goes on without a word when its node process dies, and ends the whole process a minute after it has lost
    its control process.
    """

    def __init__(self, doors: Mapping[str, Door], ask: Question = _all_well) -> None:
        self._doors, self._ask = doors, ask
        self._stop = threading.Event()
        self.gone: str | None = None
        """What is no longer there, in words; `None` while all is well. Set once, about 10 s after it went, at most.

        Where the control process hangs, that is seen after 45 s, or where it never answered, within two minutes, since
        Ray's client first tries to connect; where the node process does, once Ray has found it out itself, which takes
        about a minute.
        """
        for look in (self._knock, self._keep_asking):
            threading.Thread(target=look, daemon=True, name="sweeper-ray-watch").start()

    @property
    def is_stopped(self) -> bool:
        """Whether it looks no more."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _knock(self) -> None:
        misses = dict.fromkeys(self._doors, 0)
        while self.gone is None and not self._stop.wait(PAUSE_S):
            for name, door in self._doors.items():
                problem = knock(door, KNOCK_S)
                misses[name] = misses[name] + 1 if problem is not None else 0
                if misses[name] >= MISSES:
                    self.found(f"{name} at {door[0]}:{door[1]} no longer answers: {problem}")
                    return

    def _keep_asking(self) -> None:
        silences = 0
        while self.gone is None and not self._stop.wait(ASK_EVERY_S):
            try:
                problem = self._ask(ANSWER_S)
                silences = 0
            except TimeoutError:
                silences += 1
                problem = None if silences < SILENCES else _SILENT
            if problem is not None:
                self.found(problem)

    def found(self, problem: str) -> None:
        """Somebody has seen what is no longer there."""
        if not self._stop.is_set():
            self.gone = self.gone or problem


def knock(door: Door, timeout_s: float) -> OSError | None:
    """Connect, and hang up at once; what went wrong, if anything did."""
    try:
        socket.create_connection(door, timeout=timeout_s).close()
    except OSError as error:
        return error
    return None
