"""Signals from outside: those that end a worker, and an interrupt told from a KeyboardInterrupt that a part raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import FrameType

from sweeper.common.context_value import SetInside
from sweeper.worker.waking import Waker

_waker = Waker()


class Interrupted(KeyboardInterrupt):
    """The user, or Ray, stops what this process does. Parts never raise this."""


class Run:
    """A run as an interrupt finds it."""

    def __init__(self) -> None:
        self._change = threading.Lock()
        self._is_in_main_thread = threading.current_thread() is threading.main_thread()
        self._raised = self._over = False
        self.is_asked_to_end = False
        """Whether `interrupt` was called."""
        self.writes = False
        """Whether it has begun to write its results."""

    @property
    def takes_interrupts(self) -> bool:
        """Whether an interrupt still ends it: one is enough, and what is being written is written whole."""
        return not (self._raised or self._over or self.writes)

    def interrupt(self) -> None:
        """End it from within this process. In another thread than the main one it cannot be ended, and goes on."""
        with self._change:
            if self.takes_interrupts and self._is_in_main_thread:
                self.is_asked_to_end = True
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def raise_once(self) -> None:
        """Raise `Interrupted`, unless that comes too late or for the second time."""
        if self.takes_interrupts:
            self._raised = True
            raise Interrupted

    def end(self) -> None:
        """Say that it is over. Whoever interrupts it has done so by now; what is left of that finds nothing to end."""
        with self._change:
            self._over = True


_run: ContextVar[Run | None] = ContextVar("run", default=None)


def begin_to_write() -> None:
    """Say that the current run writes its results now. They are written whole: what asks for its end comes too late."""
    if (run := _run.get()) is not None:
        run.writes = True


def end_when_told() -> None:
    """Let SIGTERM and SIGHUP end this worker process at once, also in the middle of C code.

    Ray's own handler raises `SystemExit` inside of the run, which then looks as if the user's code had left. A process
    that ends tells nothing, so the run is lost, and may be tried again. A signal that is ignored stays ignored.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN):
            signal.signal(number, signal.SIG_DFL)


_at_interrupt: Callable[[], None] | None = None
"""What an interrupt does now, in a worker process; `None` for what it did before anything ran here."""
_handled_before: object = None


def _handle(number: int, frame: FrameType | None) -> None:
    if _at_interrupt is not None:
        _at_interrupt()
    elif callable(_handled_before):
        _handled_before(number, frame)


class _InterruptDoes:
    """The handler stays from run to run: setting one twice costs more than all else that a quick run does here."""

    def __init__(self, what: Callable[[], None], run: Run) -> None:
        self._what, self._run = what, run

    def __enter__(self) -> Run:
        global _at_interrupt, _handled_before
        if (handler := signal.getsignal(signal.SIGINT)) is not _handle:
            _handled_before = handler
            signal.signal(signal.SIGINT, _handle)
        self._before, _at_interrupt = _at_interrupt, self._what
        return self._run

    def __exit__(self, *_: object) -> None:
        global _at_interrupt
        _at_interrupt = self._before


class _InterruptEnds(_InterruptDoes):
    """Ends the run, once, and wakes it from a sleep or a wait. No generator, as each run enters one."""

    def __init__(self) -> None:
        run = Run()
        super().__init__(run.raise_once, run)
        self._is_current = SetInside(_run, run)

    def __enter__(self) -> Run:
        self._is_current.__enter__()
        _waker.watch(self._run)
        return super().__enter__()  # last, since what it raises from then on would not reach `__exit__`

    def __exit__(self, *_: object) -> None:
        self._run.end()  # what arrives from now on finds nothing to end
        _waker.rest()
        super().__exit__()
        self._is_current.__exit__()


def _nothing() -> None:
    pass


def ignore_interrupts() -> AbstractContextManager[Run]:
    """Stopping a sweep cancels what is queued and lets running attempts and inferences finish.

    Ray does not distinguish the two: its cancellation drops a queued task and interrupts a running one. So what runs
    for a sweep ignores the interrupt, and only a forced cancellation ends it.
    """
    return _InterruptDoes(_nothing, Run())


def end_at_interrupt() -> AbstractContextManager[Run]:
    """Inside, an interrupt of this worker by Ray raises `Interrupted`, once, and ends a sleep or a wait too.

    That is so also where workers inherit that interrupts are ignored, as they do from what a shell starts in the
    background.
    """
    return _InterruptEnds()


@contextmanager
def distinguish_interrupts() -> Generator[Run]:
    """Inside, an interrupt from outside is raised as `Interrupted`; any other KeyboardInterrupt comes from a part.

    Outside of the main thread no interrupt arrives. Where they are ignored, only `Run.interrupt` ends what runs.
    """
    run = Run()
    with SetInside(_run, run):
        if threading.current_thread() is not threading.main_thread():
            yield run
            return
        before = signal.getsignal(signal.SIGINT)

        def handle(number: int, frame: FrameType | None) -> None:
            if run.is_asked_to_end:
                run.raise_once()
                return
            try:
                if callable(before):
                    before(number, frame)
                elif before != signal.SIG_IGN:
                    raise Interrupted
            except Interrupted:
                raise
            except KeyboardInterrupt as error:
                raise Interrupted from error

        signal.signal(signal.SIGINT, handle)
        try:
            yield run
        finally:
            run.end()
            signal.signal(signal.SIGINT, before)
