"""Submit capability runs as jobs: `configure_job_backend`, `submit_capability`, and handles to wait on.

Importing this package does not import Ray: that happens when a `ray-simple` backend is made or its class is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.common.later_names import later_names
from sweeper.errors import (
    BackpressureError,
    JobCancelledError,
    JobError,
    JobFailedError,
    JobSubmissionError,
    JobTimeoutError,
    RunArtifactNotAvailableError,
)
from sweeper.jobs.api import (
    backend_maker,
    configure_job_backend,
    get_job,
    import_ahead,
    list_jobs,
    shutdown_job_backend,
    submit_capability,
)
from sweeper.jobs.locations import AnalyticsStoreConfig, ArtifactStoreConfig
from sweeper.jobs.protocol import Job, JobBackend, JobStatus
from sweeper.jobs.provenance import configure_provenance
from sweeper.messages.receipts import CapabilityRunRef, Report

if TYPE_CHECKING:
    from sweeper.jobs.inline import InlineJob, InlineJobBackend
    from sweeper.jobs.ray_simple import RaySimpleJob, RaySimpleJobBackend

__all__ = [
    "AnalyticsStoreConfig",
    "ArtifactStoreConfig",
    "BackpressureError",
    "CapabilityRunRef",
    "InlineJob",
    "InlineJobBackend",
    "Job",
    "JobBackend",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "JobStatus",
    "JobSubmissionError",
    "JobTimeoutError",
    "RaySimpleJob",
    "RaySimpleJobBackend",
    "Report",
    "RunArtifactNotAvailableError",
    "backend_maker",
    "configure_job_backend",
    "configure_provenance",
    "get_job",
    "import_ahead",
    "list_jobs",
    "shutdown_job_backend",
    "submit_capability",
]

_HOMES = {
    "InlineJob": "sweeper.jobs.inline",
    "InlineJobBackend": "sweeper.jobs.inline",
    "RaySimpleJob": "sweeper.jobs.ray_simple",
    "RaySimpleJobBackend": "sweeper.jobs.ray_simple",
}

if not TYPE_CHECKING:  # a type checker that saw `__getattr__` would take every name
    __getattr__, __dir__ = later_names(__name__, _HOMES, __all__)
