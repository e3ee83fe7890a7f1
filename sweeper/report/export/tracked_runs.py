"""Stored values as runs of an experiment tracker: a run for each model on each dataset. Pure.

Trackers show runs as the lines of a table, and plot one number of each against another. So a run has all that was
measured of one model on one dataset, by every capability and metric; with a run for each combination, no two numbers of
one model would stand in one line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sweeper.vocabulary import NAME_SEPARATOR

Row = Mapping[str, Any]
_INTERVAL = ("n", "stderr", "ci_low", "ci_high")
_NOT_ALLOWED = re.compile(r"[^\w\-. :/]", re.ASCII)
"""What MLflow refuses in the name of a parameter, a metric or a tag."""
_REVISIONS = ("code_revision", "data_revision", "libraries_revision", "sweeper_version")
_LONGEST_NAME, _LONGEST_TEXT = 250, 500
"""Characters. Longer texts end in their digest, so that unlike ones stay unlike."""


@dataclass(frozen=True)
class TrackedValue:
    """One number of a run."""

    name: str
    value: float
    at: datetime
    """When it was measured."""


@dataclass(frozen=True)
class TrackedRun:
    """What was measured of one model on one dataset, in one experiment."""

    experiment: str
    key: str
    """Digest of the specs of model and dataset, by which the run is found again."""
    name: str
    began: datetime
    ended: datetime
    params: Mapping[str, str]
    values: tuple[TrackedValue, ...]
    tags: Mapping[str, str]


def tracked_runs(rows: Iterable[Row], attempts: Mapping[str, Row], experiment: str | None = None) -> list[TrackedRun]:
    """Runs of rows of the view `results`, each value once.

    Parameters
    ----------
    rows
        Those that sum a run up; of several with the same names, one.
    attempts
        Completed attempts with the columns of the table `attempts`, by fingerprint.
    experiment
        What all runs belong to; by default each to the name of the sweep that measured it.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["fingerprint"] in attempts and row["value"] is not None:
            key = _key(json.loads(attempts[row["fingerprint"]]["spec"] or "{}"))
            groups.setdefault((experiment or row["sweep"] or "sweeper", key), []).append(row)
    return [_run(name, key, group, attempts) for (name, key), group in groups.items()]


def _key(spec: Mapping[str, Any]) -> str:
    parts = json.dumps([spec.get("models", []), spec.get("datasets", [])], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def _run(experiment: str, key: str, rows: Sequence[Row], attempts: Mapping[str, Row]) -> TrackedRun:
    measured = {row["fingerprint"]: attempts[row["fingerprint"]] for row in rows}
    newest = max(measured.values(), key=lambda attempt: attempt["finished_at"])
    return TrackedRun(
        experiment=experiment,
        key=key,
        name=" · ".join(filter(None, (newest["model"], newest["dataset"]))) or newest["capability"],
        began=min(one["finished_at"] - timedelta(seconds=one["duration_s"] or 0) for one in measured.values()),
        ended=newest["finished_at"],
        params=dict(_params(measured.values())),
        values=tuple(value for row in rows for value in _values(row)),
        tags={"sweeper.run": key, **dict(_tags(newest)), **dict(_of_values(rows))},
    )


def _values(row: Row) -> Iterator[TrackedValue]:
    """A value, and how sure it is where that is known."""
    name = _metric_name(row)
    yield TrackedValue(name, row["value"], row["finished_at"])
    known = ((part, row[part]) for part in _INTERVAL)
    yield from (
        TrackedValue(_named(f"{name}.{part}"), float(number), row["finished_at"])
        for part, number in known
        if number is not None
    )


def _metric_name(row: Row) -> str:
    """`evaluate/accuracy`, and the key too where it is more than the metric: `evaluate/f1 f1_macro`."""
    key, metric = row["key"] or "", row["metric"] or ""
    said = key if key.startswith(metric) else f"{metric} {key}"
    return _named(f"{row['capability']}/{said}")


def _params(attempts: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """What the parts are called, and what their specs say: `model.estimator.C`."""
    for attempt in attempts:
        spec = json.loads(attempt["spec"] or "{}")
        yield from ((axis, _short(attempt[axis])) for axis in ("model", "dataset") if attempt[axis])
        for axis in ("model", "dataset"):
            parts = spec.get(f"{axis}s", [])
            heads = [axis] if len(parts) == 1 else [f"{axis}.{place}" for place in range(1, len(parts) + 1)]
            yield from (pair for head, part in zip(heads, parts, strict=True) for pair in _flat(head, part))
        yield from _flat(f"capability.{attempt['capability']}", spec.get("capability", {}))
        metrics, names = spec.get("metrics", []), (attempt["metric"] or "").split(NAME_SEPARATOR)
        yield from (pair for name, one in zip(names, metrics, strict=False) for pair in _flat(f"metric.{name}", one))


def _flat(head: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{head}.{name}", inner)
    else:
        yield _named(head), _short(value if isinstance(value, str) else json.dumps(value))


def _tags(attempt: Row) -> Iterator[tuple[str, str]]:
    yield from (("sweeper.sweep", attempt["sweep_name"] or ""), ("sweeper.sweep_id", attempt["sweep_id"] or ""))
    yield from ((f"sweeper.{name}", _short(attempt[name])) for name in _REVISIONS if attempt[name])


def _of_values(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """The fingerprint of each value, and what is to be said of it."""
    for row in rows:
        for what in ("fingerprint", "caveat", "warning"):
            yield _named(f"sweeper.{what}.{_metric_name(row)}"), _short(row[what] or "")


def _named(text: str) -> str:
    """A name that MLflow takes."""
    name = _NOT_ALLOWED.sub("_", text)
    return name if len(name) <= _LONGEST_NAME and name == text else _cut(name, text, _LONGEST_NAME)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else _cut(text, text, _LONGEST_TEXT)


def _cut(shown: str, whole: str, length: int) -> str:
    digest = hashlib.sha256(whole.encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{shown[: length - len(digest) - 1]}-{digest}"
