"""Chooses the attempt that counts of several: the newest completed one, else the newest."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa

from sweeper.messages.outcome import Status
from sweeper.store.compute import Integers, numbers, pc

COMPLETED = Status.COMPLETED.value


def newest(attempts: pa.Table, same: Sequence[str] = ("fingerprint",)) -> pa.Table:
    """The attempt that counts of each group with the same values in these text columns."""
    encoded = joined(attempts, same).dictionary_encode()
    return newest_each(attempts, encoded.indices.to_numpy())[0]


def run_uids(attempts: pa.Table, attempt_ids: Collection[str]) -> dict[str, str]:
    """The `result_run_uid` of each of these attempts that has completed."""
    mine = attempts.filter(pc.is_in(attempts["attempt_id"], pa.array(list(attempt_ids), pa.string())))
    done = mine.filter(pc.equal(mine["status"], COMPLETED))
    return dict(zip(done["attempt_id"].to_pylist(), done["result_run_uid"].to_pylist(), strict=True))


def joined(attempts: pa.Table, columns: Sequence[str]) -> pa.Array:
    """Several text columns joined to one, which is equal where all of them are; null counts as empty text."""
    if len(columns) == 1:
        return attempts[columns[0]].combine_chunks()
    parts = (pc.fill_null(attempts[name], "") for name in columns)
    return pc.binary_join_element_wise(*parts, "\0").combine_chunks()


def newest_each(attempts: pa.Table, keys: Integers) -> tuple[pa.Table, Integers]:
    """The attempt that counts of each key, and its key; `keys` has an integer for each row."""
    if not len(keys) or np.bincount(keys).max() == 1:  # nothing was attempted twice: sorting would be most of the work
        return attempts, keys
    completed = pc.fill_null(pc.equal(attempts["status"], COMPLETED), False).to_numpy()
    order = np.lexsort((microseconds(attempts), completed, keys))
    kept = np.sort(order[np.append(np.diff(keys[order]) != 0, True)])
    return attempts.take(kept), keys[kept]


def microseconds(attempts: pa.Table) -> Integers:
    """When attempts ended, in microseconds since 1970; 0 where that is not known."""
    ended = attempts["finished_at"].cast(pa.int64()).combine_chunks()
    return numbers(pc.fill_null(ended, 0) if ended.null_count else ended)  # `fill_null` imports pandas
