"""Which errors of Ray say that a run is lost."""

from __future__ import annotations

from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    TaskCancelledError,
    WorkerCrashedError,
)

from sweeper.jobs.ray_simple.session import RayGoneError
from sweeper.messages.failures import RunStoppedError

LOST = (
    WorkerCrashedError,
    LocalRayletDiedError,
    NodeDiedError,
    OutOfMemoryError,
    ObjectLostError,
    TaskCancelledError,
    RunStoppedError,
    RayGoneError,
)
"""Ends in which the code of the run had no say. A task that is cancelled was interrupted by somebody else."""
