"""The view `asked`: what each sweep asked for, under the names that it used, with the newest values of that."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa

from sweeper.store import asked, latest, views
from sweeper.store.compute import pc
from sweeper.store.counting import joined, newest
from sweeper.store.tables import Tables
from sweeper.vocabulary import AXES

_SWEEP = ("sweep_id", "sweep")
_MEASURED = ("key", "value", "scope", "higher_is_better", "finished_at", "duration_s", "caveat", "warning")
COLUMNS = (
    *("sweep_id", "sweep", "began", *AXES),
    *("key", "value", "scope", "higher_is_better", "decision", "reason", "status"),
    *("fingerprint", "finished_at", "duration_s", "caveat", "warning"),
)


def asked_values(tables: Tables, sweep_id: str | None) -> pa.Table:
    """See `Store.asked`."""
    names = _names(tables, sweep_id)
    keys = names["fingerprint"].combine_chunks().unique()
    place = np.arange(len(names))
    values = views.results(tables, keys.to_pylist(), None).select(["fingerprint", *_MEASURED])
    values = values.append_column("order", pa.array(np.arange(len(values))))
    named = names.append_column("status", _status(tables, names)).append_column("place", pa.array(place))
    found = named.join(values, "fingerprint", join_type="left outer")
    order = np.lexsort((pc.fill_null(found["order"], 0).to_numpy(), found["place"].to_numpy()))
    return found.take(order).select(COLUMNS)


def _status(tables: Tables, names: pa.Table) -> Any:
    """How the newest attempt of each combination ended, in whatever sweep; null where there was none."""
    attempts = tables.attempts(latest.NEEDED)
    mine = attempts.filter(pc.is_in(attempts["fingerprint"], names["fingerprint"].combine_chunks()))
    ends = latest.with_newest(newest(mine), mine)
    return ends[latest.NEWEST].take(pc.index_in(names["fingerprint"], ends["fingerprint"].combine_chunks()))


def _names(tables: Tables, sweep_id: str | None) -> pa.Table:
    """Every combination of every sweep, or of one; of sweeps that left no file, those that they attempted."""
    known = asked.ids(tables.files)
    written = asked.table(tables.files, known if sweep_id is None else [name for name in known if name == sweep_id])
    return pa.concat_tables([_attempted(tables, known, sweep_id), written])


def _attempted(tables: Tables, known: Collection[str], sweep_id: str | None) -> pa.Table:
    """What sweeps of an older version, which wrote no file, attempted: each combination once, in their order."""
    attempts = tables.attempts(("sweep_id", "sweep_name", "fingerprint", *AXES, "submitted_at", "status"))
    attempts = attempts.filter(pc.invert(pc.is_in(attempts["sweep_id"], pa.array(list(known), pa.string()))))
    if sweep_id is not None:
        attempts = attempts.filter(pc.equal(attempts["sweep_id"], sweep_id))
    identity = joined(attempts, ("sweep_id", "fingerprint", *AXES)).dictionary_encode().indices.to_numpy()
    once = attempts.take(np.sort(np.unique(identity, return_index=True)[1]))
    began = once.group_by("sweep_id").aggregate([("submitted_at", "min")])
    place = pc.index_in(once["sweep_id"], began["sweep_id"].combine_chunks())
    columns = {
        "sweep_id": once["sweep_id"],
        "sweep": once["sweep_name"],
        "began": began["submitted_at_min"].take(place),
        **{name: once[name] for name in ("fingerprint", *AXES)},
        "decision": pa.array([asked.RUN] * len(once), pa.string()),
        "reason": pa.nulls(len(once), pa.string()),
    }
    return pa.table(columns).cast(asked.ASKED).sort_by([("began", "ascending")])
