"""Ends by force what was cancelled and goes on: first in Ray's way, and where that does not help, by its process."""

from __future__ import annotations

import atexit
import heapq
import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from sweeper.jobs.ray_simple import cluster
from sweeper.jobs.ray_simple.session import Session

logger = logging.getLogger(__name__)
STUCK_S = 1.0
"""What lasts so long after Ray was told to kill it runs in a worker that hears nothing (see `worker.marks`)."""
_ray = threading.Lock()
_exits = threading.Event()
"""Set when this process comes to its end, and Ray is shut down by whoever does that then."""


@contextmanager
def left_alone() -> Generator[None]:
    """Leave Ray inside of this: no thread here calls it meanwhile. A call into a Ray that is being left ends all."""
    with _ray:
        yield


def _leave_ray_alone() -> None:
    with left_alone():
        _exits.set()


class _Step(NamedTuple):
    """What is to be done with a task that still runs at a time."""

    at: float
    number: int
    """Tells steps apart that are due at the same time."""
    ref: Any
    job_id: str
    tells_ray: bool
    """Whether Ray is to kill it. If not, that was tried before."""


class ForcedEnds:
    """Does so in a thread, which is there while something is to be done.

    Parameters
    ----------
    session
        The runtime of these tasks; once it was left, nothing more is done.
    grace_s
        How long a run may go on after it was interrupted.
    """

    def __init__(self, session: Session, grace_s: float) -> None:
        self._session, self._grace_s = session, grace_s
        self._change = threading.Condition()
        self._steps: list[_Step] = []
        self._planned: set[tuple[str, bool]] = set()
        self._numbers = count()
        self._is_working = False
        self._killed: set[str] = set()

    def has_killed(self, job_id: str) -> bool:
        """Whether Ray was told to kill the task of a job."""
        return job_id in self._killed

    def after_grace(self, ref: Any, job_id: str) -> None:
        """Kill a task that was interrupted, if it goes on when its time of grace is over."""
        self._plan(self._grace_s, ref, job_id, tells_ray=True)

    def make_sure(self, ref: Any, job_id: str) -> None:
        """See to it that a task ends which Ray was told to kill."""
        self._killed.add(job_id)
        self._plan(STUCK_S, ref, job_id, tells_ray=False)

    def _plan(self, in_s: float, ref: Any, job_id: str, *, tells_ray: bool) -> None:
        with self._change:
            if (job_id, tells_ray) in self._planned:
                return
            self._planned.add((job_id, tells_ray))
            heapq.heappush(self._steps, _Step(time.monotonic() + in_s, next(self._numbers), ref, job_id, tells_ray))
            self._change.notify()
            if not self._is_working:
                self._is_working = True
                atexit.unregister(_leave_ray_alone)
                atexit.register(_leave_ray_alone)  # the last to register is called first, before Ray is shut down
                threading.Thread(target=self._work, daemon=True, name="sweeper-forced-ends").start()

    def _work(self) -> None:
        while (step := self._next()) is not None:
            try:
                with left_alone():
                    if not _exits.is_set() and self._goes_on(step.ref):
                        self._do(step)
            except Exception:  # Ray was left, or is gone, and its tasks with it; what waits is still looked at
                logger.debug("the task of job %s could not be ended", step.job_id, exc_info=True)

    def _next(self) -> _Step | None:
        """The next step, once it is due; `None` where there is none, and then the thread ends."""
        with self._change:
            while self._steps and (left := self._steps[0].at - time.monotonic()) > 0:
                self._change.wait(left)
            self._is_working = bool(self._steps)
            if not self._steps:
                return None
            step = heapq.heappop(self._steps)
            self._planned.discard((step.job_id, step.tells_ray))
            return step

    def _goes_on(self, ref: Any) -> bool:
        return self._session.gone is None and self._session.is_connected() and not ray.wait([ref], timeout=0)[0]

    def _do(self, step: _Step) -> None:
        if step.tells_ray:
            self.make_sure(step.ref, step.job_id)
            ray.cancel(step.ref, force=True)
        else:
            _end_process(step.job_id)


def _end_process(job_id: str) -> None:
    """Have the worker killed that runs a job, on whatever node it is; waits for nothing."""
    from sweeper.worker.ray_tasks import end_process_of

    task = ray.remote(num_cpus=0, max_retries=0)(end_process_of)
    nodes = [NodeAffinitySchedulingStrategy(node.node_id, soft=False) for node in cluster.nodes()]
    for node in nodes:
        task.options(scheduling_strategy=node).remote(job_id)
