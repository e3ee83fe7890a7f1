"""Wakes the main thread of a worker from a sleep or a wait when Ray interrupts it.

Ray only pretends a SIGINT, as `_thread.interrupt_main` does: the handler runs when the main thread comes back to
Python, and nothing brings it back. So a thread is told of each interrupt, and sends a real signal, which does. That is
another one, since Ray keeps real SIGINTs, such as those of a terminal, from its workers.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Protocol

WAKE = signal.SIGURG
"""Hardly used, and ignored where nobody handles it."""
AGAIN_S = 0.2
"""A signal that arrives just before a sleep begins does not end it, so it is sent until it has been seen."""


class Interruptible(Protocol):
    """What the main thread does."""

    @property
    def takes_interrupts(self) -> bool:
        """Whether an interrupt has not been seen yet, and would still be of use."""
        ...


class Waker:
    """One for each process; its thread starts with the first run that it watches."""

    def __init__(self) -> None:
        self._change = threading.Lock()
        self._run: Interruptible | None = None
        self._pipe: tuple[int, int] | None = None

    def watch(self, run: Interruptible) -> None:
        """Wake this run when it is interrupted. Call it in the main thread."""
        reads, writes = self._pipe or self._start()
        with self._change:
            _empty(reads)
            self._run = run
        signal.set_wakeup_fd(writes, warn_on_full_buffer=False)

    def rest(self) -> None:
        """The run is over; nobody wakes what follows."""
        with self._change:
            self._run = None

    def _start(self) -> tuple[int, int]:
        self._pipe = reads, writes = os.pipe()
        os.set_blocking(reads, False)
        os.set_blocking(writes, False)
        signal.signal(WAKE, _come_back)
        threading.Thread(target=self._listen, args=(reads,), daemon=True, name="sweeper-waker").start()
        return self._pipe

    def _listen(self, reads: int) -> None:
        while True:
            select.select([reads], [], [])
            with self._change:  # else a run could begin between, and be told of what was meant for the one before
                run = self._run if signal.SIGINT in _empty(reads) else None
            while run is not None and self._sent(run):
                time.sleep(AGAIN_S)

    def _sent(self, run: Interruptible) -> bool:
        with self._change:
            if self._run is not run or not run.takes_interrupts:
                return False
            signal.pthread_kill(threading.main_thread().ident or 0, WAKE)
            return True


def _come_back(number: int, frame: FrameType | None) -> None:
    """Do nothing: that the main thread is here is enough for the handler of the interrupt to be called."""


def _empty(reads: int) -> bytes:
    """Take what the pipe holds: the numbers of the signals that arrived."""
    with suppress(BlockingIOError):
        return os.read(reads, 65536)
    return b""
