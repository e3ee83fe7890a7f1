"""The thread that starts a Ray, waits while it is used, and leaves it: each step for a limited time."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import ray

T = TypeVar("T")
SHUTDOWN_S = 20.0
"""How long Ray may take to shut down; then its processes are ended without it."""
HURRY_S = 10.0
"""How long it may take to end them, where the shutdown is interrupted."""


class Keeper(Generic[T]):
    """Starts a Ray, and ends it or disconnects from it.

    The kernel ends the processes of a Ray together with the thread that started them. So that thread stays as long as
    Ray is used, and no longer: a Ray that does not shut down by itself ends with it.

    Parameters
    ----------
    start
        Starts it.
    afterwards
        Called in the same thread once Ray is left, or could not be started: ends what is left of it. Called before too,
        where Ray is known to be dead.
    """

    def __init__(self, start: Callable[[], T], afterwards: Callable[[], None] = lambda: None) -> None:
        self._start, self._afterwards = start, afterwards
        self._made: T | None = None
        self._error: BaseException | None = None
        self._shuts_down, self._is_dead = True, False
        self._started, self._leave, self._left = threading.Event(), threading.Event(), threading.Event()
        self._is_shut_down = threading.Event()
        """Also set where nobody wants to wait for that."""

    def start(self, timeout_s: float) -> T:
        """Start, and return what `start` returned, or raise what it raised.

        Raises
        ------
        TimeoutError
            It takes longer. It is given up, as it is when this is interrupted: if Ray is there after all, it is left.
        """
        atexit.unregister(ray.shutdown)  # it waits without a limit, for a start that hangs too
        atexit.register(self._leave_at_exit)
        threading.Thread(target=self._keep, daemon=True, name="sweeper-ray").start()
        try:
            in_time = self._started.wait(timeout_s)
        except BaseException:
            self._leave.set()
            raise
        if not in_time:
            self._leave.set()
            raise TimeoutError(f"it took longer than {timeout_s:g} s (job_backend.start_timeout_s).")
        if self._made is None:
            raise self._error or RuntimeError("it ended without a word.")
        return self._made

    def close(self, *, shut_down: bool, is_dead: bool = False) -> None:
        """Leave Ray, and wait until that is done, or for a while. Without `shut_down` it was left already.

        Of one that is dead, what is left is ended first: a shutdown asks it for an orderly end, and waits for answers.
        Who interrupts this wants an end now: Ray's processes are then ended as they are.
        """
        self._shuts_down, self._is_dead = shut_down, is_dead
        self._leave.set()
        try:
            self._left.wait(2 * SHUTDOWN_S)
        except BaseException:
            self._is_shut_down.set()
            self._left.wait(HURRY_S)
            raise
        finally:
            atexit.unregister(self._leave_at_exit)

    def _leave_at_exit(self) -> None:
        """Shut down what is there; what is still starting ends with this process."""
        if self._made is not None:
            self.close(shut_down=True)

    def _keep(self) -> None:
        try:
            self._made = self._start()
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits for the start
            self._error = error
        self._started.set()
        if self._error is None:
            self._leave.wait()
            if self._is_dead:
                self._afterwards()
            if self._shuts_down:
                self._shut_down()
        self._afterwards()
        self._left.set()

    def _shut_down(self) -> None:
        """Shut Ray down, as far as it does that in time."""

        def shut_down() -> None:
            ray.shutdown()
            self._is_shut_down.set()

        threading.Thread(target=shut_down, daemon=True, name="sweeper-ray-shutdown").start()
        self._is_shut_down.wait(SHUTDOWN_S)
