"""What the user should know about a config that is right but may not be what was meant, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sweeper.config.composition import Composed
from sweeper.config.number_types import equal_numbers
from sweeper.config.settings import Settings
from sweeper.planning.grid import Part

Parts = Mapping[str, Sequence[Part]]
"""The selected choices by axis."""


def notes_on(composed: Composed, settings: Settings, parts: Parts) -> list[str]:
    """All notes on one config."""
    return [
        *_unused_params(composed),
        *_swept_without_effect(composed, parts),
        *_alike_but_for_type(composed, parts),
        *_settings_without_effect(settings, parts),
    ]


def _unused_params(composed: Composed) -> Iterator[str]:
    """As in Hydra, the params of the sweeper count in a multirun only."""
    if composed.params and not composed.is_multirun:
        yield f"hydra.sweeper.params ({', '.join(composed.params)}) need --multirun or hydra.mode: MULTIRUN"


def _swept_without_effect(composed: Composed, parts: Parts) -> Iterator[str]:
    """Keys whose values make no difference; one that is given a single value, as by choice(1), is set and not swept."""
    used = _keys_of(parts)
    swept = composed.sorted.swept
    with_one_value = {s.key for s in swept if len({repr(override.value()) for override in s.overrides}) == 1}
    for key, count in composed.values.items():
        if count > 1 and key not in used | with_one_value:
            yield f"{key} is swept and changes none of the selected choices"


def _alike_but_for_type(composed: Composed, parts: Parts) -> Iterator[str]:
    """Swept values that are the same number with two types, such as 1 and 1.0: seldom meant."""
    used = _keys_of(parts)
    for swept in composed.sorted.swept:
        for group in equal_numbers([override.value() for override in swept.overrides]) if swept.key in used else ():
            yield f"{swept.key}: {' and '.join(group)} differ only in the type of a number; each is a variant"


def _keys_of(parts: Parts) -> set[str]:
    return {key for axis in parts.values() for part in axis for key in part.keys}


def _settings_without_effect(settings: Settings, parts: Parts) -> Iterator[str]:
    """What the backend cannot do, where it is asked for."""
    backend = settings.job_backend
    if backend.kind == "ray" and settings.persist_predictions:
        yield "no effect with job_backend.kind=ray, which shares no predictions: predictions.persist"
    if backend.kind == "ray" and settings.outcomes:
        yield "no effect with job_backend.kind=ray, which shares no predictions: outcomes"
    if backend.kind != "inline":
        return
    choices = [choice for axis in parts.values() for part in axis for choice in part.variants.values()]
    limits = [settings.timeout_s, *(choice.runtime.timeout_s for choice in choices)]
    is_set = {
        "timeout_s": any(limit is not None for limit in limits),
        "job_backend.address": backend.address is not None,
        "job_backend.num_cpus": backend.num_cpus is not None,
        "job_backend.runtime_env": bool(backend.runtime_env),
    }
    keys = ", ".join(key for key, is_one in is_set.items() if is_one)
    if keys:
        yield f"no effect with job_backend.kind=inline, which runs everything in this process: {keys}"
