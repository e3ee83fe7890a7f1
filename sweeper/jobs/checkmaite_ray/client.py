"""What is used of checkmaite: its backend `ray`, and the handles that it gives. Imported where it is needed."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sweeper.jobs.checkmaite_ray.carrier import Carrier

NAMESPACE = "sweeper"
"""The Ray namespace of the registry. Its settings must be those of whoever started it, so it is not checkmaite's."""
SETTINGS: Mapping[str, object] = {
    "registry_namespace": NAMESPACE,
    "registry_startup_timeout_s": 300.0,
    "controller_startup_timeout_s": 300.0,
    "registry_reservation_ttl_s": 600.0,
    "registry_update_timeout_s": 30.0,
    "controller_num_cpus": 0.0,
    "controller_retention_s": 10.0,
    "scheduling_timeout_s": 30 * 24 * 3600.0,
}
"""An actor of checkmaite imports torch before it answers, which takes 10 s to a minute where all processors are busy.

The actor of a job ends soon after its job, since it takes as much memory as a worker, and takes no share of a processor
from the runs. A job may wait as long as it must for its place: what limits a sweep is its window.
"""
NO_STORE = "memory://sweeper"
"""checkmaite writes nothing: the run does, to the sweep's store."""


class Status(Protocol):
    """A status of checkmaite."""

    @property
    def value(self) -> str: ...


class Reference(Protocol):
    """What a completed job of checkmaite returns."""

    @property
    def run_uid(self) -> str: ...
    @property
    def capability_id(self) -> str: ...


class Remote(Protocol):
    """A handle of checkmaite on one job."""

    @property
    def job_id(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def scheduling_info(self) -> Mapping[str, datetime | None]: ...
    def result(self, timeout: float | None = None) -> Reference: ...
    def exception(self) -> BaseException | None: ...
    def cancel(self) -> bool: ...


class Client(Protocol):
    """checkmaite's backend in this process."""

    def submit_capability(self, capability: Carrier, *, job_name: str, resources: Mapping[str, float]) -> Remote: ...
    def list_jobs(self, limit: int | None = None) -> Sequence[Remote]: ...


def connect(scope: str) -> Client:
    """The backend `ray` of checkmaite, with the jobs of one scope; the registry is started where it does not run.

    Raises
    ------
    RuntimeError
        The registry cannot be started, or is one with other settings.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch, about code of the libraries that checkmaite imports
        jobs: Any = import_module("checkmaite.jobs")
    # reports lie in the sweep's store, so nothing is ever written to the place of artifacts
    places = {"analytics_store": {"uri": NO_STORE}, "artifact_store": {"uri": tempfile.gettempdir()}}
    return jobs.RayJobBackend(**places, **SETTINGS, idempotency_scope=scope)
