"""The pauses between tries to write to a store that takes nothing: each is twice the one before."""

from __future__ import annotations

import time

from sweeper.running.progress import Progress

LONGEST_S = 60.0


class Backoff:
    """When to try again; that the store cannot be written is said once, until it can be again."""

    def __init__(self, progress: Progress, first_s: float) -> None:
        self._progress, self._first_s, self._pause_s = progress, first_s, first_s
        self._next_try = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it is time for the next try."""
        return time.monotonic() >= self._next_try

    def wait(self, seconds: float) -> None:
        """Not before so many seconds, though nothing has failed."""
        self._next_try = time.monotonic() + seconds

    def failed(self, error: Exception) -> None:
        """A try has failed."""
        if self._pause_s == self._first_s:
            self._progress.note(f"the store cannot be written, which is tried again until the sweep ends: {error}")
        self.wait(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_S)

    def succeeded(self) -> None:
        """A try has succeeded: the next failure is the first one."""
        self._pause_s = self._first_s
