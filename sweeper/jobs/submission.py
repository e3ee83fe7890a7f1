"""What a user hands to `submit_capability`, checked and made into a request. Starts nothing."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard

from sweeper.errors import near_match
from sweeper.jobs import provenance, resources
from sweeper.messages.requests import MACHINE, PROCESS, Provenance, RunRequest, StoreLocation

REPORT_THRESHOLD = 0.5
MAX_NAME_BYTES = 256
OWN_KEYWORDS = ("resources", "job_name", "report_threshold", "provenance", "predictions")
_STORE_KEYS = ("backend", "uri", "storage_options", "durability")
_NO_CACHE = (
    "use_cache=True is refused: a worker is short-lived and shares no cache with this process, so a job always runs "
    "with use_cache=False. To reuse results, read them from the analytics store, or run a sweep with rerun=missing."
)


class Capability(Protocol):
    """What a capability must have to be submitted."""

    @property
    def id(self) -> object: ...
    @property
    def run(self) -> Callable[..., object]: ...


@dataclass(frozen=True)
class Submission:
    """One checked call of `submit_capability`."""

    request: RunRequest
    resources: Mapping[str, float]
    name: str
    predictions: object = None
    """A handle of `predict` of the same backend, or `None`."""


def prepare(
    capability: object,
    store: StoreLocation,
    *,
    models: object = None,
    datasets: object = None,
    metrics: object = None,
    config: object = None,
    use_cache: object = False,
    **kwargs: object,
) -> Submission:
    """Check a submission. Parameters and errors as in `sweeper.jobs.submit_capability`."""
    if use_cache:
        raise ValueError(_NO_CACHE)
    checked = _checked_capability(capability)
    own = {name: kwargs.pop(name) for name in OWN_KEYWORDS if name in kwargs}
    _check_extra(checked, kwargs)
    request = RunRequest(
        capability=capability,
        datasets=_parts("datasets", datasets),
        models=_parts("models", models),
        metrics=_parts("metrics", metrics),
        config=config,
        store=store,
        provenance=_provenance(own.get("provenance")),
        report_threshold=_threshold(own.get("report_threshold", REPORT_THRESHOLD)),
        extra=kwargs,
    )
    amounts = resources.resolve(own.get("resources"), config, capability)
    return Submission(request, amounts, _name(own.get("job_name"), checked.id), own.get("predictions"))


def store_location(analytics_store: object) -> StoreLocation:
    """Where results go, from `{"backend": "parquet", "uri": ..., "storage_options": {...}}`, a URI or a path.

    A relative path is taken from the working directory of this process, wherever the workers run.

    Raises
    ------
    TypeError, ValueError
        Nothing that names a place, an unknown key, or a backend other than `parquet`.
    """
    if isinstance(analytics_store, StoreLocation):
        return replace(analytics_store, uri=_absolute(analytics_store.uri))
    if isinstance(analytics_store, str | os.PathLike):
        return StoreLocation(_absolute(os.fspath(analytics_store)))
    settings = _mapping(analytics_store)
    if unknown := [str(key) for key in settings if key not in _STORE_KEYS]:
        raise ValueError(
            f"analytics_store has the key {unknown[0]!r}; allowed: {', '.join(_STORE_KEYS)}."
            + near_match(unknown[0], _STORE_KEYS)
        )
    if (backend := settings.get("backend", "parquet")) != "parquet":
        raise ValueError(f"analytics_store backend is {backend!r}; the one there is is 'parquet'.")
    if not isinstance(uri := settings.get("uri"), str | os.PathLike) or not os.fspath(uri):
        raise ValueError(
            f"analytics_store needs a uri, such as './analytics_store' or 's3://bucket/store'; got {uri!r}."
        )
    options = settings.get("storage_options") or {}
    if not isinstance(options, Mapping):
        raise TypeError(f"analytics_store storage_options is {options!r}; it must be a mapping.")
    if (durability := settings.get("durability", PROCESS)) not in (PROCESS, MACHINE):
        raise ValueError(f"analytics_store durability is {durability!r}; allowed: {PROCESS}, {MACHINE}.")
    return StoreLocation(_absolute(os.fspath(uri)), dict(options), str(durability))


def _mapping(analytics_store: object) -> Mapping[str, object]:
    """A mapping, also out of a pydantic object such as checkmaite's `AnalyticsStoreConfig`."""
    if isinstance(analytics_store, Mapping):
        return analytics_store
    if callable(dump := getattr(analytics_store, "model_dump", None)):
        return _mapping(dump(mode="python"))
    raise TypeError(
        f"analytics_store is a {type(analytics_store).__name__}; give a mapping such as "
        "{'backend': 'parquet', 'uri': './analytics_store'}."
    )


def _absolute(uri: str) -> str:
    return uri if "://" in uri else os.path.abspath(os.path.expanduser(uri))


def _checked_capability(capability: object) -> Capability:
    if not _is_capability(capability):
        got = f"the class {capability.__name__}" if isinstance(capability, type) else f"a {type(capability).__name__}"
        raise TypeError(
            f"capability is {got}; it must be an object with `id` and "
            "`run(models, datasets, metrics, config, use_cache)`."
        )
    return capability


def _is_capability(item: object) -> TypeGuard[Capability]:
    return not isinstance(item, type) and callable(getattr(item, "run", None)) and hasattr(item, "id")


def _check_extra(capability: Capability, extra: Mapping[str, object]) -> None:
    """Further keywords go to the capability's `run`; what that does not take is refused now, not in the worker."""
    if not extra:
        return
    parameters = inspect.signature(capability.run).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return
    for name in extra:
        if name not in parameters:
            allowed = (*OWN_KEYWORDS, *parameters)
            raise TypeError(
                f"submit_capability got {name!r}, which neither it nor {type(capability).__name__}.run takes; "
                f"allowed: {', '.join(dict.fromkeys(allowed))}.{near_match(name, allowed)}"
            )


def _parts(axis: str, parts: object) -> tuple[object, ...]:
    if parts is None:
        return ()
    if not isinstance(parts, list | tuple):
        raise TypeError(f"{axis} is a {type(parts).__name__}; it must be a list: {axis}=[...].")
    return tuple(parts)


def _provenance(given: object) -> Provenance:
    if given is not None and not isinstance(given, Mapping | Provenance):
        raise TypeError(f"provenance is a {type(given).__name__}; it must be a mapping such as {{'user_id': 'ann'}}.")
    return provenance.resolve(given)


def _threshold(threshold: object) -> float | None:
    if threshold is not None and (isinstance(threshold, bool) or not isinstance(threshold, int | float)):
        raise TypeError(f"report_threshold is {threshold!r}; it must be a number, or None for no report.")
    return None if threshold is None else float(threshold)


def _name(job_name: object, capability_id: object) -> str:
    name = str(capability_id) if job_name is None else job_name
    if not isinstance(name, str):
        raise TypeError(f"job_name is {job_name!r}; it must be text, or None for the capability's id.")
    name = name.strip()
    if not name or len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"job_name is {job_name!r}; it must have 1 to {MAX_NAME_BYTES} bytes beside white space.")
    return name
