"""Quick runs whose rows the driver writes, many at a time: each counts as completed once its rows are in the store."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sweeper.running.active import ActiveAttempt
from sweeper.running.progress import Progress

if TYPE_CHECKING:
    from sweeper.messages.receipts import HandedRows
    from sweeper.store import Store
    from sweeper.store.handed_over import Batch

WRITE_EVERY_S = 1.0
"""How long rows wait for those of other runs."""
MOST = 1000
"""Runs in one batch, which bounds the memory of the driver and what its death undoes."""
LONGEST_PAUSE_S = 60.0


class Batches:
    """Collects the rows that workers hand over. While the store takes none they wait, and each pause is longer.

    A run whose rows are never written has no attempt, and a sweep that runs what is missing runs it again.
    """

    def __init__(self, store: Store, progress: Progress, completed: Callable[[], None]) -> None:
        self._store, self._progress, self._completed = store, progress, completed
        self._waiting: list[HandedRows] = []
        self._batch: Batch | None = None
        """What is being written; after a failure, it is tried again before more is begun."""
        self._pause_s, self._write_at = WRITE_EVERY_S, 0.0

    def take(self, active: ActiveAttempt) -> bool:
        """Take the rows of a run that completed, if its worker has not written them itself."""
        rows = active.job.result().rows if self._store.hands_over else None
        if rows is None:
            return False
        if not self._waiting and self._batch is None:
            self._write_at = time.monotonic() + self._pause_s
        self._waiting.append(rows)
        if len(self._waiting) % MOST == 0:
            self._write()
        return True

    def write_now_and_then(self) -> None:
        """Write what waits, if that is long enough ago."""
        if (self._waiting or self._batch) and time.monotonic() >= self._write_at:
            self._write()

    def finish(self) -> int:
        """Write what waits; how many runs could not be written after all."""
        self._write()
        return len(self._waiting) + (self._batch.runs if self._batch else 0)

    def _write(self) -> None:
        try:
            while self._batch or self._waiting:
                if self._batch is None:
                    self._batch, self._waiting = self._store.batch_of(self._waiting), []
                self._batch.write()
                self._count(self._batch.runs)
                self._batch = None
        except Exception as error:  # noqa: BLE001 - each kind of store fails with errors of its own
            self._put_off(error)
        else:
            self._pause_s = WRITE_EVERY_S

    def _count(self, runs: int) -> None:
        for _ in range(runs):
            self._completed()

    def _put_off(self, error: Exception) -> None:
        if self._pause_s == WRITE_EVERY_S:
            self._progress.note(f"the store cannot be written, which is tried again until the sweep ends: {error}")
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._write_at = time.monotonic() + self._pause_s
