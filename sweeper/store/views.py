"""The views over the tables: one flat row per measured value of the attempts that count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from sweeper.common.lists import refuse_text
from sweeper.messages.outcome import FAILING
from sweeper.records import OVERALL
from sweeper.store import accepted_attempts, caveats, last_status, suspect_attempts
from sweeper.store.arrow_columns import TIME, Row
from sweeper.store.compute import pc
from sweeper.store.newest_attempts import COMPLETED, joined, newest
from sweeper.store.tables import Tables
from sweeper.vocabulary import AXES, NAME_SEPARATOR

Values: TypeAlias = pa.Array | pa.ChunkedArray
"""One value for each row of a table."""
_IDENTITY = ("fingerprint", *AXES)
_INTERVAL = {
    "n": pa.int64(),
    "stderr": pa.float64(),
    "ci_low": pa.float64(),
    "ci_high": pa.float64(),
    "ci_method": pa.string(),
}
"""How sure a value is: null where an older version, or another capability, did not say."""
_OF_A_VALUE = {**_INTERVAL, "evidence": pa.string()}
RESULTS = pa.schema(
    [
        *((name, pa.string()) for name in ("capability", "dataset", "model", "metric", "key")),
        ("value", pa.float64()),
        *_INTERVAL.items(),
        ("scope", pa.string()),
        ("higher_is_better", pa.bool_()),
        ("sweep", pa.string()),
        ("fingerprint", pa.string()),
        ("finished_at", TIME),
        ("duration_s", pa.float64()),
        ("caveat", pa.string()),
        ("warning", pa.string()),
        ("inference_id", pa.string()),
        ("evidence", pa.string()),
    ]
)
"""`caveat` says why a value must not be called the best, `warning` what else a reader must know.

