"""Writes tracked runs into a tracking store of MLflow: a file of SQLite, another database, or a server."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from sweeper.common.extras import how_to_install
from sweeper.common.text import first_line
from sweeper.errors import ConfigError, MissingExtraError
from sweeper.report.export.tracked_runs import TrackedRun

ENVIRONMENT = "MLFLOW_TRACKING_URI"
_AT_ONCE = 100
"""The most parameters and tags that MLflow takes in one request, which is fewer than the most metrics."""
_RUN_TAG = "sweeper.run"


@dataclass(frozen=True)
class Tracked:
    """What was written."""

    uri: str
    experiments: tuple[str, ...] = ()
    created: int = 0
    """How many runs are new."""
    updated: int = 0
    """How many were there, and have got new values or other tags."""
    unchanged: int = 0
    values: int = 0
    """How many numbers were written."""


def tracking_uri(place: str | None) -> str:
    """Where to write: a URI as it is, a path as a file of SQLite, and by default what `MLFLOW_TRACKING_URI` says.

    Raises
    ------
    ConfigError
        Nothing says it, or it is a folder, which MLflow does not write any more.
    """
    uri = place or os.environ.get(ENVIRONMENT, "")
    if not uri:
        raise ConfigError(
            f"--format mlflow needs a tracking store: --output runs.db, sqlite:///runs.db or http://host:5000, or "
            f"{ENVIRONMENT} in the environment."
        )
    if "://" in uri and not uri.startswith("file:"):
        return uri
    path = Path(uri.removeprefix("file://")).expanduser()
    if path.is_dir() or uri.startswith("file:"):
        raise ConfigError(
            f"{uri} is a folder, and MLflow keeps runs in a database: name a file that does not exist yet, such as "
            f"{path.name or 'runs'}.db, or a server."
        )
    if not path.parent.is_dir():
        raise ConfigError(f"{uri} cannot be written: there is no folder {path.parent}. Name a file in one that exists.")
    return f"sqlite:///{path.resolve()}"


def track(runs: Iterable[TrackedRun], uri: str) -> Tracked:
    """Write runs, and to those that are there only what they lack or have otherwise.

    Raises
    ------
    MissingExtraError
        MLflow is not installed.
    ConfigError
        MLflow cannot reach the tracking store, or refuses it; the message is its own.
    """
    mlflow = _mlflow()
    done = Tracked(uri)
    try:
        client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        for run in runs:
            done = _with(done, run, *_written(client, run))
    except (mlflow.MlflowException, OSError, *_of_databases()) as error:
        raise ConfigError(f"MLflow cannot write to {uri}: {first_line(error)}") from error
    return done


def _of_databases() -> tuple[type[Exception], ...]:
    """What a database raises that is none, or that is of another version; a server needs no package for that."""
    try:
        return (import_module("sqlalchemy.exc").SQLAlchemyError,)
    except ImportError:
        return ()


def _mlflow() -> Any:
    try:
        return import_module("mlflow")
    except ImportError as error:
        how = how_to_install("mlflow")
        raise MissingExtraError(f"Runs of MLflow need mlflow, which is not installed. {how}") from error


def _with(done: Tracked, run: TrackedRun, is_new: bool, written: int) -> Tracked:
    return Tracked(
        done.uri,
        tuple(dict.fromkeys((*done.experiments, run.experiment))),
        done.created + is_new,
        done.updated + (not is_new and written > 0),
        done.unchanged + (not is_new and written == 0),
        done.values + written,
    )


def _written(client: Any, run: TrackedRun) -> tuple[bool, int]:
    """Whether a run is new, and how many numbers were written."""
    experiment_id = _experiment(client, run.experiment)
    there = client.search_runs([experiment_id], f"tags.`{_RUN_TAG}` = '{run.key}'", max_results=1)
    if there:
        found = there[0].data
        return False, _log(client, there[0].info.run_id, run, found.metrics, found.params, found.tags)
    made = client.create_run(experiment_id, _milliseconds(run.began), {_RUN_TAG: run.key}, run.name)
    written = _log(client, made.info.run_id, run, {}, {}, {})
    client.set_terminated(made.info.run_id, end_time=_milliseconds(run.ended))
    return True, written


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return client.create_experiment(name) if found is None else found.experiment_id


def _log(
    client: Any,
    run_id: str,
    run: TrackedRun,
    metrics: Mapping[str, float],
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> int:
    """Write what a run lacks or has otherwise; returns how many numbers. A parameter is never changed."""
    entities: Any = import_module("mlflow.entities")
    new = [one for one in run.values if not _is_same(metrics.get(one.name), one.value)]
    numbers = [entities.Metric(one.name, one.value, _milliseconds(one.at), 0) for one in new]
    texts: list[Any] = [entities.Param(name, value) for name, value in run.params.items() if name not in params]
    marks: list[Any] = [entities.RunTag(name, value) for name, value in run.tags.items() if tags.get(name) != value]
    for place in range(0, max(len(numbers), len(texts), len(marks)), _AT_ONCE):
        part = slice(place, place + _AT_ONCE)
        client.log_batch(run_id, numbers[part], texts[part], marks[part])
    return len(new)


def _is_same(known: float | None, value: float) -> bool:
    return known is not None and (known == value or (math.isnan(known) and math.isnan(value)))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
