"""How the newest attempt of a combination ended, which tells whether an earlier value is still valid.

Lost and cancelled attempts are not counted, since they say nothing about the parts. One attempt may have two rows, one
by the worker and one by the driver, where the run completed just as the driver ended it for its time. Then `completed`
counts.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sweeper.messages.outcome import FAILING
from sweeper.store.compute import Flags, Integers, pc
from sweeper.store.newest_attempts import COMPLETED, newest
from sweeper.vocabulary import AXES

NEWEST = "newest_status"
"""The column that says how the newest attempt of the combination of a completed attempt ended."""
NEEDED = ("fingerprint", "status", "submitted_at", "finished_at", "attempt_id")
"""The columns of `attempts` that are needed to find the newest one."""


def with_newest(completed: pa.Table, attempts: pa.Table) -> pa.Table:
    """Completed attempts with the column `newest_status`; `attempts` are all attempts of the same combinations."""
    failing = failed_last(attempts)
    if not failing:
        return completed.append_column(NEWEST, completed["status"])
    place = pc.index_in(completed["fingerprint"], pa.array(list(failing), pa.string()))
    ends = pa.array(list(failing.values()), pa.string()).take(place.combine_chunks())
    return completed.append_column(NEWEST, pc.coalesce(ends, completed["status"].combine_chunks()))


def incomplete(never: pa.Table, completed: pa.Table, attempts: pa.Table) -> pa.Table:
    """The attempts `never` of combinations that never completed, and the newest failed ones of those that did.

    `completed` has the column `newest_status`, and its names are used; `attempts` are those of all sweeps.
    """
    older = completed.filter(pa.array(_among(completed, tuple(FAILING), NEWEST)))
    keys = older["fingerprint"].combine_chunks()
    failing = attempts.filter(pa.array(_among(attempts, tuple(FAILING))))
    since = newest(failing.filter(pc.is_in(failing["fingerprint"], keys)))
    place = pc.index_in(since["fingerprint"].combine_chunks(), keys)
    for name in AXES:
        since = since.set_column(since.column_names.index(name), name, older[name].take(place))
    return pa.concat_tables([never, since])


def failed_last(attempts: pa.Table) -> dict[str, str]:
    """The status of each fingerprint whose newest attempt failed or timed out; `attempts` has the columns `NEEDED`."""
    keys = attempts["fingerprint"].combine_chunks().dictionary_encode()
    failing = failing_keys(attempts, keys.indices.to_numpy())
    names = keys.dictionary.take(pa.array(list(failing), pa.int64())).to_pylist()
    return dict(zip(names, failing.values(), strict=True))


def failing_keys(attempts: pa.Table, keys: Integers) -> dict[int, str]:
    """The status of each key whose newest attempt failed or timed out; `keys` has an integer for each row.

    Without a column `attempt_id`, completed and failed rows of one attempt cannot be told from those of two.
    """
    is_failing = _among(attempts, tuple(FAILING))
    if not is_failing.any():
        return {}
    has_failing = np.zeros(keys.max() + 1, bool)
    has_failing[keys[is_failing]] = True
    rows = np.flatnonzero(has_failing[keys] & (is_failing | _among(attempts, (COMPLETED,))))
    return _last(*_one_end_each(attempts.take(rows), keys[rows]))


def _among(attempts: pa.Table, statuses: tuple[str, ...], column: str = "status") -> Flags:
    return pc.is_in(attempts[column], pa.array(statuses)).to_numpy()


def _one_end_each(attempts: pa.Table, keys: Integers) -> tuple[pa.Table, Integers]:
    """The rows without the failed and timed out ones of attempts that completed."""
    if "attempt_id" not in attempts.column_names:
        return attempts, keys
    completed = _among(attempts, (COMPLETED,))
    done = attempts["attempt_id"].filter(pa.array(completed)).drop_null().combine_chunks()
    kept = np.flatnonzero(completed | ~pc.is_in(attempts["attempt_id"], done).to_numpy())
    return attempts.take(kept), keys[kept]


def _last(attempts: pa.Table, keys: Integers) -> dict[int, str]:
    """The status of the newest attempt of each key, where that did not complete."""
    completed = _among(attempts, (COMPLETED,))
    order = np.lexsort((completed, _microseconds(attempts, "finished_at"), _submitted(attempts, keys), keys))
    last = order[np.append(np.diff(keys[order]) != 0, True)]
    last = last[~completed[last]]
    return dict(zip(keys[last].tolist(), attempts["status"].take(last).to_pylist(), strict=True))


def _submitted(attempts: pa.Table, keys: Integers) -> Integers:
    """When attempts were submitted, by the clock of the driver; 0 for all of a key where one of them is not known."""
    moments = _microseconds(attempts, "submitted_at")
    unknown = np.zeros(keys.max() + 1, bool) if len(keys) else keys
    unknown[keys[moments == 0]] = True
    return np.where(unknown[keys], 0, moments)


def _microseconds(attempts: pa.Table, name: str) -> Integers:
    if name not in attempts.column_names:
        return np.zeros(len(attempts), np.int64)
    return pc.fill_null(attempts[name].cast(pa.int64()), 0).to_numpy()