`inference_id` names the table by datum that a value can be computed from again, `evidence` says how.
"""
_FROM_ATTEMPTS = (
    "capability",
    "dataset",
    "model",
    "metric",
    "fingerprint",
    "finished_at",
    "duration_s",
    "inference_id",
)
_OF_A_RUN = ("sweep_name", "result_run_uid", "job_id", "payload_table")
_MEASURING = tuple(dict.fromkeys((*_FROM_ATTEMPTS, *_OF_A_RUN, *caveats.NEEDED)))
"""The columns of `attempts` that are read to find what they measured; specs and tracebacks are most of the bytes."""
_KEY_VALUE = (("output_key", "output_value"), ("metric_key", "metric_value"), ("key", "value"))
_IDS = {"run_uid", "job_id", "fingerprint", "created_at", "image_index", "detection_index"}


def entities(tables: Tables, wanted: pa.Table) -> set[tuple[str, str, str]]:
    """Axis, name of the choice and id of the object, for every part that is the only one on its axis."""
    attempts = _planned(tables, wanted).select(["result_run_uid", "dataset", "model", "metric"])
    runs = tables.find("runs", ["run_uid", "entity_type", "entity_id"])
    if runs is None:
        return set()
    named = runs.join(attempts, "run_uid", "result_run_uid", "inner").to_pylist()
    return {
        (r["entity_type"], r[r["entity_type"]], r["entity_id"])
        for r in named
        if NAME_SEPARATOR not in r[r["entity_type"]]
    }


def planned(combinations: Iterable[tuple[str, ...]]) -> pa.Table:
    """Combinations, each a fingerprint and the four names, as a table that has each of them once."""
    columns = list(zip(*dict.fromkeys(combinations), strict=True)) or [()] * len(_IDENTITY)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=list(_IDENTITY))


def results_of(tables: Tables, wanted: pa.Table, more: Mapping[str, str], until: datetime | None = None) -> pa.Table:
    """See `Store.results_of`."""
    values = measured(tables, _planned(tables, wanted, until), until)
    values = caveats.with_more(values, more) if more else values
    place = pc.index_in(joined(values, _IDENTITY), joined(wanted, _IDENTITY))
    return values.take(np.argsort(place.to_numpy(), kind="stable"))


def _planned(tables: Tables, wanted: pa.Table, until: datetime | None = None) -> pa.Table:
    """The completed attempt that counts for each of these combinations, where there is one, under the names given here.

    That is the newest attempt of its fingerprint, under whatever names it ran. Only where one fingerprint is wanted
    under several names (`duplicates=keep`), the newest attempt under the same names is preferred.
    """
    every = _completed(tables, wanted["fingerprint"].combine_chunks().unique(), None, _MEASURING, until)
    any_name, own_name = newest(every), newest(every, _IDENTITY)
    keys = wanted["fingerprint"].combine_chunks().dictionary_encode().indices.to_numpy()
    own = pc.add(pc.index_in(joined(wanted, _IDENTITY), joined(own_name, _IDENTITY)), len(any_name))
    own = pc.if_else(pa.array(np.bincount(keys)[keys] > 1), own, None)
    place = pc.coalesce(own, pc.index_in(wanted["fingerprint"].combine_chunks(), joined(any_name, ("fingerprint",))))
    chosen, named = pa.concat_tables([any_name, own_name]).take(place.drop_null()), wanted.filter(pc.is_valid(place))
    for name in AXES:
        chosen = chosen.set_column(chosen.column_names.index(name), name, named[name])
    return chosen


def results(tables: Tables, fingerprints: Collection[str] | None, sweep_id: str | None) -> pa.Table:
    """See `Store.results`."""
    attempts = completed(tables, fingerprints, sweep_id)
    return caveats.with_changed_data(tables.files, measured(tables, attempts), attempts)


def results_at(tables: Tables, until: datetime) -> pa.Table:
    """See `Store.results_at`."""
    return measured(tables, newest(_completed(tables, None, None, _MEASURING, until)), until)


def measured(tables: Tables, attempts: pa.Table, until: datetime | None = None) -> pa.Table:
    """See `Store.measured`; `until` leaves out what was accepted later."""
    attempts = suspect_attempts.marked(tables, accepted_attempts.with_warnings(tables, attempts, until))
    parts: list[pa.Table] = []
    for name in pc.unique(attempts["payload_table"]).drop_null().to_pylist():
        mine = attempts.filter(pc.equal(attempts["payload_table"], name))
        parts += _values(mine, tables.table(name))
    values = pa.concat_tables(parts).select(RESULTS.names) if parts else RESULTS.empty_table()
    return caveats.with_not_finite(values)


def completed(tables: Tables, fingerprints: Collection[str] | None, sweep_id: str | None) -> pa.Table:
    """The newest completed attempt of each fingerprint, of those and of the sweep that are named."""
    refuse_text("fingerprints", fingerprints)
    wanted = None if fingerprints is None else pa.array(list(fingerprints), pa.string())
    return newest(_completed(tables, wanted, sweep_id))


def newest_failures(tables: Tables, fingerprints: Collection[str]) -> dict[str, Row]:
    """See `Store.newest_failures`."""
    attempts = tables.attempts((*last_status.NEEDED, "error_type", "error_message", "log_uri"))
    mine = attempts.filter(pc.is_in(attempts["fingerprint"], pa.array(list(fingerprints), pa.string())))
    failing = newest(mine.filter(pc.is_in(mine["status"], pa.array(list(FAILING)))))
    return {row["fingerprint"]: row for row in failing.to_pylist()}


def _completed(
    tables: Tables,
    fingerprints: pa.Array | None,
    sweep_id: str | None,
    columns: Sequence[str] | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """Completed attempts, each with the status of the newest attempt of its combination in any sweep.

    `until` leaves out what ended later, as if it had not been made yet.
    """
    every = tables.attempts(columns)
    if until is not None:
        every = every.filter(pc.less_equal(every["finished_at"], pa.scalar(until, TIME)))
    if fingerprints is not None:
        every = every.filter(pc.is_in(every["fingerprint"], fingerprints))
    attempts = every.filter(pc.equal(every["status"], COMPLETED))
    if sweep_id is not None:
        attempts = attempts.filter(pc.equal(attempts["sweep_id"], sweep_id))
    return last_status.with_newest(attempts, every)


def _values(attempts: pa.Table, payload: pa.Table) -> list[pa.Table]:
    """The measured values of these attempts, one row each; a table for each value column of the payload."""
    chosen = attempts.select([*_FROM_ATTEMPTS, "sweep_name", "result_run_uid", "job_id"])
    chosen = chosen.rename_columns(["sweep" if n == "sweep_name" else n for n in chosen.column_names])
    chosen = chosen.append_column("caveat", caveats.caveats(attempts)).append_column("warning", attempts["warnings"])
    payload = payload.filter(pc.is_in(payload["run_uid"], chosen["result_run_uid"].combine_chunks()))
    return [_joined_in_order(chosen, values).cast(_typed(chosen)) for values in _long(payload)]


def _joined_in_order(chosen: pa.Table, values: pa.Table) -> pa.Table:
    """The values of these attempts in the order of the payload, which a join alone does not keep.

    A run gives the most important of its values first.
    """
    placed = values.append_column("place", pa.array(np.arange(len(values))))
    found = chosen.join(placed, ["result_run_uid", "job_id"], ["run_uid", "job_id"], "inner")
    return found.take(np.argsort(found["place"].to_numpy(), kind="stable")).drop_columns(["place"])


def _typed(chosen: pa.Table) -> pa.Schema:
    kinds = {**{f.name: f.type for f in RESULTS}, "result_run_uid": pa.string(), "job_id": pa.string()}
    order = [*chosen.column_names, "key", "value", "scope", "higher_is_better", *_OF_A_VALUE]
    return pa.schema([(name, kinds[name]) for name in order])


def _long(payload: pa.Table) -> Iterator[pa.Table]:
    """One row per value, from a pair of key and value columns, else from every numeric column."""
    has = set(payload.column_names)
    base = {name: payload[name] for name in ("run_uid", "job_id")}
    rest = {"scope": _scope(payload), "higher_is_better": _direction(payload)}
    for key, value in _KEY_VALUE:
        if {key, value} <= has and _is_number(payload.schema.field(value).type):
            yield _columns(base, _key(payload, key), payload[value], rest | _of_a_value(payload))
            return
    rest |= {name: pa.nulls(len(payload), kind) for name, kind in _OF_A_VALUE.items()}
    for field in payload.schema:
        if field.name not in _IDS and _is_number(field.type):
            key_column = pa.array([field.name] * len(payload), pa.string())
            yield _columns(base, key_column, payload[field.name], rest)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _direction(payload: pa.Table) -> Values:
    """Whether a higher value is better; null where the column of that name is not one of booleans."""
    direction = payload["higher_is_better"] if "higher_is_better" in payload.column_names else None
    is_known = direction is not None and direction.type == pa.bool_()
    return direction if is_known else pa.nulls(len(payload), pa.bool_())


def _of_a_value(payload: pa.Table) -> dict[str, Values]:
    """The columns of `_OF_A_VALUE`; null where the payload has no column of that name and type."""
    return {
        name: payload[name] if name in payload.column_names and payload.schema.field(name).type == kind else nothing
        for name, kind in _OF_A_VALUE.items()
        for nothing in [pa.nulls(len(payload), kind)]
    }


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if column.type == pa.string() else column.cast(pa.string())


def _scope(payload: pa.Table) -> Values:
    """What each value is about: the whole run, unless the table says otherwise."""
    if "scope" in payload.column_names:
        return pc.fill_null(_text(payload["scope"]), OVERALL)
    if "image_index" in payload.column_names:  # checkmaite's saliency: a row for each map
        return pc.binary_join_element_wise("image", payload["image_index"].cast(pa.string()), " ")
    return pa.array([OVERALL] * len(payload), pa.string())


def _key(payload: pa.Table, name: str) -> pa.ChunkedArray:
    """The key of each value. For checkmaite's robustness it names the strength too: accuracy at factor=0.5."""
    if not {"theta_key", "theta_value"} <= set(payload.column_names):
        return _text(payload[name])
    strength = pc.round(payload["theta_value"], 6).cast(pa.string())
    where = pc.binary_join_element_wise(_text(payload["theta_key"]), strength, "=")
    return pc.binary_join_element_wise(_text(payload[name]), where, " at ")


def _columns(base: Mapping[str, Values], key: Values, value: pa.ChunkedArray, rest: Mapping[str, Values]) -> pa.Table:
    return pa.table({**base, "key": key, "value": pc.cast(value, pa.float64()), **rest})
