"""Attempts of an earlier driver that were lost, written by the one that resumes its sweep."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from queue import SimpleQueue

from sweeper.common import clock
from sweeper.jobs.checkmaite_ray.earlier import LostAttempt
from sweeper.messages.outcome import Status
from sweeper.messages.requests import AttemptInfo
from sweeper.store import AttemptRow, Store

AGAIN_S = 1.0
"""A store that takes nothing is tried again after so long."""


class LateRows:
    """Rows that any thread adds, and one writes. What the store never takes is lost without a row, and runs again."""

    def __init__(self, store: Store, sweep_id: str | None) -> None:
        self._store, self._sweep_id = store, sweep_id or ""
        self._new: SimpleQueue[AttemptRow] = SimpleQueue()
        self._waiting: list[AttemptRow] = []
        self._next = 0.0

    def add(self, like: AttemptInfo, lost: Iterable[LostAttempt]) -> None:
        """Lost attempts of the combination that `like` is of; which code they ran is not known."""
        for attempt_id, why in lost:
            info = replace(like, attempt_id=attempt_id, sweep_id=self._sweep_id, number=1)
            info = replace(info, code_revision=None, data_revision=None, libraries_revision=None, working_folder=None)
            at = clock.now()
            more = {"submitted_at": at, "finished_at": at, "error_type": "LostJobError", "error_message": why}
            self._new.put(AttemptRow.of(info, status=Status.LOST.value, **more))

    def write_now_and_then(self) -> None:
        """Write what is new, unless the store took nothing a moment ago."""
        if (self._waiting or not self._new.empty()) and time.monotonic() >= self._next:
            self.write()

    def write(self) -> None:
        """Write what is new; what the store does not take is kept."""
        while not self._new.empty():
            self._waiting.append(self._new.get())
        try:
            while self._waiting:
                self._store.write_attempts(self._waiting[:1])
                del self._waiting[0]
        except Exception:  # noqa: BLE001 - each kind of store fails with errors of its own, and see the class
            self._next = time.monotonic() + AGAIN_S
