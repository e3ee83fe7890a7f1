"""What of a cluster's resources a task can have, and how many such tasks at once. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

ROUNDING = 1e-9
"""What sums and quotients of the same numbers may differ by: three tenths are three times one tenth."""


def unschedulable_reason(resources: Mapping[str, float], cluster: Mapping[str, float]) -> str | None:
    """What a combination asks for that no cluster of these totals can ever give, in words; `None` if it fits."""
    for name, amount in resources.items():
        has = cluster.get(_rays(name), 0.0)
        if amount > has:
            return f"it needs {name}={amount:g} and no node of the cluster has more than {has:g}"
    return None


def max_parallel(resources: Mapping[str, float], nodes: Iterable[Mapping[str, float]]) -> int:
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
