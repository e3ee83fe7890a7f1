"""A thread of a Ray worker that reports what goes on in it, once that has lasted for a second.

Reports go to the key-value store of Ray's control process, which each Ray has: a key for each job that lasts, removed
when it has ended. So a quick run reports nothing and costs nobody a call. Where Ray has no such store, nothing is told.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Any

from sweeper.messages.doing import NAMESPACE, Doing, Phase, key_of
from sweeper.worker import activity

LOOK_S = 0.5
LASTS_S = 1.0
"""A job that ends sooner is not reported."""
PROGRESS_EVERY_S = 1.0
"""How often at most the progress of one job is reported: all workers of a cluster share the control process."""


@cache
def begin() -> None:
    """Report from now on what lasts in this process."""
    threading.Thread(target=_keep_reporting, daemon=True, name="sweeper-activity").start()


def _keep_reporting() -> None:
    store = _Store.of_ray()
    if store is None:
        return
    reporter = Reporter(store)
    while True:
        time.sleep(LOOK_S)
        try:
            reporter.look(activity.current(), time.monotonic())
        except Exception:  # noqa: BLE001 - of whatever kind Ray's are: a report is worth no failure
            time.sleep(PROGRESS_EVERY_S)


class _Store:
    """The key-value store of the Ray of this process."""

    def __init__(self, kv: Any, ray_job: str) -> None:
        self._kv, self._ray_job = kv, ray_job

    @classmethod
    def of_ray(cls) -> _Store | None:
        """It, where this release of Ray has one under that name."""
        try:
            import ray
            from ray.experimental import internal_kv

            return cls(internal_kv, ray.get_runtime_context().get_job_id())
        except (ImportError, AttributeError):
            return None

    def put(self, job_id: str, doing: Doing) -> None:
        self._kv._internal_kv_put(key_of(self._ray_job, job_id), doing.to_json(), namespace=NAMESPACE)

    def remove(self, job_id: str) -> None:
        self._kv._internal_kv_del(key_of(self._ray_job, job_id), namespace=NAMESPACE)


class Reporter:
    """Reports the job that lasts, when it is new, does something else, or has made progress.

    Parameters
    ----------
    store
        Where reports are put.
    """

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._reported: tuple[str, Doing] | None = None
        """The job that was reported, and what was said of it, without its seconds."""
        self._at = 0.0

    def look(self, now: activity.Current | None, time_s: float) -> None:
        """What goes on, if anything does; called now and then."""
        if self._reported is not None and (now is None or now.job_id != self._reported[0]):
            self._store.remove(self._reported[0])
            self._reported = None
        if now is not None and time_s - now.began >= LASTS_S and self._is_news(now, time_s):
            doing = now.doing
            self._store.put(now.job_id, now.told())
            self._reported, self._at = (now.job_id, doing), time_s

    def _is_news(self, now: activity.Current, time_s: float) -> bool:
        if self._reported is None or self._reported == (now.job_id, now.doing):
            return self._reported is None
        is_progress = self._reported[1].phase is now.doing.phase is Phase.PREDICTING
        return not is_progress or time_s - self._at >= PROGRESS_EVERY_S
