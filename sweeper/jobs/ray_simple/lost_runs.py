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
from sweeper.messages.failures import PredictionsLostError, RunStoppedError

LOST = (
    WorkerCrashedError,
    LocalRayletDiedError,
    NodeDiedError,
    OutOfMemoryError,
    ObjectLostError,
    TaskCancelledError,
    RunStoppedError,
    PredictionsLostError,
    RayGoneError,
)
"""Ends in which the code of the run had no say. A task that is cancelled was interrupted by somebody else."""
LACKED_PREDICTIONS = (ObjectLostError, PredictionsLostError)
"""Of these, the ends of runs that could not read their predictions."""
