"""How combinations ended last, which says whether a value that was measured before still stands.

An attempt that was lost or cancelled says nothing of its parts, so it is passed over. Within one attempt completed
wins: worker and driver may both write a row of it, where a run completed just as it was killed for its time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from sweeper.messages.outcome import FAILING
from sweeper.store.compute import pc
from sweeper.store.counting import COMPLETED, newest
from sweeper.vocabulary import AXES

NEWEST = "newest_status"
"""The column that says of a completed attempt how the newest one of its combination ended."""
NEEDED = ("fingerprint", "status", "submitted_at", "finished_at", "attempt_id")
"""Columns of `attempts` that tell which of them is the newest."""


def with_newest(completed: pa.Table, attempts: pa.Table) -> pa.Table:
    """Completed attempts with the column `newest_status`; `attempts` are all of the same combinations."""
    failing = failed_last(attempts)
    if not failing:
        return completed.append_column(NEWEST, completed["status"])
    place = pc.index_in(completed["fingerprint"], pa.array(list(failing), pa.string()))
    ends = pa.array(list(failing.values()), pa.string()).take(place.combine_chunks())
    return completed.append_column(NEWEST, pc.coalesce(ends, completed["status"].combine_chunks()))


def incomplete(never: pa.Table, completed: pa.Table, attempts: pa.Table) -> pa.Table:
    """The attempts `never` of what never completed, and the newest of what failed since it completed.

    `completed` has the column `newest_status`, and its names are used; `attempts` are those of whatever sweep.
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
    """Fingerprints whose newest attempt failed or timed out, each with how; of attempts with the columns `NEEDED`."""
    keys = attempts["fingerprint"].combine_chunks().dictionary_encode()
    found = failing_keys(attempts, keys.indices.to_numpy())
    return dict(zip(keys.dictionary.take(pa.array(list(found), pa.int64())).to_pylist(), found.values(), strict=True))


def failing_keys(attempts: pa.Table, keys: Any) -> dict[int, str]:
    """Keys, an integer a row, of which the newest attempt failed or timed out, each with how.

    Without a column `attempt_id` nothing is known of completed and failed rows that belong to one attempt.
    """
    is_failing = _among(attempts, tuple(FAILING))
    if not is_failing.any():
        return {}
    has_failing = np.zeros(keys.max() + 1, bool)
    has_failing[keys[is_failing]] = True
    rows = np.flatnonzero(has_failing[keys] & (is_failing | _among(attempts, (COMPLETED,))))
    return _last(*_one_end_each(attempts.take(rows), keys[rows]))


def _among(attempts: pa.Table, statuses: tuple[str, ...], column: str = "status") -> Any:
    return pc.is_in(attempts[column], pa.array(statuses)).to_numpy()


def _one_end_each(attempts: pa.Table, keys: Any) -> tuple[pa.Table, Any]:
    """Without the failed and timed out rows of attempts that completed."""
    if "attempt_id" not in attempts.column_names:
        return attempts, keys
    completed = _among(attempts, (COMPLETED,))
    done = attempts["attempt_id"].filter(pa.array(completed)).drop_null().combine_chunks()
    kept = np.flatnonzero(completed | ~pc.is_in(attempts["attempt_id"], done).to_numpy())
    return attempts.take(kept), keys[kept]


def _last(attempts: pa.Table, keys: Any) -> dict[int, str]:
    """The newest of each key, where that did not complete."""
    completed = _among(attempts, (COMPLETED,))
    order = np.lexsort((completed, _microseconds(attempts, "finished_at"), _submitted(attempts, keys), keys))
    last = order[np.append(np.diff(keys[order]) != 0, True)]
    last = last[~completed[last]]
    return dict(zip(keys[last].tolist(), attempts["status"].take(last).to_pylist(), strict=True))


def _submitted(attempts: pa.Table, keys: Any) -> Any:
    """When attempts were submitted, which one clock tells; 0 for all of a key where that is not known of each."""
    moments = _microseconds(attempts, "submitted_at")
    unknown = np.zeros(keys.max() + 1, bool) if len(keys) else keys
    unknown[keys[moments == 0]] = True
    return np.where(unknown[keys], 0, moments)


def _microseconds(attempts: pa.Table, name: str) -> Any:
    if name not in attempts.column_names:
        return np.zeros(len(attempts), np.int64)
    return pc.fill_null(attempts[name].cast(pa.int64()), 0).to_numpy()
