"""How combinations ended, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

STATUSES = ("completed", "failed", "timeout", "cancelled", "lost")
"""Every end that an attempt can have."""


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
    """File or URI of what the combination printed, where it printed anything."""

    def line(self) -> str:
        """What is shown when it happens: one line, and where to read on."""
        where = f"\n    log: {self.log}" if self.log else ""
        first = self.message.strip().splitlines()[0] if self.message.strip() else ""
        return f"{self.status}: {self.label}\n    {self.error_type}: {first}{where}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """How a whole sweep ended."""

    counts: Mapping[str, int]
    """One number for each of `STATUSES`, and `not_attempted`."""
    failures: tuple[Failure, ...] = ()
    stopped_by: str | None = None
    """`interrupt` or `max_failures` where it ended early."""

    @property
    def exit_status(self) -> int:
        """0 complete, 1 some combination failed, 3 stopped early by a limit, 130 interrupted."""
        if self.stopped_by == "interrupt":
            return 130
        if self.stopped_by is not None:
            return 3
        return 1 if any(n for status, n in self.counts.items() if status != "completed") else 0
