"""How combinations ended, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """How an attempt ended, as it is stored and shown; `NOT_ATTEMPTED` counts combinations that have no attempt."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    LOST = "lost"
    NOT_ATTEMPTED = "not_attempted"


STATUSES = tuple(status.value for status in Status if status is not Status.NOT_ATTEMPTED)
"""Every end that an attempt can have."""
FAILING = {Status.FAILED.value: "failed", Status.TIMEOUT.value: "timed out"}
"""Ends that make an older value doubtful and that `rerun=failed` covers, and the words for them."""
NO_VALUES = "no values"
"""What became of a combination that completed and measured nothing."""
NOT_MET = 4
"""The exit status where an enforced requirement is not met and nothing worse happened."""


BRIEF_LINES, BRIEF_CHARACTERS = 12, 2000
"""A message up to this size is shown whole."""
LINE_CHARACTERS = 200
"""So much of a message is shown where it has one line."""


def brief(message: str) -> str:
    """A message without space around it; of a long one the beginning, and how much more there is."""
    lines = message.strip().splitlines()
    text = "\n".join(lines[:BRIEF_LINES])
    if len(text) > BRIEF_CHARACTERS:
        return f"{text[:BRIEF_CHARACTERS]} ... ({len(message) - BRIEF_CHARACTERS} more characters)"
    more = len(lines) - BRIEF_LINES
    return f"{text}\n... ({more} more lines)" if more > 0 else text


@dataclass(frozen=True)
class Failure:
    """One combination that did not complete, and why."""

    fingerprint: str
    label: str
    status: str
    error_type: str
    message: str
    traceback: str = field(default="", repr=False)
    log: str | None = None
    """File or URI of what the combination printed, and of its traceback, where there is one."""
    chain: tuple[str, ...] = ()
    """What was raised because of this cause, from it outwards: type and first line of each."""
    names: tuple[str, ...] = field(default=(), repr=False)
    """Its names on the four axes."""
    cause: str = field(default="", repr=False)
    """Equal for failures whose messages differ only in numbers, ids, paths and names; empty where that is not known."""

    def __repr__(self) -> str:
        first = self.message.strip().partition("\n")[0][:LINE_CHARACTERS]
        return f"<Failure {self.status}: {self.label}: {f'{self.error_type}: {first}'.rstrip(': ')}>"

    def line(self) -> str:
        """What is shown when it happens: the combination, and below it why."""
        return "\n    ".join([f"{self.status}: {self.label}", *self.why()])

    def why(self) -> list[str]:
        """The cause in its own words, what it was raised as, and where to read on."""
        cause = f"{self.error_type}: {brief(self.message)}".rstrip(": ")
        outer = [f"raised as {error}" for error in self.chain]
        return [*(cause.splitlines() or [""]), *outer, *([f"log: {self.log}"] if self.log else [])]

    def to_dict(self) -> dict[str, object]:
        return {name: value for name, value in asdict(self).items() if name not in ("names", "cause")}


@dataclass(frozen=True)
class LeftOutChoice:
    """A choice, or several together, of which the rest was not attempted because it failed again and again."""

    choice: str
    """In words: `model svm`, or `model svm with dataset digits`."""
    error_type: str
    message: str
    """Of the last of these failures."""
    times: int
    """How often it failed alike, in a row."""
    left_out: int
    """How many combinations with it are not attempted."""

    def line(self) -> str:
        """What is shown when it happens."""
        return f"not attempted: {self.left_out} more with {self.why()}"

    def why(self) -> str:
        """Who is to blame, and for what."""
        error = f"{self.error_type}: {self.message.strip().partition(chr(10))[0][:LINE_CHARACTERS]}".rstrip(": ")
        return f"{self.choice}, which failed {self.times} times in a row with {error} (max_same_error)"

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Gap:
    """One combination without a value, and what became of it."""

    fingerprint: str
    capability: str
    dataset: str
    """Names of the choices; empty where the axis is not crossed."""
    model: str
    metric: str
    status: str
    """`failed`, `timeout`, `cancelled`, `lost`, or `no values` where it completed."""

    def label(self) -> str:
        """One line for people: `evaluate · digits · svm · accuracy`."""
        return " · ".join(name for name in (self.capability, self.dataset, self.model, self.metric) if name)

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """How a whole sweep ended."""

    counts: Mapping[str, int]
    """One number for each `Status`, by its text."""
    failures: tuple[Failure, ...] = ()
    stopped_by: str | None = None
    """`interrupt`, `max_failures` or `ray_lost` where it ended early."""
    unwritten: Mapping[str, int] = field(default_factory=dict[str, int])
    """Attempts that the store does not tell of, as it could not be written, by their status."""
    left_out: tuple[LeftOutChoice, ...] = ()
    """Whose remaining combinations were not attempted; that alone is no early end."""
    completed_meanwhile: int = 0
    """How many were not submitted, as another sweep had completed them; they are in no count."""

    @property
    def exit_status(self) -> int:
        """0 complete, 1 some combination failed, 3 stopped early or not recorded whole, 130 interrupted."""
        if self.stopped_by == "interrupt":
            return 130
        if self.stopped_by is not None or self.unwritten:
            return 3
        return 1 if any(n for status, n in self.counts.items() if status != Status.COMPLETED) else 0
