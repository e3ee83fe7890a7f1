"""Workers that have nothing else to do help with inferences that others have begun."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sweeper.jobs.protocol import HelpJob, InferenceJob, RunnerBackend
from sweeper.running.active import ActiveAttempt
from sweeper.running.shared_inference import SharedInference

LOOK_S = 0.25
SOON_S = 0.25
"""An inference that ends before this needs no help."""
AGAIN_S = 1.0
"""Who came too early is not followed before this, and each time twice as long."""
MOST_AT_ONCE = 16
Asks = Mapping[str, float]


@dataclass(eq=False)
class Helped:
    """An inference that may need help."""

    asks: Asks
    not_before: float
    pause_s: float = AGAIN_S
    jobs: list[HelpJob] = field(default_factory=list[HelpJob])
    """Who works on it beside the first."""
    last: list[HelpJob] = field(default_factory=list[HelpJob])
    """Who ended last, if anybody did."""

    def learn(self, now: float) -> None:
        """See what came of those who were sent: who was not needed, or failed, is not followed by others."""
        for job in [job for job in self.jobs if job.status.is_terminal]:
            self.jobs.remove(job)
            self.last = [job]
            if not job.came_early:
                self.not_before = float("inf")
            elif self.not_before <= now:  # once for all who were sent together
                self.not_before, self.pause_s = now + self.pause_s, 2 * self.pause_s


class Help:
    """Sends workers to inferences while there is room for more tasks than there are.

    Parameters
    ----------
    most
        How many tasks the user lets be in flight; `None` for no limit.
    """

    def __init__(self, backend: RunnerBackend, inference: SharedInference, most: int | None) -> None:
        self._backend, self._inference, self._most = backend, inference, most
        self._helped: dict[InferenceJob, Helped] = {}
        self._dismissed: list[HelpJob] = []
        self._looked_at = 0.0

    def look_now_and_then(self, active: Collection[ActiveAttempt], *, sends: bool) -> None:
        """See how far those are who help, and send more if wanted; `active` is what was submitted and has not ended."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at, under_way = now, self._inference.under_way()
        self._dismiss(under_way)
        for job, asks in under_way.items():
            self._helped.setdefault(job, Helped(asks, now + SOON_S)).learn(now)
        if sends and self._helped:
            waiting = sum(one.predictions in under_way for one in active)
            self._send(now, len(active) - waiting)

    def end(self) -> None:
        """What still helps is needed no more."""
        self._dismiss(())

    def _send(self, now: float, others: int) -> None:
        """Send workers as long as there is a processor for them, to the inference with the fewest first."""
        self._dismissed = [job for job in self._dismissed if not job.status.is_terminal]
        helpers = sum(len(helped.jobs) for helped in self._helped.values())
        processors = self._backend.max_parallel({"num_cpus": 1})
        room = processors if self._most is None else min(processors, self._most)
        free = room - others - len(self._helped) - helpers - len(self._dismissed)
        for _ in range(min(free, MOST_AT_ONCE)):
            ready = [(job, helped) for job, helped in self._helped.items() if self._is_ready(helped, now)]
            if not ready:
                return
            job, helped = min(ready, key=lambda one: len(one[1].jobs))
            if (help_with := self._backend.help(job)) is None:
                helped.not_before = float("inf")
            else:
                helped.jobs.append(help_with)

    def _is_ready(self, helped: Helped, now: float) -> bool:
        """Whether it may be helped now, and there is room for one more task that asks for the same."""
        alike = [one for one in self._helped.values() if one.asks == helped.asks]
        return helped.not_before <= now and self._backend.max_parallel(helped.asks) > len(alike) + sum(
            len(one.jobs) for one in alike
        )

    def _dismiss(self, under_way: Collection[InferenceJob]) -> None:
        """Let go of those who help with what has ended."""
        for job in [job for job in self._helped if job not in under_way]:
            helped = self._helped.pop(job)
            for help_with in (*helped.jobs, *helped.last):
                help_with.dismiss()
                self._dismissed.append(help_with)
