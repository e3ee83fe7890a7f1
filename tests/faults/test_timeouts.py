"""A timeout ends what ran too long, and nothing else: neither what died by itself nor what shares an inference."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from invariant import assert_nothing_lost
from runner_bench import ONE, Bench, choice, planned, tiny

from sweeper.common.processes import Place, has_ended, here
from sweeper.jobs.job import BaseJob
from sweeper.planning.limits import Limits
from sweeper.running.active import UNTOLD_S, ActiveAttempt
from sweeper.running.queue import QueuedAttempt
from sweeper.vocabulary import Combination, Runtime

pytestmark = pytest.mark.faults


class Begun(BaseJob[None]):
    """A job that began at a time in a process, which may have died without a word."""

    def __init__(self, at: datetime, place: Place) -> None:
        super().__init__("job", "job")
        self._at, self._place = at, place

    @property
    def started_at(self) -> datetime:
        return self._at

    @property
    def process_has_ended(self) -> bool:
        return has_ended(self._place)

    def _poll(self) -> None: ...
    def _await(self, timeout: float | None) -> None: ...
    def cancel(self, *, force: bool = False) -> bool:
        return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sees other processes below /proc")
def test_a_run_whose_process_died_is_not_overdue_before_that_had_time_to_be_told():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    place, now, request = here()._replace(pid=process.pid), datetime.now(UTC), Any
    limits = Limits(resources={}, timeout_s=1.0, retries=0, retry_exceptions=False, max_same_error=None)

    def overdue(seconds: float) -> bool:
        job = Begun(now - timedelta(seconds=seconds), place)
        return ActiveAttempt(QueuedAttempt(planned(tiny("x"))[0], 1), request, limits, job, None, now).is_overdue(now)

    assert (overdue(0.5), overdue(1.5)) == (False, True)
    process.kill()
    process.wait()
    assert (overdue(1.5), overdue(1.5 + UNTOLD_S)) == (False, True)
    assert not has_ended(Place("elsewhere", process.pid))
    assert not has_ended(here())


def test_the_time_of_one_reader_ends_no_inference_that_another_waits_for(ray_bench: Bench, tmp_path: Path):
    reads = Runtime(arity=ONE, reads_predictions=True, predictions_depend_on=("batch_size",))
    capability = choice("capability", "evaluate", "sweeper.capabilities.Evaluate", reads, batch_size=64)
    data = choice("dataset", "numbers", "parts.Numbers", n=4)
    model = choice("model", "slow", "parts.Parity", passes=str(tmp_path), sleep_s=6.0)
    hasty = choice("metric", "hasty", "parts.Hits", Runtime(timeout_s=1.0), name="hasty")
    patient = choice("metric", "patient", "parts.Hits", Runtime(timeout_s=600.0), name="patient")
    items = planned(*(Combination(capability, (data,), (model,), (metric,)) for metric in (patient, hasty)))
    outcome = ray_bench.run(items)
    assert (outcome.counts["completed"], outcome.counts["timeout"]) == (1, 1)
    assert len(list(tmp_path.glob("pass-*"))) == 1
    keys = [item.fingerprint for item in items]
    statuses = assert_nothing_lost(ray_bench.store, keys, completed=keys[:1], tidy=False)
    assert statuses[keys[1]] == ["timeout"]
