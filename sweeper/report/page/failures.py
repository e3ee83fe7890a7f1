"""What did not complete, as the page shows it: a block for each cause, that of most combinations first."""

from __future__ import annotations

from dataclasses import dataclass

from sweeper.report.page import queries
from sweeper.report.report_data import FailureCause, Incomplete, ReportData


@dataclass(frozen=True)
class Block:
    """One cause."""

    anchor: str
    cause: FailureCause
    is_first: bool
    """Whether it is the one to fix first: it blocks more combinations than any other."""
    command: str
    """Runs just these again; empty where no short command does."""

    @property
    def first(self) -> Incomplete:
        """The one whose error is shown for all."""
        return self.cause.shown[0]

    @property
    def more(self) -> int:
        """How many of its combinations are not listed."""
        return self.cause.count - len(self.cause.shown)


def blocks_of(contents: ReportData) -> list[Block]:
    counts = [cause.count for cause in contents.failed.causes]
    leads = len(counts) > 1 and counts[0] > counts[1]
    return [
        Block(f"cause-{place}", cause, leads and place == 1, _command(contents.store, cause))
        for place, cause in enumerate(contents.failed.causes, start=1)
    ]


def _command(store: str, cause: FailureCause) -> str:
    return queries.rerun(store, cause.rerun.sweep_id, cause.rerun.rule) if cause.rerun else ""
