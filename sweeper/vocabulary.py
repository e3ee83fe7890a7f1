"""The vocabulary that every layer shares: axes, arity, choices and combinations, as frozen plain data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sweeper.common.globs import SEPARATOR

AXES = ("capability", "dataset", "model", "metric")
"""The four config groups of a sweep, in the order in which a combination is named."""
NAME_SEPARATOR = SEPARATOR
"""Joins the names of several choices on one axis. A glob that contains it is compared name by name, in order."""


class Arity(enum.Enum):
    """How many parts of one axis a capability takes; names and meaning as in checkmaite's `Number`."""

    ZERO = "ZERO"
    ONE = "ONE"
    TWO = "TWO"
    MANY = "MANY"


@dataclass(frozen=True)
class Runtime:
    """What `_sweep_` says of a choice: how it is run, never what it is. `None` means: not said."""

    task: str | None = None
    arity: Mapping[str, Arity] | None = None
    """For a capability: `{"datasets": ..., "models": ..., "metrics": ...}`."""
    reads_predictions: bool | None = None
    predictions_depend_on: tuple[str, ...] | None = None
    """Keys of a capability's spec that change the predictions it reads (its augmentation, say); `None`: all of them."""
    resources: Mapping[str, float] = field(default_factory=dict[str, float])
    """`num_cpus`, `num_gpus` and custom Ray resources."""
    retries: int | None = None
    retry_exceptions: bool | None = None
    timeout_s: float | None = None
    max_in_flight: int | None = None
    max_same_error: int | None = None
    report: float | None = None
    """For a capability: what its run's `collect_md_report` is given as `threshold`; `None` asks for no report."""
    label_space: str | None = None
    """How names of classes of a dataset and a model are compared: `strict`, `subset` (the default) or `ignore`."""
    soft_targets: bool | None = None
    """Whether targets may be distributions over the classes, whose largest entry then counts."""
    shards: bool | None = None
    """False where one worker has to make all batches of an inference, in their order; otherwise several may."""
    read_ahead: int | None = None
    """For a dataset: how many threads may read it while the model works; `None` leaves that to its class."""
    files: tuple[str, ...] = ()
    """Paths whose content belongs to the `data` revision of a choice."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One named spec on one axis: a choice of a config group, or one variant of it."""

    axis: str
    name: str
    """As printed and stored: `svm`, or `svm[estimator.C=0.1]` for a variant."""
    spec: Mapping[str, Any]
    """Resolved plain data with `_target_`; `_sweep_` is removed at every depth."""
    canonical: str
    """Canonical JSON of `spec`; equal specs have equal text."""
    digest: str
    """SHA-256 of `canonical`, hexadecimal."""
    base: str = ""
    """Name of the choice without its variant suffix; equals `name` where nothing is swept."""
    runtime: Runtime = field(default_factory=Runtime)
    former: FormerChoice | None = None


@dataclass(frozen=True, eq=False)
class FormerChoice:
    """What older versions made of a choice whose numbers they converted: a result may be stored under it."""

    choice: Choice
    notes: tuple[str, ...]
    """What to say where there is one: `model.svm.estimator.C=10: stored as 10.0; type 10.0 to reuse it`."""


class Combination(NamedTuple):
    """One point of the grid. Axes that the capability does not cross are empty tuples."""

    capability: Choice
    datasets: tuple[Choice, ...]
    models: tuple[Choice, ...]
    metrics: tuple[Choice, ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        return (self.capability, *self.datasets, *self.models, *self.metrics)

    @property
    def names(self) -> tuple[str, str, str, str]:
        """What its parts are called, axis by axis as `attempts` stores it; empty where an axis is not crossed."""
        return self.capability.name, joined_names(self.datasets), joined_names(self.models), joined_names(self.metrics)

    def label(self) -> str:
        """One line for people: `evaluate · digits · svm · accuracy`."""
        return " · ".join(name for name in self.names if name)


def joined_names(choices: tuple[Choice, ...]) -> str:
    """What the choices on one axis are called together."""
    return choices[0].name if len(choices) == 1 else NAME_SEPARATOR.join(choice.name for choice in choices)
