"""Workers that have nothing else to do help with inferences that others have begun."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection

from sweeper.jobs.protocol import InferenceJob, Job, RunnerBackend
from sweeper.running.active import ActiveAttempt
from sweeper.running.shared_inference import SharedInference

LOOK_S = 0.25
SOON_S = 0.25
"""An inference that ends before this needs no help."""
AGAIN_S = 1.0
"""Where a worker found nothing to do, none is sent again before this."""


class Help:
    """Sends workers to inferences while there is room for more tasks than there are."""

    def __init__(self, backend: RunnerBackend, inference: SharedInference) -> None:
        self._backend, self._inference = backend, inference
        self._helps: dict[Job[object], InferenceJob] = {}
        self._not_before: dict[InferenceJob, float] = {}
        self._looked_at = 0.0

    def look_now_and_then(self, active: Collection[ActiveAttempt]) -> None:
        """Send whoever can help; `active` is what was submitted and has not ended."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at, under_way = now, self._inference.under_way()
        self._let_go(under_way)
        self._not_before = {job: self._not_before.get(job, now + SOON_S) for job in under_way}
        busy = len(under_way) + len(self._helps) + sum(one.predictions not in under_way for one in active)
        room = max((self._backend.max_parallel(asks) for asks in under_way.values()), default=0)
        while busy < room and self._send(now):
            busy += 1

    def end(self) -> None:
        """What still helps is needed no more."""
        self._let_go(())

    def _send(self, now: float) -> bool:
        """Send a worker to the inference with the fewest; whether there is one to send to."""
        helped = Counter(self._helps.values())
        ready = [job for job, time_s in self._not_before.items() if time_s <= now]
        for job in sorted(ready, key=lambda job: helped[job]):
            if (help_with := self._backend.help(job)) is not None:
                self._helps[help_with] = job
                return True
            self._not_before[job] = float("inf")
        return False

    def _let_go(self, under_way: Collection[InferenceJob]) -> None:
        """Forget who has ended, and end who helps with what has ended."""
        for job, inference in list(self._helps.items()):
            if job.status.is_terminal:
                self._not_before[inference] = time.monotonic() + AGAIN_S
                del self._helps[job]
            elif inference not in under_way:
                job.cancel(force=inference.failed)
                del self._helps[job]
