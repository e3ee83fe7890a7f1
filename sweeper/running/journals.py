"""Rows of quick runs wait in journals; now and then, and at the end, they become Parquet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeper.running.progress import Progress

if TYPE_CHECKING:
    from sweeper.store import Store

FLUSH_EVERY_S = 1.0
"""How long rows of quick runs wait in a journal before readers other than sweeper see them."""
FLUSH_REST = 20.0
"""At least so many times as long as the last flush took, no journal is flushed."""


class Journals:
    """Flushes the journals of a store while a sweep runs, and never for more than a small share of the time."""

    def __init__(self, store: Store, progress: Progress) -> None:
        self._store, self._progress = store, progress
        self._flush_at = time.monotonic() + FLUSH_EVERY_S
        self._failed = False

    def flush_now_and_then(self) -> None:
        """Flush, if the last time is long enough ago."""
        began = time.monotonic()
        if began >= self._flush_at:
            self.flush()
            took = time.monotonic() - began
            self._flush_at = began + max(FLUSH_EVERY_S, FLUSH_REST * took)

    def flush(self) -> None:
        """Flush; where that fails, what waits waits on, which is said once, and the sweep goes on."""
        try:
            self._store.flush_journals()
        except Exception as error:  # noqa: BLE001 - each kind of store fails with errors of its own
            if not self._failed:
                said = f"some results still wait in a journal, until `sweeper compact` can be run: {error}"
                self._progress.note(said)
            self._failed = True
        else:
            self._failed = False
