"""The threads that talk to checkmaite, so that the driver never waits for an actor of the cluster."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from ray.exceptions import ActorDiedError, RayError

from sweeper.jobs.checkmaite_ray.client import Client, Remote
from sweeper.jobs.checkmaite_ray.handle import CheckmaiteJob

logger = logging.getLogger(__name__)
SUBMITTERS = 4
"""Submissions at a time: each waits until an actor has started, mostly for imports."""
PAUSE_S = 0.2
KNOCK_EVERY_S = 2.0
How = Callable[[], tuple[Remote, bool]]
"""Submits a job; what checkmaite gives for it, and whether it knew it since before."""


class ClientThreads:
    """Submits in some threads, and in one looks at what has been submitted, until it is told to stop.

    The threads end with the process, whatever they wait for.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: SimpleQueue[tuple[CheckmaiteJob, How]] = SimpleQueue()
        self._out: dict[CheckmaiteJob, How] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._knocked_at = time.monotonic()
        self.gone: str | None = None
        """What of checkmaite is no longer there; `None` while all is well."""
        for what in (*[self._submit] * SUBMITTERS, self._look):
            threading.Thread(target=what, daemon=True, name="sweeper-checkmaite").start()

    def submit(self, job: CheckmaiteJob, how: How) -> None:
        """Submit when a thread is free."""
        self._waiting.put((job, how))

    def stop(self) -> None:
        """Look no more, and submit nothing that waits."""
        self._stop.set()

    def _submit(self) -> None:
        while not self._stop.is_set():
            job, how = self._waiting.get()
            if self._stop.is_set() or job.taken_back():
                continue
            try:
                remote, found = how()
                job.submitted(remote, found=found)
            except Exception as error:  # noqa: BLE001 - checkmaite, Ray and pickle fail with errors of their own
                job.lose(f"it could not be submitted: {error}")
                continue
            with self._lock:
                self._out[job] = how

    def _look(self) -> None:
        while not self._stop.wait(PAUSE_S):
            with self._lock:
                out = list(self._out.items())
            for job, how in out:
                self._look_at(job, how)
            self._knock()

    def _look_at(self, job: CheckmaiteJob, how: How) -> None:
        again = False
        try:
            again = job.look()
        except Exception:  # it is looked at again, and whether all is gone is asked apart from this
            logger.debug("checkmaite could not be asked of job %s", job.job_id, exc_info=True)
        if job.ended or again:
            with self._lock:
                del self._out[job]
        if again:
            self.submit(job, how)

    def _knock(self) -> None:
        """See whether the registry is there; a handle of checkmaite keeps its last status when it has died."""
        if time.monotonic() - self._knocked_at < KNOCK_EVERY_S:
            return
        self._knocked_at = time.monotonic()
        try:
            self._client.list_jobs(limit=1)
        except ActorDiedError as error:
            self.gone = f"the actor that is checkmaite's registry of jobs has died: {str(error).splitlines()[0]}"
        except (RayError, RuntimeError):  # it is slow, or has too much to do
            logger.debug("checkmaite's registry does not answer", exc_info=True)
