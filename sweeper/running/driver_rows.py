"""Attempts that the driver writes itself: what the store does not take now is kept and tried again."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from sweeper.running.backoff import Backoff
from sweeper.running.progress import Progress

if TYPE_CHECKING:
    from sweeper.store import AttemptRow, Store

FIRST_PAUSE_S = 1.0


class DriverRows:
    """Writes rows in their order; while the store takes none, they wait here, and each pause is twice the one before.

    A row that is never written says that an attempt was lost, cancelled, killed by its timeout or refused. The
    combination then has no attempt, and a sweep that runs what is missing runs it again.
    """

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store = store
        self._waiting: deque[AttemptRow] = deque()
        self._backoff = Backoff(progress, FIRST_PAUSE_S)

    def write(self, row: AttemptRow) -> None:
        """Write a row now, or later where others wait already."""
        self._waiting.append(row)
        if len(self._waiting) == 1:
            self._write_those_that_wait()

    def try_again(self) -> None:
        """Write what waits, if its pause is over."""
        if self._waiting and self._backoff.is_over:
            self._write_those_that_wait()

    def finish(self) -> dict[str, int]:
        """Try once more; how many rows are not written after all, by the status that they would have told."""
        if self._waiting:
            self._write_those_that_wait()
        return dict(Counter(row.status for row in self._waiting))

    def _write_those_that_wait(self) -> None:
        try:
            while self._waiting:
                self._store.write_attempts([self._waiting[0]])
                self._waiting.popleft()
        except Exception as error:  # noqa: BLE001 - each kind of store fails with errors of its own
            self._backoff.failed(error)
        else:
            self._backoff.succeeded()
