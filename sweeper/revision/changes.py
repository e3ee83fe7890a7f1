"""What planning knows of revisions: those of a stored result, and what has changed since, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sweeper.revision.acceptance import Acceptance, Texts


class RecordedRevisions(Texts, Protocol):
    """What the store knows of a completed attempt."""

    @property
    def accepted(self) -> Sequence[Acceptance]:
        """What was accepted of its combination, the oldest first."""
        ...


class Changes(NamedTuple):
    """What differs from what a result was measured with, in words; `None` where nothing is known to."""

    data: str | None = None
    is_moved: bool = False
    """Whether `data` is of relative paths that mean another place than they did."""
    code: str | None = None
    libraries: str | None = None
    accepted: str | None = None
    """When and why what else differs was accepted, so that it counts as the same."""


NO_CHANGES = Changes()
