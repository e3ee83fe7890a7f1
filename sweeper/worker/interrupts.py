"""Signals from outside: those that end a worker, and an interrupt told from a KeyboardInterrupt that a part raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """The user, or Ray, stops what this process does. Parts never raise this."""


def end_when_told() -> None:
    """Let SIGTERM and SIGHUP end this worker process at once, also in the middle of C code.

    Ray's own handler raises `SystemExit` inside of the run, which then looks as if the user's code had left. A process
    that ends tells nothing, so the run is lost, and may be tried again. A signal that is ignored stays ignored.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN):
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def ignore_interrupts() -> Generator[None]:
    """Stopping a sweep cancels what is queued and lets running attempts and inferences finish.

    Ray does not distinguish the two: its cancellation drops a queued task and interrupts a running one. So what runs
    for a sweep ignores the interrupt, and only a forced cancellation ends it.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
