"""What the driver knows of the starts of its tasks, as far as they are to report them."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ray
from ray.exceptions import RayError

from sweeper.common.processes import Place
from sweeper.jobs.ray_simple.start_board import StartBoard

logger = logging.getLogger(__name__)
LOOK_S = 0.2


@dataclass(frozen=True)
class Start:
    """When a task began, by this process's clock, and in which process."""

    at: datetime
    place: Place


class Starts:
    """Asks the board now and then and never waits for it: no report is lost, and a slow board holds up nobody."""

    def __init__(self) -> None:
        self._board: Any = None
        self._asked: Any = None
        self._expected: set[str] = set()
        self._known: dict[str, Start] = {}
        self._looked_at = 0.0

    def board(self) -> Any:
        """The actor that starts are reported to; started with the first job that is to report."""
        if self._board is None:
            self._board = ray.remote(num_cpus=0)(StartBoard).remote()
        return self._board

    def expect(self, job_id: str) -> None:
        """A job is to report its start."""
        self._expected.add(job_id)

    def of(self, job_id: str) -> Start | None:
        """What a job reported, as far as that is known now."""
        if job_id not in self._known and self._board is not None and time.monotonic() - self._looked_at > LOOK_S:
            self._looked_at = time.monotonic()
            self._look()
        return self._known.get(job_id)

    def forget(self, job_id: str) -> Start | None:
        """What is known of the start of a job that has ended; from now on nothing is remembered of it."""
        self._expected.discard(job_id)
        return self._known.pop(job_id, None)

    def _look(self) -> None:
        """Take the answer to the last question, if it is there, and ask the next."""
        if self._asked is None:
            self._asked = self._board.take.remote()
        if not ray.wait([self._asked], timeout=0)[0]:
            return
        asked, self._asked = self._asked, self._board.take.remote()
        try:
            reports: dict[str, tuple[float, Place]] = ray.get(asked)
        except RayError as error:  # no reports for now; a timeout then counts from the next that arrives
            logger.warning("The reports of started jobs cannot be read: %s", error)
            return
        now = datetime.now(UTC)
        for job_id in self._expected & reports.keys():
            age, place = reports[job_id]
            self._known[job_id] = Start(now - timedelta(seconds=age), place)
