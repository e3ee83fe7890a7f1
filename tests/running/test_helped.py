"""What the driver learns of those who helped with an inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sweeper.jobs import JobStatus
from sweeper.running.help import AGAIN_S, Helped


@dataclass(eq=False)
class Ended:
    came_early: bool
    status: JobStatus = JobStatus.COMPLETED


def learned(*early: bool, now: float = 100.0) -> Helped:
    helped = Helped({}, now)
    jobs: list[Any] = [Ended(came_early) for came_early in early]
    helped.jobs += jobs
    helped.learn(now)
    return helped


def test_many_who_came_early_make_one_pause():
    assert learned(*[True] * 15).not_before == 100.0 + AGAIN_S
    assert learned(True).pause_s == 2 * AGAIN_S


def test_who_was_not_needed_is_not_followed_whoever_came_early():
    assert learned(True, False).not_before == learned(False, True).not_before == float("inf")
