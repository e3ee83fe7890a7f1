"""What did not complete, by cause: that of most combinations first, each with how to run just these again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sweeper.messages.causes import same_error
from sweeper.messages.narrowing import rule_for
from sweeper.report.report_data import FailureCause, FailureCauses, Incomplete, Rerun
from sweeper.store import newest_attempts
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.store import Table

CAUSES = 20
"""So many causes are shown, each with so many of its combinations."""
SHOWN = 20
MESSAGES = 2000
"""Of so many different messages the causes are told apart; what is left beyond them counts by its type alone."""
_ERROR = ("status", "error_type", "error_message")
_Places: TypeAlias = npt.NDArray[np.int64]


def read_causes(
    incomplete: Table, described: Callable[[Mapping[str, Any]], Incomplete], known: Collection[str]
) -> FailureCauses:
    """The causes of what did not complete.

    Parameters
    ----------
    incomplete
        Attempts, as `shown_attempts` gives them.
    described
        Makes what is shown of one of them.
    known
        The sweeps that can be resumed.
    """
    if not len(incomplete):
        return FailureCauses()
    causes = _causes(incomplete)
    counts = np.bincount(causes)
    order = np.argsort(-counts, kind="stable")
    shown = [_cause(incomplete, causes, number, described, known) for number in order[:CAUSES].tolist()]
    return FailureCauses(tuple(shown), int(counts[order[CAUSES:]].sum()))


def _causes(incomplete: Table) -> _Places:
    """A number for the cause of each row. A message is looked at once, however many combinations have it."""
    encoded = newest_attempts.joined(incomplete, _ERROR).dictionary_encode()
    codes: _Places = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    firsts = np.unique(codes, return_index=True)[1]
    rows = incomplete.select([*AXES, *_ERROR]).take(firsts).to_pylist()
    numbers: dict[tuple[str, str], int] = {}
    of_code = [
        numbers.setdefault((row["status"], _told(row, at < MESSAGES)), len(numbers)) for at, row in enumerate(rows)
    ]
    return np.array(of_code, dtype=np.int64)[codes]


def _told(row: Mapping[str, Any], is_compared: bool) -> str:
    kind = row["error_type"] or ""
    return same_error(kind, row["error_message"] or "", [row[axis] or "" for axis in AXES]) if is_compared else kind


def _cause(
    incomplete: Table,
    causes: _Places,
    number: int,
    described: Callable[[Mapping[str, Any]], Incomplete],
    known: Collection[str],
) -> FailureCause:
    places = np.flatnonzero(causes == number)
    shown = incomplete.take(places[:SHOWN]).to_pylist()
    return FailureCause(len(places), tuple(map(described, shown)), _rerun(incomplete, causes == number, known))


def _rerun(incomplete: Table, is_mine: npt.NDArray[np.bool_], known: Collection[str]) -> Rerun | None:
    """How to run again what has this cause in the newest sweep that can be resumed.

    What completed earlier in a sweep is not run again by resuming it.
    """
    columns = (incomplete[name].to_pylist() for name in ("sweep_id", "shown", *AXES))
    rows = [
        (sweep, tuple(name or "" for name in names), mine)
        for (sweep, shown, *names), mine in zip(zip(*columns, strict=True), is_mine.tolist(), strict=True)
        if sweep in known and shown != "earlier attempt"
    ]
    newest = max((sweep for sweep, _, mine in rows if mine), default=None)
    if newest is None:
        return None
    mine, rest = ({names for sweep, names, is_it in rows if sweep == newest and is_it == wanted} for wanted in (1, 0))
    rule = rule_for(mine, rest) if rest else None
    return Rerun(newest, rule, len(mine)) if rule or not rest else None
