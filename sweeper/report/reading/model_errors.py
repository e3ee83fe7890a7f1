"""Reads where each model errs from the tables of `error_analysis` and `detection_errors`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.report.model_errors import DatasetErrors, ModelErrors, Taken, Weak, WrongDatum
from sweeper.report.sorting import natural_key
from sweeper.store.compute import pc

if TYPE_CHECKING:
    from sweeper.store import Store, Table

ANALYSES = 200
"""Of so many analyses, the first by their names, something is shown."""
LISTED = 3
"""So many findings of each kind are shown of an analysis."""
_BY_JOB = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class _Tables:
    """Where a capability writes what is shown, and which of its rows that are."""

    values: str
    of_class: Mapping[str, str]
    of_slice: Mapping[str, str]
    confusions: str
    confused: Mapping[str, object]
    data: str | None = None


_KINDS = (
    _Tables(
        values="sweeper_error_analysis",
        of_class={"scope": "class", "quantity": "recall"},
        of_slice={"scope": "slice", "quantity": "accuracy"},
        confusions="sweeper_error_confusions",
        confused={"is_right": False, "slice_key": None},
        data="sweeper_error_data",
    ),
    _Tables(
        values="sweeper_detection_errors",
        of_class={"scope": "class", "side": "object", "kind": "correct"},
        of_slice={"scope": "slice", "side": "object", "kind": "correct"},
        confusions="sweeper_detection_confusions",
        confused={"kind": "wrong_class"},
    ),
)


def read_model_errors(store: Store, completed: Table) -> tuple[ModelErrors, ...]:
    """What the analyses among these completed attempts found, model by model."""
    found: dict[str, list[DatasetErrors]] = {}
    for kind in _KINDS:
        is_mine = pc.fill_null(pc.equal(completed["payload_table"], kind.values), False)
        mine = completed.filter(is_mine).slice(0, ANALYSES)
        for model, errors in _of_kind(store, kind, mine) if len(mine) else ():
            found.setdefault(model, []).append(errors)
    return tuple(ModelErrors(model, _sorted(found[model])) for model in sorted(found, key=natural_key))


def _sorted(some: Sequence[DatasetErrors]) -> tuple[DatasetErrors, ...]:
    return tuple(sorted(some, key=lambda one: natural_key(one.dataset)))


def _of_kind(store: Store, kind: _Tables, attempts: Table) -> Iterator[tuple[str, DatasetErrors]]:
    jobs = attempts["job_id"].combine_chunks()
    classes = _first(store, kind.values, kind.of_class, jobs, [("ci_high", "ascending"), ("output_value", "ascending")])
    slices = _first(store, kind.values, kind.of_slice, jobs, [("place", "ascending")])
    taken = _first(store, kind.confusions, kind.confused, jobs, [("n", "descending")])
    wrong = _first(store, kind.data, {"reason": "confidently_wrong"}, jobs, [("place", "ascending")])
    for row in attempts.select(["job_id", "capability", "dataset", "model"]).to_pylist():
        job = row["job_id"]
        errors = DatasetErrors(
            capability=row["capability"],
            dataset=row["dataset"],
            classes=tuple(_weak(one["class_name"], one) for one in classes.get(job, ())),
            taken=tuple(map(_taken, taken.get(job, ()))),
            slices=tuple(_weak(f"{one['slice_key']}: {one['slice_value']}", one) for one in slices.get(job, ())),
            wrong=tuple(map(_datum, wrong.get(job, ()))),
        )
        yield row["model"], errors


def _first(
    store: Store, table: str | None, where: Mapping[str, object], jobs: Any, order: Sequence[tuple[str, str]]
) -> _BY_JOB:
    """The first rows of each of these jobs that have these values, in this order."""
    if table is None or table not in store.tables():
        return {}
    rows = store.table(table)
    rows = rows.filter(pc.is_in(rows["job_id"], jobs))
    for name, value in where.items():
        is_so = pc.is_null(rows[name]) if value is None else pc.equal(rows[name], value)
        rows = rows.filter(pc.fill_null(is_so, False))
    rows = rows.sort_by([("job_id", "ascending"), *order])
    found: _BY_JOB = {}
    for row in rows.filter(_place_within(rows["job_id"].to_numpy()) < LISTED).to_pylist():
        found.setdefault(row["job_id"], []).append(row)
    return found


def _place_within(groups: np.ndarray) -> Any:
    """The place of each row among those of its group, from 0; rows of a group stand together."""
    begins = np.flatnonzero(np.append(True, groups[1:] != groups[:-1])[: len(groups)])
    return np.arange(len(groups)) - np.repeat(begins, np.diff(np.append(begins, len(groups))))


def _weak(name: object, row: Mapping[str, Any]) -> Weak:
    return Weak(str(name), row["output_value"], row["ci_low"], row["ci_high"], row["support"])


def _taken(row: Mapping[str, Any]) -> Taken:
    return Taken(str(row["label_name"]), str(row["predicted_name"]), row["n"])


def _datum(row: Mapping[str, Any]) -> WrongDatum:
    return WrongDatum(row["datum_id"], str(row["label_name"]), str(row["predicted_name"]), row["confidence"])
