"""How one combination is run: the runtime fields of its parts combined with the settings of the sweep. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sweeper.spec import Combination

ROUNDING = 1e-9
"""What sums and quotients of the same numbers may differ by: three tenths are three times one tenth."""
Shape = tuple[tuple[str, float], ...]
"""The resources that a task asks for, as a key."""


@dataclass(frozen=True)
class Defaults:
    """What the root of the config says; a part's `_sweep_` may say otherwise."""

    retries: int = 0
    retry_exceptions: bool = False
    timeout_s: float | None = None


@dataclass(frozen=True)
class Limits:
    """What holds for one combination."""

    resources: Mapping[str, float]
    retries: int
    retry_exceptions: bool
    timeout_s: float | None


def combine(combination: Combination, defaults: Defaults) -> Limits:
    """Resources: the maximum of each; `timeout_s`: the minimum; `retries`: the maximum of what the parts say.

    What no part says comes from the settings, and one CPU where nobody speaks of CPUs.
    """
    runtimes = [part.runtime for part in combination.parts]
    timeouts = [r.timeout_s for r in runtimes if r.timeout_s is not None]
    retries = [r.retries for r in runtimes if r.retries is not None]
    exceptions = [r.retry_exceptions for r in runtimes if r.retry_exceptions is not None]
    return Limits(
        resources=_maxima(r.resources for r in runtimes if r.resources),
        retries=max(retries, default=defaults.retries),
        retry_exceptions=any(exceptions) if exceptions else defaults.retry_exceptions,
        timeout_s=min(timeouts, default=defaults.timeout_s),
    )


def _maxima(resources: Iterable[Mapping[str, float]]) -> dict[str, float]:
    most: dict[str, float] = {"num_cpus": -1.0}
    for wanted in resources:
        for name, amount in wanted.items():
            most[name] = max(most.get(name, 0.0), amount)
    if most["num_cpus"] < 0:
        most["num_cpus"] = 1.0
    return most


def unschedulable(resources: Mapping[str, float], cluster: Mapping[str, float]) -> str | None:
    """What a combination asks for that no cluster of these totals can ever give, in words; `None` if it fits."""
    for name, amount in resources.items():
        has = cluster.get(_rays(name), 0.0)
        if amount > has:
            return f"it needs {name}={amount:g} and no node of the cluster has more than {has:g}"
    return None


def shape(resources: Mapping[str, float]) -> Shape:
    """The same for the same resources, in whatever order."""
    return tuple(sorted(resources.items()))


def slots(resources: Mapping[str, float], nodes: Iterable[Mapping[str, float]]) -> int:
    """How many tasks that ask for this run at once on nodes of these totals; at least 1."""
    needs = {_rays(name): amount for name, amount in resources.items() if amount > 0}
    if not needs:
        return sys.maxsize
    fit = (min(_times(name, node.get(name, 0.0), amount) for name, amount in needs.items()) for node in nodes)
    return max(1, sum(fit))


def _times(name: str, has: float, amount: float) -> int:
    """How often an amount can be taken of what a node has; a share of a GPU is all of one device."""
    if name == "GPU" and amount < 1:
        return int(has) * _times("", 1.0, amount)
    return int(has / amount + ROUNDING)


def _rays(name: str) -> str:
    """What Ray calls a resource of a node that a task asks for by `name`."""
    return {"num_cpus": "CPU", "num_gpus": "GPU"}.get(name, name)
