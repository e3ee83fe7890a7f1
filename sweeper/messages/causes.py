"""Failures that have one cause, told together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sweeper.messages.outcome import Failure


@dataclass(frozen=True)
class Cause:
    """Failures of one kind whose messages differ only in numbers, ids, paths and names."""

    failures: Sequence[Failure]
    """In the order in which they happened; there is at least one."""

    @property
    def first(self) -> Failure:
        """The one that is shown for all."""
        return self.failures[0]


def by_cause(failures: Iterable[Failure]) -> list[Cause]:
    """The causes of failures, that of most first. A failure of which no cause is known is one of its own."""
    together: dict[object, list[Failure]] = {}
    for number, failure in enumerate(failures):
        together.setdefault((failure.status, failure.cause) if failure.cause else number, []).append(failure)
    return sorted(map(Cause, together.values()), key=lambda cause: -len(cause.failures))
