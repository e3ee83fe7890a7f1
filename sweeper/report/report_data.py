"""What the report says, as frozen plain data: all that stands between reading the store and writing the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sweeper.comparison.judged import JudgedModel
from sweeper.messages.ending import Omission
from sweeper.report.changes import Against
from sweeper.report.costs import Costs
from sweeper.report.leaderboard import Leaderboard
from sweeper.report.model_errors import ModelErrors
from sweeper.report.provenance import Provenance
from sweeper.report.sweep_states import SweepState


@dataclass(frozen=True)
class Names:
    """The choices of one combination; empty where an axis is not crossed."""

    capability: str
    dataset: str
    model: str
    metric: str

    def label(self) -> str:
        """One line for people: `evaluate · digits · svm · accuracy`."""
        return " · ".join(name for name in (self.capability, self.dataset, self.model, self.metric) if name)


@dataclass(frozen=True)
class Sweep:
    """One sweep that the report covers."""

    id: str
    name: str
    began: datetime | None
    ended: datetime | None
    attempts: int
    completed: int
    """How many of its attempts completed."""


@dataclass(frozen=True)
class ValueAtStrength:
    """A value that was measured at one strength of a condition."""

    capability: str
    dataset: str
    model: str
    measure: str
    parameter: str
    """What is varied: `severity`, or the parameter that the key names."""
    strength: float
    value: float | None
    higher_is_better: bool | None
    metric: str = ""
    bounds: tuple[float, float] | None = None
    """Of its interval; `None` where it has none."""


@dataclass(frozen=True)
class Incomplete:
    """A combination without a completed attempt, by its newest one, whose names did not complete after that.

    Or one that completed and failed since.
    """

    names: Names
    status: str
    error_type: str
    message: str
    """That of the innermost cause, whole unless it is long."""
    traceback: str
    log_uri: str | None
    shown: str | None = None
    """Where the page shows values under the same names: of an `earlier spec`, or of an `earlier attempt` of its own."""
    sweep: str = ""
    """The name of the sweep that made the attempt."""


@dataclass(frozen=True)
class Rerun:
    """How to run again what did not complete for one reason."""

    sweep_id: str
    """The sweep to resume."""
    rule: str | None
    """What of it has this cause, as the override `only` has it; `None` where nothing else is left of it."""
    count: int
    """How many combinations that are."""


@dataclass(frozen=True)
class FailureCause:
    """Combinations with one reason: their messages differ in numbers, ids, paths and names alone."""

    count: int
    shown: tuple[Incomplete, ...]
    """The first of them; there is at least one."""
    rerun: Rerun | None
    """`None` where no short rule tells them from the rest, or no sweep can be resumed."""


@dataclass(frozen=True)
class FailureCauses:
    """The causes of what did not complete, that of most combinations first."""

    causes: tuple[FailureCause, ...] = ()
    beyond: int = 0
    """How many combinations have other causes than these."""


@dataclass(frozen=True)
class RunReport:
    """The report that a run made of itself."""

    names: Names
    uri: str
    markdown: str | None = None
    """`None` where it is not shown, and then `note` says why."""
    note: str = ""
    sweep: str = ""


@dataclass(frozen=True)
class NotRun:
    """What one sweep left out."""

    sweep: Sweep
    left_out: tuple[Omission, ...]
    has_ended: bool
    """False where it runs still, or died without a word; then it is not known what it left out."""


@dataclass(frozen=True)
class Required:
    """What one sweep required of its values, and the verdicts by the values that the store has now."""

    sweep_id: str
    sweep_name: str
    verdicts: tuple[JudgedModel, ...]


@dataclass(frozen=True)
class ReportData:
    """Everything that the page says. Each number after a sequence tells how many more there are."""

    store: str
    sweep: str | None
    """The id or name of the sweeps that were asked for; `None` for the whole store."""
    made_at: datetime
    running: tuple[SweepState, ...]
    """Of the sweeps that were asked for, those that began within a day and have not said that they ended."""
    counts: Mapping[str, int]
    """How many combinations the page shows, by status: those whose values stand, and those that did not complete."""
    older: int
    """Results that are neither shown nor counted: one with the same names and another spec is newer."""
    sweeps: tuple[Sweep, ...]
    more_sweeps: int
    not_run: tuple[NotRun, ...]
    """Of those sweeps that left out anything, or have not said that they ended."""
    required: Required | None
    """By the newest of these sweeps that required anything."""
    leaderboards: tuple[Leaderboard, ...]
    strengths: tuple[ValueAtStrength, ...]
    more_strengths: int
    """Further panels of values by strength that are not drawn."""
    incomplete: tuple[Incomplete, ...]
    more_incomplete: int
    failed: FailureCauses
    """Why these, and those that are only counted, did not complete."""
    reports: tuple[RunReport, ...]
    more_reports: int
    against: Against | None = None
    """What changed against a baseline, where one was asked for."""
    provenance: Provenance = field(default_factory=Provenance)
    costs: Costs = field(default_factory=Costs)
    model_errors: tuple[ModelErrors, ...] = ()
