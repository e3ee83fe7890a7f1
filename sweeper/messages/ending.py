"""What a sweep left out and why, as plain data: shown at its end, and written down for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from sweeper.messages.outcome import LeftOutChoice, Outcome, Status

_STOPPED = {
    "interrupt": "the sweep was interrupted",
    "max_failures": "so many had failed (max_failures)",
    "ray_lost": "Ray was gone",
}


class Omission(NamedTuple):
    """Some combinations that were not run."""

    combinations: int
    why: str


@dataclass(frozen=True)
class Ending:
    """What a sweep did not run, of all that its choices make together; what it skipped is not in it."""

    excluded: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many combinations the grid algebra left out, by the rule that did."""
    duplicates: int = 0
    """How many were dropped because another one of the sweep has the same fingerprint."""
    not_attempted: int = 0
    """How many were to run and were not attempted."""
    stopped_by: str | None = None
    """As in `Outcome`."""
    choices: tuple[LeftOutChoice, ...] = ()
    """Whose remaining combinations were not attempted; they are in `not_attempted` too."""

    @classmethod
    def of(cls, outcome: Outcome, excluded: Mapping[str, int], duplicates: int) -> Ending:
        """The ending of a sweep with this outcome, whose plan left out so much."""
        not_attempted = outcome.counts.get(Status.NOT_ATTEMPTED.value, 0)
        return cls(dict(excluded), duplicates, not_attempted, outcome.stopped_by, outcome.left_out)

    def left_out(self) -> list[Omission]:
        """Each reason with its count: rules first, then what was not attempted."""
        found = [Omission(count, f"left out by {rule}") for rule, count in self.excluded.items()]
        found.append(Omission(self.duplicates, "dropped as duplicates (same fingerprint as another; duplicates=drop)"))
        found += [Omission(choice.left_out, f"not attempted with {choice.why()}") for choice in self.choices]
        rest = self.not_attempted - sum(choice.left_out for choice in self.choices)
        why = _STOPPED.get(self.stopped_by or "", "the sweep ended early")
        return [one for one in [*found, Omission(rest, f"not attempted: {why}")] if one.combinations > 0]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Ending:
        """And back.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is something else.
        """
        choices = tuple(LeftOutChoice(**choice) for choice in said["choices"])
        excluded = {str(rule): int(count) for rule, count in dict(said["excluded"]).items()}
        return cls(excluded, int(said["duplicates"]), int(said["not_attempted"]), said["stopped_by"], choices)
