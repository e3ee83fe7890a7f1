"""How one combination is run: the runtime fields of its parts combined with the settings of the sweep. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sweeper.vocabulary import Combination

Shape = tuple[tuple[str, float], ...]
"""The resources that a task asks for, as a key."""


@dataclass(frozen=True)
class Defaults:
    """What the root of the config says; a part's `_sweep_` may say otherwise."""

    retries: int = 0
    retry_exceptions: bool = False
    timeout_s: float | None = None
    max_same_error: int | None = None


@dataclass(frozen=True)
class Limits:
    """What holds for one combination."""

    resources: Mapping[str, float]
    retries: int
    retry_exceptions: bool
    timeout_s: float | None
    max_same_error: int | None = None
    """After so many failures in a row of one choice, all alike, what remains of it is left out."""


def combine(combination: Combination, defaults: Defaults) -> Limits:
    """Resources, `retries`: the maximum of what the parts say; `timeout_s`, `max_same_error`: the minimum.

    What no part says comes from the settings, and one CPU where nobody speaks of CPUs.
    """
    runtimes = [part.runtime for part in combination.choices]
    timeouts = [r.timeout_s for r in runtimes if r.timeout_s is not None]
    retries = [r.retries for r in runtimes if r.retries is not None]
    alike = [r.max_same_error for r in runtimes if r.max_same_error is not None]
    exceptions = [r.retry_exceptions for r in runtimes if r.retry_exceptions is not None]
    return Limits(
        resources=_maxima(r.resources for r in runtimes if r.resources),
        retries=max(retries, default=defaults.retries),
        retry_exceptions=any(exceptions) if exceptions else defaults.retry_exceptions,
        timeout_s=min(timeouts, default=defaults.timeout_s),
        max_same_error=min(alike, default=defaults.max_same_error),
    )


def _maxima(resources: Iterable[Mapping[str, float]]) -> dict[str, float]:
    most: dict[str, float] = {"num_cpus": -1.0}
    for wanted in resources:
        for name, amount in wanted.items():
            most[name] = max(most.get(name, 0.0), amount)
    if most["num_cpus"] < 0:
        most["num_cpus"] = 1.0
    return most


def shape(resources: Mapping[str, float]) -> Shape:
    """The same for the same resources, in whatever order."""
    return tuple(sorted(resources.items()))
