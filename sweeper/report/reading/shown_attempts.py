"""Selects the attempts that the page shows, if a name had several specs at different times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.report.sorting import sort_rows
from sweeper.store import last_status, newest_attempts
from sweeper.store.compute import pc
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.store import Table


@dataclass(frozen=True)
class ShownAttempts:
    """The attempts that are shown and counted, in the order of their names."""

    completed: Table
    """With the column `newest_status`."""
    incomplete: Table
    """What did not complete, or failed since it did, by its newest attempt.

    With a column `shown`: which values the page shows under the same names, those of an `earlier spec` or of an
    `earlier attempt` of its own; null where it shows none."""
    older: int
    """Combinations that completed and are not shown, since one with the same names and another spec did so later."""


def select_attempts(attempts: Table, everywhere: Table) -> ShownAttempts:
    """What counts of these attempts; `everywhere` are those of all sweeps, which tell whether a value is older.

    Of each fingerprint its newest completed attempt counts, else its newest. A page tells combinations apart by their
    names, and a name may have stood for other specs before: so of all with the same four names the one that completed
    last is shown. One that did not complete is shown too, unless the names completed after it: then its cause was
    fixed, or its spec was given up. If it is the later one, the newest spec does not work, and the
    values shown under its names are those of an earlier spec.
    Of several that did not complete under the same names, the newest is shown.
    A combination that completed and failed since is shown as both: its older value, and its failure.
    """
    newest = sort_rows(newest_attempts.newest(attempts), AXES)
    is_completed = pc.equal(newest["status"], newest_attempts.COMPLETED)
    every = last_status.with_newest(newest.filter(is_completed), everywhere)
    completed = newest_attempts.newest(every, AXES)
    failed = last_status.incomplete(newest.filter(pc.invert(is_completed)), every, everywhere)
    return ShownAttempts(completed, _open(newest_attempts.newest(failed, AXES), completed), len(every) - len(completed))


def _open(incomplete: Table, completed: Table) -> Table:
    """Without those whose names are known to have completed later, unless what is shown is their own older value."""
    place = pc.index_in(newest_attempts.joined(incomplete, AXES), newest_attempts.joined(completed, AXES))
    beside = completed.select(["finished_at", "fingerprint"]).take(place)
    is_same = pc.equal(incomplete["fingerprint"], beside["fingerprint"])
    completed_later = pc.and_(pc.invert(is_same), pc.less(incomplete["finished_at"], beside["finished_at"]))
    listed = incomplete.append_column("shown", pc.if_else(is_same, "earlier attempt", "earlier spec"))
    return listed.filter(pc.invert(pc.fill_null(completed_later, False)))
