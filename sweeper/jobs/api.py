"""The active backend of this process, and the functions that notebooks use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from sweeper.errors import near_match
from sweeper.jobs.protocol import BackendSettings, Job, JobBackend, JobStatus, RunnerBackend
from sweeper.messages.receipts import CapabilityRunRef

if TYPE_CHECKING:
    from sweeper.jobs.checkmaite_ray.backend import CheckmaiteRayBackend
    from sweeper.jobs.inline import InlineJobBackend
    from sweeper.jobs.ray_simple import RaySimpleJobBackend
    from sweeper.messages.requests import StoreLocation

KINDS = ("ray-simple", "inline", "ray")
"""Kinds of backends that a sweep takes; `ray` is for sweeps alone."""
OF_CHECKMAITE = "ray"
DEFAULT_LIST_LIMIT = 100
B = TypeVar("B")

_active: JobBackend | None = None


def configure_job_backend(
    kind: str = "ray-simple", *, analytics_store: object, artifact_store: object = None, **kwargs: object
) -> None:
    """Make a backend the active one of this process.

    Jobs of the backend that was active before are not disturbed; their handles stay usable. If the new backend cannot
    be made, the one before stays active.

    Parameters
    ----------
    kind
        `"ray-simple"`: each run is one Ray task. `"inline"`: each run is a call in this process, for a debugger.
    analytics_store
        `{"backend": "parquet", "uri": ..., "storage_options": {...}}`, a URI or a path; a relative path is taken from
        the working directory of this process.
    artifact_store
        Where reports of more than 256 KiB go: `{"uri": ..., "storage_options": {...}}`, a URI or a path that every
        worker sees. `None` for a folder of the analytics store.
    **kwargs
        Parameters of the backend's class, such as `address`, `runtime_env`, `max_retries`, `force_reinit` and
        `cancel_grace_s` of `RaySimpleJobBackend`.

    Raises
    ------
    ValueError
        An unknown kind, or an analytics store or artifact store that names no place.
    TypeError
        A parameter that the backend does not have.
    """
    global _active
    backend = _backend_class(kind)(analytics_store, artifact_store=artifact_store, **kwargs)
    if _active is not None:
        _active.shutdown(wait=False)
    _active = backend


def submit_capability(
    capability: object,
    models: Sequence[object] | None = None,
    datasets: Sequence[object] | None = None,
    metrics: Sequence[object] | None = None,
    config: object = None,
    use_cache: bool = False,
    job_name: str | None = None,
    **kwargs: object,
) -> Job[CapabilityRunRef]:
    """Submit one run of a capability to the active backend and return its handle at once.

    Every call is a new job, also with the same arguments.

    Parameters
    ----------
    capability
        An object with `id` and `run(models, datasets, metrics, config, use_cache)` whose result has `run_uid`,
        `capability_id` and `extract()`; checkmaite's capabilities are such objects.
    models, datasets, metrics
        Lists of MAITE objects.
    config
        Handed to `run`; its `num_cpus` and `num_gpus`, if any, count as resources.
    use_cache
        Must be false: a worker shares no cache with this process.
    job_name
        Text for people, 1 to 256 bytes; by default the capability's id.
    **kwargs
        `resources`: mapping such as `{"num_cpus": 0.5, "num_gpus": 0.25}` with custom resources of the cluster, by
        default what `config` says, then the capability's `default_num_cpus` and `default_num_gpus`, then one CPU.
        `report_threshold`: handed to the run's `collect_md_report`, 0.5 by default, `None` for no report.
        `provenance`: mapping of columns of the run's row (see `configure_provenance`). `predictions`: a handle of
        `predict` of the same backend. Whatever else the capability's `run` takes.

    Raises
    ------
    RuntimeError
        No backend is configured.
    ValueError
        `use_cache=True`; an amount of resources that cannot be.
    TypeError
        An argument of the wrong type, or one that neither this function nor the capability's `run` takes.
    """
    parts = {"models": models, "datasets": datasets, "metrics": metrics}
    return _required().submit_capability(
        capability, **parts, config=config, use_cache=use_cache, job_name=job_name, **kwargs
    )


def list_jobs(
    limit: int | None = DEFAULT_LIST_LIMIT,
    status_filter: JobStatus | Sequence[JobStatus] | None = None,
    submitted_before_ts: float | None = None,
) -> Sequence[Job[CapabilityRunRef]]:
    """Jobs that the active backend object remembers, newest first; an empty list where none is configured.

    Parameters
    ----------
    limit
        At most so many; `None` for all.
    status_filter
        Only jobs with this status, or with one of these. Looking counts as an observation of each job.
    submitted_before_ts
        Only jobs submitted before this Unix time in seconds: the next page, given the oldest job of this one.

    Raises
    ------
    TypeError
        A filter of the wrong type.
    """
    return [] if _active is None else _active.list_jobs(limit, status_filter, submitted_before_ts)


def get_job(job_id: str) -> Job[CapabilityRunRef]:
    """The remembered job with this id.

    Raises
    ------
    KeyError
        The active backend object remembers no such job.
    RuntimeError
        No backend is configured.
    """
    return _required().get_job(job_id)


def shutdown_job_backend(wait: bool = True) -> None:
    """Leave the active backend; nothing happens where there is none.

    Parameters
    ----------
    wait
        Wait for the remembered jobs and shut down the Ray of this process; with `False` return at once and leave both
        as they are.
    """
    global _active
    if _active is not None:
        _active.shutdown(wait=wait)
        _active = None


def backend_maker(
    settings: BackendSettings, store: StoreLocation, resumed: str | None = None
) -> Callable[[], RunnerBackend]:
    """What makes a backend for one sweep from its `job_backend` settings, and starts Ray where that is its kind.

    What that needs is imported now. The backend is not made the active one. `resumed` is the id of the sweep that this
    one resumes.

    Raises
    ------
    ValueError
        An unknown kind.
    ConfigError
        What the kind needs is not there: checkmaite, or a cluster that is named.
    """
    if settings.kind == OF_CHECKMAITE:
        return partial(_of_checkmaite(settings), store, resumed=resumed)
    kind = _backend_class(settings.kind)
    return partial(kind, store) if settings.kind == "inline" else partial(_on_ray(kind, settings), store)


def _of_checkmaite(settings: BackendSettings) -> Callable[..., CheckmaiteRayBackend]:
    from sweeper.jobs.checkmaite_ray.needs import refuse_without

    refuse_without(settings.address)
    from sweeper.jobs.checkmaite_ray.backend import CheckmaiteRayBackend

    return _on_ray(CheckmaiteRayBackend, settings)


def _on_ray(kind: Callable[..., B], settings: BackendSettings) -> Callable[..., B]:
    return partial(
        kind,
        address=settings.address,
        runtime_env=settings.runtime_env,
        num_cpus=settings.num_cpus,
        start_timeout_s=settings.start_timeout_s,
        upload_limit=settings.upload_limit,
    )


def import_ahead(kind: str) -> None:
    """Import what a backend of this kind will import at its first submission; for who waits for it to start."""
    if kind == "ray-simple":
        from sweeper.jobs.ray_simple.session import import_ahead as of_ray

        of_ray()


def _required() -> JobBackend:
    if _active is None:
        raise RuntimeError(
            "No active job backend. Call configure_job_backend('ray-simple', "
            "analytics_store={'backend': 'parquet', 'uri': './analytics_store'}) before submitting jobs."
        )
    return _active


def _backend_class(kind: str) -> Callable[..., RaySimpleJobBackend | InlineJobBackend]:
    """The class of a kind; Ray is imported only for the kind that needs it."""
    if kind == "ray-simple":
        from sweeper.jobs.ray_simple import RaySimpleJobBackend

        return RaySimpleJobBackend
    if kind == "inline":
        from sweeper.jobs.inline import InlineJobBackend

        return InlineJobBackend
    if kind == OF_CHECKMAITE:
        raise ValueError(
            "The kind 'ray' is for sweeps (job_backend.kind=ray). To submit by hand through checkmaite, call "
            "checkmaite.jobs.configure_job_backend('ray', ...); here there are ray-simple and inline."
        )
    hint = near_match(str(kind), KINDS)
    raise ValueError(f"Unknown job backend: {kind!r}.{hint} The kinds are {', '.join(KINDS)}.")
