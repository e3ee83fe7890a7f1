"""Why a stored value must not be called the best: reasons that the attempts themselves tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from sweeper.store.compute import pc

Reason = Callable[[pa.Table], Any]
"""Of completed attempts, a text for each of them or null."""
REASONS: tuple[Reason, ...] = ()
NEEDED = ("warnings",)
"""Columns of `attempts` that the reasons and the warning of a value are made of."""


def caveats(attempts: pa.Table) -> Any:
    """The reasons against each of these completed attempts, joined by `; `, null where there is none."""
    found = [reason(attempts) for reason in REASONS]
    if not found:
        return pa.nulls(len(attempts), pa.string())
    joined = pc.binary_join_element_wise(*found, "; ", null_handling="skip")
    return pc.if_else(pc.equal(joined, ""), None, joined)


def with_more(values: pa.Table, more: Mapping[str, str]) -> pa.Table:
    """Rows of the `results` view with a further reason against those of some fingerprints."""
    keys = pa.array(list(more), pa.string())
    place = pc.index_in(values["fingerprint"].combine_chunks(), keys)
    added = pa.array(list(more.values()), pa.string()).take(place)
    said = values["caveat"].combine_chunks()
    column = pc.coalesce(pc.binary_join_element_wise(said, added, "; "), said, added)
    return values.set_column(values.column_names.index("caveat"), "caveat", column)
