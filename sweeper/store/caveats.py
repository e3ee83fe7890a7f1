"""Why a stored value must not be called the best, by the attempts and by the files that they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import TypeAlias

import pyarrow as pa

from sweeper.messages.outcome import FAILING
from sweeper.store import accepted_files, last_status, suspect_attempts
from sweeper.store.compute import pc
from sweeper.store.files import Files
from sweeper.vocabulary import AXES

Texts: TypeAlias = pa.Array | pa.ChunkedArray
"""A text or null for each row of a table."""
Reason = Callable[[pa.Table], Texts]
"""Gives a text or null for each of some completed attempts."""
NEEDED = ("warnings", "sweeper_version", *last_status.NEEDED)
"""The columns of `attempts` that caveat and warning of a value are made of."""
OF_DATA = ("data_revision", "working_folder")
"""Columns that tell which files a value was measured on."""


def _older(attempts: pa.Table) -> Texts:
    """The reason against values whose combination has failed since: they may be wrong, or cannot be measured again."""
    if last_status.NEWEST not in attempts.column_names:
        return pa.nulls(len(attempts), pa.string())
    how = [pc.equal(attempts[last_status.NEWEST], end) for end in FAILING]
    texts = [f"older: the newest attempt {word}" for word in FAILING.values()]
    return pc.case_when(pc.make_struct(*how), *texts)


REASONS: tuple[Reason, ...] = (_older, suspect_attempts.reason)


def caveats(attempts: pa.Table) -> pa.Array:
    """The reasons against each of these completed attempts, joined by `; `, null where there is none."""
    return reduce(_both, (_whole(reason(attempts)) for reason in REASONS))


def _both(one: pa.Array, other: pa.Array) -> pa.Array:
    """Two texts joined, or the one that is not null."""
    return pc.coalesce(pc.binary_join_element_wise(one, other, "; "), one, other)


def _whole(column: Texts) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def with_not_finite(values: pa.Table) -> pa.Table:
    """Rows of the `results` view with a reason against values that are not finite, which cannot be compared."""
    value = _whole(values["value"])
    if pc.all(pc.is_finite(value)).as_py() is not False:
        return values
    infinite = pc.if_else(pc.is_inf(value), "infinite: JSON has no such number and says null", None)
    return _with(values, pc.if_else(pc.is_nan(value), "NaN: the metric gave no number", infinite))


def with_changed_data(files: Files, values: pa.Table, completed: pa.Table) -> pa.Table:
    """Rows of the `results` view with a reason against values whose data files have changed since.

    `completed` are the attempts that measured them. Files are looked at only for attempts that recorded them. What
    changed and was accepted as it is now is no reason.
    """
    from sweeper.revision.data_caveats import Measured, caveats_of_attempts

    fields = ("fingerprint", "finished_at", *OF_DATA)
    measured = completed.filter(pc.is_valid(completed["data_revision"])).select([*AXES, *fields])
    every = (
        Measured(names={axis: row[axis] or "" for axis in AXES}, **{name: row[name] for name in fields})
        for row in measured.to_pylist()
    )
    changed = caveats_of_attempts(every, partial(accepted_files.of, files))
    return with_more(values, changed) if changed else values


def with_more(values: pa.Table, more: Mapping[str, str]) -> pa.Table:
    """Rows of the `results` view with a further reason against those of some fingerprints."""
    keys = pa.array(list(more), pa.string())
    place = pc.index_in(values["fingerprint"].combine_chunks(), keys)
    added = pa.array(list(more.values()), pa.string()).take(place)
    return _with(values, added)


def _with(values: pa.Table, added: pa.Array) -> pa.Table:
    column = _both(_whole(values["caveat"]), added)
    return values.set_column(values.column_names.index("caveat"), "caveat", column)
