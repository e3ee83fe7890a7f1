"""Which resources a submission asks for, decided from the most to the least explicit word on it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

DEFAULTS: Mapping[str, float] = {"num_cpus": 1.0, "num_gpus": 0.0}


def resolve(resources: object, config: object, capability: object) -> dict[str, float]:
    """Resources of one run, each name decided by itself.

    `num_cpus` and `num_gpus` come from `resources`, else from `config` (attribute or key), else from the capability's
    `default_num_cpus` and `default_num_gpus`, else 1 CPU and no GPU. Fractions are kept. Every other name in
    `resources` (`memory` in bytes, custom resources of the cluster) is passed on.

    Raises
    ------
    TypeError, ValueError
        An amount is no number, negative, not finite, or a fraction of GPUs above one.
    """
    asked = _mapping(resources)
    chosen = {
        name: _first(asked.get(name), _declared(config, name), _declared(capability, f"default_{name}"))
        for name in DEFAULTS
    }
    merged = {**asked, **{name: DEFAULTS[name] if amount is None else amount for name, amount in chosen.items()}}
    return {name: _checked(name, amount) for name, amount in merged.items() if amount is not None}


def options(resources: Mapping[str, float]) -> dict[str, object]:
    """The same as keyword arguments of a Ray task: custom names move under `resources`."""
    known = {name: amount for name, amount in resources.items() if name in ("num_cpus", "num_gpus", "memory")}
    custom = {name: amount for name, amount in resources.items() if name not in known}
    return {**known, "resources": custom} if custom else {**known}


def _mapping(resources: object) -> Mapping[str, object]:
    if resources is None:
        return {}
    if not isinstance(resources, Mapping):
        raise TypeError(
            f"resources is {resources!r}; it must be a mapping such as {{'num_cpus': 0.5, 'num_gpus': 0.25}}."
        )
    return resources


def _first(*amounts: object) -> object:
    return next((amount for amount in amounts if amount is not None), None)


def _declared(owner: object, name: str) -> object:
    return owner.get(name) if isinstance(owner, Mapping) else getattr(owner, name, None)


def _checked(name: str, amount: object) -> float:
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise TypeError(f"{name} is {amount!r}; it must be a number.")
    if not math.isfinite(amount) or amount < 0:
        raise ValueError(f"{name} is {amount:g}; it must be zero or more, and finite.")
    if name == "num_gpus" and amount > 1 and not float(amount).is_integer():
        raise ValueError(f"num_gpus is {amount:g}; Ray gives fractions of one GPU (0.25) or whole GPUs (2).")
    return float(amount)
