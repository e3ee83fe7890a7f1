"""When tasks began, as they report it: a small board that workers write to and the driver reads now and then."""

from __future__ import annotations

import time

from sweeper.common.processes import Place


class StartBoard:
    """Lives in a process of its own. Its clock stamps all reports, so the clocks of the nodes need not agree."""

    def __init__(self) -> None:
        self._stamps: dict[str, tuple[float, Place]] = {}

    def started(self, job_id: str, place: Place) -> None:
        """Note that a job begins now in a process."""
        self._stamps[job_id] = time.monotonic(), place

    def take(self) -> dict[str, tuple[float, Place]]:
        """Seconds since each start that was not taken yet, and where that was."""
        now = time.monotonic()
        taken, self._stamps = self._stamps, {}
        return {job_id: (now - stamp, place) for job_id, (stamp, place) in taken.items()}
