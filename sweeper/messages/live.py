"""Live objects in the place of specs: what a caller in Python hands over, and by what it is known again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LIVE_TARGET = "sweeper.Live"
"""The `_target_` of the spec of a live object. It is never built: the object travels itself."""


@dataclass(frozen=True)
class Live:
    """An object for an axis of `sweeper.sweep` and `sweeper.plan`, with what identifies it beside its id.

    A dataset, model or metric has its id in `metadata["id"]`, a capability in `id`. Id and revision are its identity:
    who changes the object gives it another revision.
    """

    item: object
    """A MAITE dataset, model or metric, or a capability."""
    revision: str | int | None = None
    """Text or number. Without one, no stored result is reused for the object, so that `rerun` must be `all`."""
    config: Mapping[str, object] | None = None
    """For a capability: what its `run` is given as `config`, as plain data; it is part of the identity."""
    sweep: Mapping[str, object] = field(default_factory=dict[str, object])
    """How it is run, as under `_sweep_` of a choice: `{"task": ..., "resources": ..., "arity": ...}`."""
