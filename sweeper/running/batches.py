"""Quick runs whose rows the driver writes, many at a time: each counts as completed once its rows are in the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sweeper.running.active import ActiveAttempt
from sweeper.running.backoff import Backoff
from sweeper.running.progress import Progress

if TYPE_CHECKING:
    from sweeper.messages.receipts import HandedRows
    from sweeper.store import Store
    from sweeper.store.handed_over import Batch

WRITE_EVERY_S = 1.0
"""How long rows wait for those of other runs."""
MOST = 1000
"""Runs in one batch, which bounds the memory of the driver and what its death undoes."""


class Batches:
    """Collects the rows that workers hand over. While the store takes none they wait, and each pause is longer.

    A run whose rows are never written has no attempt, and a sweep that runs what is missing runs it again.
    """

    def __init__(self, store: Store, progress: Progress, completed: Callable[[], None]) -> None:
        self._store, self._completed = store, completed
        self._waiting: list[HandedRows] = []
        self._batch: Batch | None = None
        """What is being written; after a failure, it is tried again before more is begun."""
        self._backoff = Backoff(progress, 2 * WRITE_EVERY_S)

    def take(self, active: ActiveAttempt) -> bool:
        """Take the rows of a run that completed, if its worker has not written them itself."""
        rows = active.job.result().rows if self._store.hands_over else None
        if rows is None:
            return False
        if not self._waiting and self._batch is None:
            self._backoff.wait(WRITE_EVERY_S)
        self._waiting.append(rows)
        if len(self._waiting) % MOST == 0:
            self._write()
        return True

    def write_now_and_then(self) -> None:
        """Write what waits, if that is long enough ago."""
        if (self._waiting or self._batch) and self._backoff.is_over:
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
            self._backoff.failed(error)
        else:
            self._backoff.succeeded()

    def _count(self, runs: int) -> None:
        for _ in range(runs):
            self._completed()
