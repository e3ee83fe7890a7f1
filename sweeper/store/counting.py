"""Which of several attempts counts: the newest completed one, else the newest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from sweeper.store.compute import pc

COMPLETED = "completed"


def newest(attempts: pa.Table, same: Sequence[str] = ("fingerprint",)) -> pa.Table:
    """One attempt of all that are the same in these text columns: the newest completed one, else the newest."""
    encoded = joined(attempts, same).dictionary_encode()
    return one_each(attempts, encoded.indices.to_numpy())[0]


def joined(attempts: pa.Table, columns: Sequence[str]) -> pa.Array:
    """Text columns as one that is equal where all of them are; null counts as empty where there are several."""
    if len(columns) == 1:
        return attempts[columns[0]].combine_chunks()
    parts = (pc.fill_null(attempts[name], "") for name in columns)
    return pc.binary_join_element_wise(*parts, "\0").combine_chunks()


def one_each(attempts: pa.Table, keys: Any) -> tuple[pa.Table, Any]:
    """The attempt that counts of each key, an integer a row, and the keys that remain."""
    if not len(keys) or np.bincount(keys).max() == 1:  # nothing was attempted twice, and sorting is most of the work
        return attempts, keys
    completed = pc.fill_null(pc.equal(attempts["status"], COMPLETED), False).to_numpy()
    order = np.lexsort((_microseconds(attempts), completed, keys))
    kept = np.sort(order[np.append(np.diff(keys[order]) != 0, True)])
    return attempts.take(kept), keys[kept]


def _microseconds(attempts: pa.Table) -> Any:
    """When attempts ended, since 1970; 0 where that is not known."""
    return pc.fill_null(attempts["finished_at"].cast(pa.int64()), 0).to_numpy()
