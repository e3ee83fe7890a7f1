"""What got better and worse against a baseline, as the page lists it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweeper.comparison.differences import BETTER, HIGHER, LOWER, ONLY_FIRST, ONLY_SECOND, WORSE, Difference
from sweeper.report.changes import Against, listed

LINES = 50
"""So many values are listed of each kind."""
_Some = tuple[Sequence[Difference], int]
"""The first of some values, and how many more there are."""


@dataclass(frozen=True)
class Changes:
    """The lists, each with what comes first."""

    worse: _Some
    better: _Some
    other: _Some
    """Higher or lower, where no direction is known."""
    new: _Some
    gone: _Some


def changes_of(against: Against | None) -> Changes | None:
    """The lists; `None` without a baseline."""
    if against is None:
        return None
    kinds = ((WORSE,), (BETTER,), (HIGHER, LOWER), (ONLY_SECOND,), (ONLY_FIRST,))
    return Changes(*(listed(against.with_verdict(*kind), LINES) for kind in kinds))
