"""What a user hands to `submit_capability`, checked and made into a request. Starts nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeGuard

from sweeper.errors import near_match
from sweeper.jobs import provenance, resources
from sweeper.messages.requests import Provenance, RunRequest, StoreLocation

REPORT_THRESHOLD = 0.5
MAX_NAME_BYTES = 256
OWN_KEYWORDS = ("resources", "job_name", "report_threshold", "provenance", "predictions")
_NO_CACHE = (
    "use_cache=True is not supported in job submission mode: a worker is short-lived and shares no cache with this "
    "process, so a job always runs with use_cache=False. To reuse results, read them from the analytics store, or run "
    "a sweep with rerun=missing."
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
    artifacts: StoreLocation | None,
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
        artifacts=artifacts,
        provenance=_provenance(own.get("provenance")),
        report_threshold=_threshold(own.get("report_threshold", REPORT_THRESHOLD)),
        extra=kwargs,
    )
    amounts = resources.resolve(own.get("resources"), config, capability)
    return Submission(request, amounts, _name(own.get("job_name"), checked.id), own.get("predictions"))


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
                f"submit_capability got {name!r}, which neither it nor {type(capability).__name__}.run takes."
                f"{near_match(name, allowed)} Allowed: {', '.join(dict.fromkeys(allowed))}."
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
        raise TypeError(f"job_name must be a string or None, for the capability's id; got {job_name!r}.")
    name = name.strip()
    if not name:
        raise ValueError(f"job_name must be non-empty when provided; got {job_name!r}.")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"job_name must be at most {MAX_NAME_BYTES} UTF-8 bytes; got {len(name.encode())}.")
    return name
