"""Reads what models cost: the time of inferences, each counted once, and that of the runs themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweeper.report.costs import Costs, ModelCost
from sweeper.report.sorting import natural_key
from sweeper.store.compute import pc

if TYPE_CHECKING:
    from sweeper.store import Table

MODELS = 100
ONE_PASS = "maite_evaluation"
"""The table of `evaluate`, whose inferences go once over a dataset; those of other capabilities may go many times."""
_NOT_CLUSTERED = '"cluster_by":null'
"""In the evidence of a value whose `n` counts data, and not groups of them."""


def read_costs(completed: Table, values: Table) -> Costs:
    """The costs of each model, by these completed attempts and their values."""
    measured = completed.filter(pc.greater(pc.utf8_length(pc.fill_null(completed["model"], "")), 0))
    runs = measured.group_by("model").aggregate([("duration_s", "sum"), ("duration_s", "count"), ("host", "distinct")])
    passes = _passes(measured, values)
    found = [_cost(row, passes.get(row["model"], [])) for row in runs.to_pylist()]
    found.sort(key=lambda one: natural_key(one.model))
    return Costs(tuple(found[:MODELS]), max(0, len(found) - MODELS))


def _passes(measured: Table, values: Table) -> dict[str, list[tuple[float, int | None]]]:
    """By model: the seconds of each inference, and how many data it went over once, where that is known.

    Attempts that read one inference have its seconds to the last digit: equal ones of a model and dataset are one.
    """
    read = measured.filter(pc.is_valid(measured["inference_s"]))
    read = read.append_column("data", _data(read, values))
    rows = read.group_by(["model", "dataset", "inference_s"]).aggregate([("data", "max")]).to_pylist()
    found: dict[str, list[tuple[float, int | None]]] = {}
    for row in rows:
        found.setdefault(row["model"], []).append((row["inference_s"], row["data_max"]))
    return found


def _data(read: Table, values: Table) -> Any:
    """How many data each attempt was measured on, null where that is not known or its inference is no single pass."""
    counts = values.filter(pc.fill_null(pc.match_substring(values["evidence"], _NOT_CLUSTERED), False))
    counts = counts.select(["fingerprint", "n"]).group_by("fingerprint").aggregate([("n", "max")])
    place = pc.index_in(read["fingerprint"], counts["fingerprint"].combine_chunks())
    known = counts["n_max"].take(place)
    return pc.if_else(pc.fill_null(pc.equal(read["payload_table"], ONE_PASS), False), known, None)


def _cost(row: dict[str, Any], passes: list[tuple[float, int | None]]) -> ModelCost:
    timed = [(seconds, data) for seconds, data in passes if data]
    total = sum(data for _, data in timed if data)
    return ModelCost(
        model=row["model"],
        passes=len(passes),
        inference_s=sum(seconds for seconds, _ in passes),
        datum_s=sum(seconds for seconds, _ in timed) / total if total else None,
        runs=row["duration_s_count"],
        run_s=row["duration_s_sum"] or 0.0,
        hosts=tuple(sorted(host for host in row["host_distinct"] if host)),
    )
