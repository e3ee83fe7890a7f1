"""Why a stored value must not be called the best: what the attempts tell, and the files that they were made on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import pyarrow as pa

from sweeper.messages.outcome import FAILING
from sweeper.store import latest, suspicion
from sweeper.store.compute import pc
from sweeper.vocabulary import AXES

Reason = Callable[[pa.Table], Any]
"""Of completed attempts, a text for each of them or null."""
NEEDED = ("warnings", "sweeper_version", *latest.NEEDED)
"""Columns of `attempts` that the reasons and the warning of a value are made of."""
OF_DATA = ("data_revision", "working_folder")
"""Columns that tell which files a value was measured on."""


def _older(attempts: pa.Table) -> Any:
    """Of a value that was measured before its combination failed: it may be wrong, or right and not repeatable."""
    if latest.NEWEST not in attempts.column_names:
        return pa.nulls(len(attempts), pa.string())
    how = [pc.equal(attempts[latest.NEWEST], end) for end in FAILING]
    texts = [f"older: the newest attempt {word}" for word in FAILING.values()]
    return pc.case_when(pc.make_struct(*how), *texts)


REASONS: tuple[Reason, ...] = (_older, suspicion.reason)


def caveats(attempts: pa.Table) -> Any:
    """The reasons against each of these completed attempts, joined by `; `, null where there is none."""
    return reduce(_both, (_whole(reason(attempts)) for reason in REASONS))


def _both(one: pa.Array, other: pa.Array) -> pa.Array:
    """Two texts where both are there, else the one that is."""
    return pc.coalesce(pc.binary_join_element_wise(one, other, "; "), one, other)


def _whole(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def with_not_finite(values: pa.Table) -> pa.Table:
    """Rows of the `results` view with a reason against those whose value is no number that could be compared."""
    value = _whole(values["value"])
    if pc.all(pc.is_finite(value)).as_py() is not False:
        return values
    infinite = pc.if_else(pc.is_inf(value), "infinite: JSON has no such number and says null", None)
    return _with(values, pc.if_else(pc.is_nan(value), "NaN: the metric gave no number", infinite))


def with_changed_data(values: pa.Table, completed: pa.Table) -> pa.Table:
    """Rows of the `results` view with what the files that they were measured on say against them.

    `completed` are the attempts that measured them; files are looked at only where some are recorded.
    """
    from sweeper.revision.data_caveats import Measured, caveats_of_attempts

    fields = ("fingerprint", "finished_at", *OF_DATA)
    measured = completed.filter(pc.is_valid(completed["data_revision"])).select([*AXES, *fields])
    said = caveats_of_attempts(
        Measured(names={axis: row[axis] or "" for axis in AXES}, **{name: row[name] for name in fields})
        for row in measured.to_pylist()
    )
    return with_more(values, said) if said else values


def with_more(values: pa.Table, more: Mapping[str, str]) -> pa.Table:
    """Rows of the `results` view with a further reason against those of some fingerprints."""
    keys = pa.array(list(more), pa.string())
    place = pc.index_in(values["fingerprint"].combine_chunks(), keys)
    added = pa.array(list(more.values()), pa.string()).take(place)
    return _with(values, added)


def _with(values: pa.Table, added: pa.Array) -> pa.Table:
    column = _both(_whole(values["caveat"]), added)
    return values.set_column(values.column_names.index("caveat"), "caveat", column)
