"""What one sweep asked for, as plain data: enough to run the rest of it later, whatever the config says by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sweeper.common.columns import Column
from sweeper.messages.requirements import Requirement


class AskedChoice(NamedTuple):
    """One choice, once however many combinations have it."""

    axis: str
    name: str
    base: str
    spec: str
    """Canonical JSON, as it was hashed."""
    runtime: str
    """What `_sweep_` said of it, as JSON."""


@dataclass(frozen=True)
class SweepHeader:
    """A sweep apart from its combinations. Nothing in it is secret: who makes one leaves secrets out."""

    sweep_id: str
    name: str
    began: datetime
    """UTC."""
    sweeper_version: str = ""
    working_folder: str = ""
    """Where relative paths of its specs were looked up."""
    overrides: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    """The runtime fields of its config's root, apart from where the store is."""
    same: tuple[tuple[str, str, str], ...] = ()
    """An axis, a name of which combinations were dropped as duplicates, and the name that stands for it."""
    resumes: tuple[str, ...] = ()
    """The sweep that it resumed, before it that which this one had resumed, and so on."""
    requirements: tuple[Requirement, ...] = ()
    """What it required of its values; older versions wrote none."""


@dataclass(frozen=True)
class AskedSweep:
    """Every combination that a sweep covered, in its order: one entry for each in every column."""

    header: SweepHeader
    choices: Sequence[AskedChoice]
    fingerprints: Sequence[str]
    columns: Mapping[str, Column[tuple[int, ...]]]
    """By axis: the set of choices that stands on it, by their places in `choices`."""
    run: Sequence[bool]
    """Whether it was to run; what was not was skipped."""
    reasons: Sequence[str]
