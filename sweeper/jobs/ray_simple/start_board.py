"""When tasks began, as they report it: a small board that workers write to and the driver reads now and then."""

from __future__ import annotations

import time


class StartBoard:
    """Lives in a process of its own. Its clock stamps all reports, so the clocks of the nodes need not agree."""

    def __init__(self) -> None:
        self._stamps: dict[str, float] = {}

    def started(self, job_id: str) -> None:
        """Note that a job begins now."""
        self._stamps[job_id] = time.monotonic()

    def take(self) -> dict[str, float]:
        """Seconds since each start that was not taken yet."""
        now = time.monotonic()
        taken, self._stamps = self._stamps, {}
        return {job_id: now - stamp for job_id, stamp in taken.items()}
