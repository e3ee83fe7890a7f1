"""Reads where the shown values come from: one entry for each name and each environment, not for each value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.errors import StoreError
from sweeper.report.provenance import AskedFor, Environment, NamedSpec, Provenance, ShownAttempt
from sweeper.report.reading.definitions import read_definitions
from sweeper.report.sorting import natural_key
from sweeper.store import newest_attempts, sweep_files
from sweeper.store.compute import pc
from sweeper.vocabulary import AXES, NAME_SEPARATOR

if TYPE_CHECKING:
    from sweeper.messages.asked import SweepHeader
    from sweeper.store import Store, Table

SPECS, ENVIRONMENTS, ATTEMPTS = 400, 40, 500
"""So many names, environments and attempts are listed."""
_OF_ENVIRONMENT = ("sweep_id", "host", "sweeper_version", "libraries_revision", "code_revision")
NEEDED = ("attempt_id", "host", "code_revision", "libraries_revision", "inference_s", "started_at")
"""Columns of `attempts` that are read for this alone."""
_KEYS = {"capability": "capability", "dataset": "datasets", "model": "models", "metric": "metrics"}
"""Under which key the spec of a combination has those of an axis."""


def read_provenance(store: Store, completed: Table, sweep_ids: Sequence[str]) -> Provenance:
    """Where the values of these attempts come from.

    Parameters
    ----------
    completed
        The attempts whose values are shown. Those of a store without the files of its sweeps have a column `spec`.
    sweep_ids
        The sweeps that are listed, the newest first.
    """
    headers = _headers(store, sweep_ids)
    specs = _specs(store, completed, [header.sweep_id for header in headers])
    environments, codes = _environments(completed)
    names = zip(*(pc.fill_null(completed[axis], "").to_pylist() for axis in AXES), strict=True)
    return Provenance(
        specs=tuple(specs[:SPECS]),
        more_specs=max(0, len(specs) - SPECS),
        asked=tuple(map(_asked, headers)),
        environments=tuple(environments[:ENVIRONMENTS]),
        more_environments=max(0, len(environments) - ENVIRONMENTS),
        attempts=tuple(map(_attempt, completed.slice(0, ATTEMPTS).to_pylist())),
        more_attempts=max(0, len(completed) - ATTEMPTS),
        environment_of=dict(zip(names, codes, strict=True)),
        definitions=read_definitions(specs),
    )


def _headers(store: Store, sweep_ids: Sequence[str]) -> list[SweepHeader]:
    """What there is once of each sweep; one whose file is not there or cannot be read is left out."""
    known, found = set(store.sweep_ids()), list[Any]()
    for sweep_id in sweep_ids:
        if sweep_id in known:
            with suppress(StoreError):
                found.append(sweep_files.read_header(store.files, sweep_id))
    return found


def _asked(header: SweepHeader) -> AskedFor:
    settings = tuple((key, json.dumps(value, default=str)) for key, value in header.settings.items())
    return AskedFor(
        header.sweep_id,
        header.name,
        header.sweeper_version,
        header.working_folder,
        header.overrides,
        settings,
        header.resumes,
    )


# What names stand for


def _specs(store: Store, completed: Table, sweep_ids: Sequence[str]) -> list[NamedSpec]:
    """The specs of the shown names: as these sweeps had them, else as an attempt did. One name may have several."""
    shown = {axis: _names(completed, axis) for axis in AXES}
    found: dict[tuple[str, str, str], NamedSpec] = {}
    for sweep_id in sweep_ids:
        for choice in sweep_files.read_choices(store.files, sweep_id):
            if choice.name in shown[choice.axis]:
                key = (choice.axis, choice.name, choice.spec)
                before = found[key].sweeps if key in found else ()
                found[key] = NamedSpec(choice.axis, choice.name, choice.base, choice.spec, (*before, sweep_id))
    missing = {axis: names - {name for of, name, _ in found if of == axis} for axis, names in shown.items()}
    every = [*found.values(), *_of_attempts(completed, missing)]
    return sorted(every, key=lambda one: (AXES.index(one.axis), natural_key(one.base), natural_key(one.name)))


def _names(completed: Table, axis: str) -> set[str]:
    joint = pc.unique(pc.fill_null(completed[axis], "")).to_pylist()
    return {name for names in joint for name in names.split(NAME_SEPARATOR) if name}


def _of_attempts(completed: Table, missing: Mapping[str, set[str]]) -> Iterator[NamedSpec]:
    if "spec" not in completed.column_names:
        return
    for axis, wanted in missing.items():
        encoded = pc.fill_null(completed[axis], "").combine_chunks().dictionary_encode()
        firsts = np.unique(encoded.indices.to_numpy(zero_copy_only=False), return_index=True)[1]
        for row in completed.select([axis, "spec"]).take(firsts[:SPECS]).to_pylist():
            for name, spec in _parts(axis, row[axis] or "", row["spec"]):
                if name in wanted:
                    wanted.discard(name)
                    yield NamedSpec(axis, name, name.partition("[")[0], spec)


def _parts(axis: str, names: str, text: str | None) -> Iterable[tuple[str, str]]:
    """The names that stand on an axis, each with its part of the spec of a combination."""
    found: Any = json.loads(text or "{}").get(_KEYS[axis])
    specs = found if isinstance(found, list) else [found] if found else []
    named = names.split(NAME_SEPARATOR)
    return zip(named, (json.dumps(spec) for spec in specs), strict=True) if len(named) == len(specs) else ()


# Where attempts ran


def _environments(completed: Table) -> tuple[list[Environment], list[int]]:
    """The different environments, that of most attempts first, and for each attempt which it is."""
    if not len(completed):
        return [], []
    encoded = newest_attempts.joined(completed, _OF_ENVIRONMENT).dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    _, firsts, counts = np.unique(codes, return_index=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    times = completed.select(["started_at", "finished_at"]).append_column("code", encoded.indices)
    spans = {row["code"]: row for row in times.group_by("code").aggregate(_SPAN).to_pylist()}
    rows = completed.select(_OF_ENVIRONMENT).take(firsts).to_pylist()
    found = [_environment(rows[place], int(counts[place]), spans[place]) for place in order.tolist()]
    return found, rank[codes].tolist()


_SPAN = [("started_at", "min"), ("finished_at", "max")]


def _environment(row: Mapping[str, Any], attempts: int, span: Mapping[str, Any]) -> Environment:
    return Environment(
        sweep_id=row["sweep_id"] or "",
        host=row["host"] or "",
        sweeper_version=row["sweeper_version"] or "",
        libraries=row["libraries_revision"] or "",
        code=row["code_revision"] or "",
        attempts=attempts,
        began=span["started_at_min"],
        ended=span["finished_at_max"],
    )


def _attempt(row: Mapping[str, Any]) -> ShownAttempt:
    return ShownAttempt(
        names=tuple(row[axis] or "" for axis in AXES),
        attempt_id=row["attempt_id"],
        fingerprint=row["fingerprint"],
        sweep_id=row["sweep_id"],
        ended=row["finished_at"],
        seconds=row["duration_s"],
        inference_seconds=row["inference_s"],
        data=row["data_revision"] or "",
        log_uri=row["log_uri"],
    )
