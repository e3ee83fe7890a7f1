"""The view `asked`: what each sweep asked for, under the names that it used, with the newest values."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from sweeper.store import last_status, sweep_files, views
from sweeper.store.compute import pc
from sweeper.store.newest_attempts import joined, newest
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
    rows = named.join(values, "fingerprint", join_type="left outer")
    order = np.lexsort((pc.fill_null(rows["order"], 0).to_numpy(), rows["place"].to_numpy()))
    return rows.take(order).select(COLUMNS)


def combinations(tables: Tables, sweep_id: str) -> list[tuple[str, ...]]:
    """Fingerprint and the four names of each combination that a sweep asked for."""
    names = _names(tables, sweep_id)
    columns = [names[name].to_pylist() for name in ("fingerprint", *AXES)]
    return list(zip(*columns, strict=True))


def _status(tables: Tables, names: pa.Table) -> pa.ChunkedArray:
    """How the newest attempt of each combination ended, in any sweep; null where there was none."""
    attempts = tables.attempts(last_status.NEEDED)
    mine = attempts.filter(pc.is_in(attempts["fingerprint"], names["fingerprint"].combine_chunks()))
    ends = last_status.with_newest(newest(mine), mine)
    return ends[last_status.NEWEST].take(pc.index_in(names["fingerprint"], ends["fingerprint"].combine_chunks()))


def _names(tables: Tables, sweep_id: str | None) -> pa.Table:
    """Every combination of every sweep, or of one sweep; of a sweep without a file, those that it attempted."""
    known = sweep_files.ids(tables.files)
    written = sweep_files.table(
        tables.files, known if sweep_id is None else [name for name in known if name == sweep_id]
    )
    return pa.concat_tables([_attempted(tables, known, sweep_id), written])


def _attempted(tables: Tables, known: Collection[str], sweep_id: str | None) -> pa.Table:
    """What sweeps of older versions, which wrote no file, attempted: each combination once, in order."""
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
        "decision": pa.array([sweep_files.RUN] * len(once), pa.string()),
        "reason": pa.nulls(len(once), pa.string()),
    }
    return pa.table(columns).cast(sweep_files.ASKED).sort_by([("began", "ascending")])
