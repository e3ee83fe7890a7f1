"""Where values come from, as frozen plain data: what names stand for, what sweeps asked for, where attempts ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sweeper.report.definitions import Definitions
from sweeper.revision.recorded_paths import decode
from sweeper.vocabulary import AXES

NamesKey = tuple[str, ...]
"""The names of a combination on the four axes."""


@dataclass(frozen=True)
class NamedSpec:
    """What a name stood for."""

    axis: str
    name: str
    base: str
    """The choice that it is a variant of."""
    spec: str
    """Canonical JSON."""
    sweeps: tuple[str, ...] = ()
    """The ids of the sweeps in which it stood for that; none where no sweep tells."""


@dataclass(frozen=True)
class AskedFor:
    """What one sweep was told."""

    sweep_id: str
    name: str
    sweeper_version: str
    working_folder: str
    overrides: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    resumes: tuple[str, ...]


@dataclass(frozen=True)
class Environment:
    """Where and with what some attempts of one sweep ran."""

    sweep_id: str
    host: str
    sweeper_version: str
    libraries: str
    code: str
    attempts: int
    began: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class ShownAttempt:
    """The attempt that measured values which are shown."""

    names: NamesKey
    attempt_id: str
    fingerprint: str
    sweep_id: str
    ended: datetime | None
    seconds: float | None
    inference_seconds: float | None
    data: str
    """The revision of the files that its specs name; empty where they name none."""
    log_uri: str | None

    @property
    def files(self) -> list[tuple[str, str]]:
        """Path and digest of each file or folder that its specs name."""
        return [(entry.path, entry.content) for entry in decode(self.data or None)]

    @property
    def named(self) -> list[tuple[str, str]]:
        """Axis and name, of each axis that is crossed."""
        return [(axis, name) for axis, name in zip(AXES, self.names, strict=True) if name]


@dataclass(frozen=True)
class Provenance:
    """All of it. Each number after a sequence tells how many more there are."""

    specs: tuple[NamedSpec, ...] = ()
    more_specs: int = 0
    asked: tuple[AskedFor, ...] = ()
    environments: tuple[Environment, ...] = ()
    more_environments: int = 0
    attempts: tuple[ShownAttempt, ...] = ()
    more_attempts: int = 0
    environment_of: Mapping[NamesKey, int] = field(default_factory=dict[NamesKey, int])
    """By the names of a combination that completed, the place of its environment among all that there are."""
    definitions: Definitions = field(default_factory=Definitions)
    """What the quantities mean that these capabilities and metrics measure."""
