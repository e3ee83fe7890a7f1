"""Which attempts the page is about, where one name stood for several specs at different times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.report.order import in_order
from sweeper.spec import AXES
from sweeper.store import counting
from sweeper.store.compute import pc

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Current:
    """The attempts that are shown and counted, in the order of their names."""

    completed: pa.Table
    incomplete: pa.Table
    """With a column `has_result`: whether `completed` has the same names, and then with another spec."""
    older: int
    """Combinations that completed and are not shown, since one with the same names and another spec did so later."""


def current(attempts: pa.Table) -> Current:
    """What counts of these attempts.

    Of each fingerprint its newest completed attempt counts, else its newest. A page tells combinations apart by their
    names, and a name may have stood for other specs before: so of all with the same four names the one that completed
    last is shown. One that did not complete is shown too, unless the names completed after it: then what it was is
    mended or given up. Where it is the later one, the spec that its user wants now does not work, and what is shown
    under its names is an earlier spec's. Of several that did not complete under the same names, the newest is shown.
    """
    newest = in_order(counting.newest(attempts), AXES)
    is_completed = pc.equal(newest["status"], counting.COMPLETED)
    every = newest.filter(is_completed)
    completed = counting.newest(every, AXES)
    incomplete = counting.newest(newest.filter(pc.invert(is_completed)), AXES)
    return Current(completed, _open(incomplete, completed), len(every) - len(completed))


def _open(incomplete: pa.Table, completed: pa.Table) -> pa.Table:
    """Without those whose names are known to have completed later."""
    place = pc.index_in(counting.joined(incomplete, AXES), counting.joined(completed, AXES))
    is_mended = pc.less(incomplete["finished_at"], completed["finished_at"].take(place))
    listed = incomplete.append_column("has_result", pc.is_valid(place))
    return listed.filter(pc.invert(pc.fill_null(is_mended, False)))
