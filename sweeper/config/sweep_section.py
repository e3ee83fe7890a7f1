"""The `_sweep_` section of a choice: how it is run. Each of its fields is declared once, with its check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sweeper.checks.rules import LABEL_SPACES
from sweeper.config.value_checks import (
    Check,
    amount,
    count,
    each,
    flag,
    known_keys,
    mapping,
    one_of,
    positive,
    positive_count,
    text,
)
from sweeper.errors import ConfigError
from sweeper.revision.paths import holds_more_than_data
from sweeper.vocabulary import Arity, Runtime

SWEEP = "_sweep_"
ARITY_KEYS = ("datasets", "models", "metrics")


def runtime_from_sweep_section(where: str, axis: str, value: object) -> Runtime:
    """Check the `_sweep_` section of a choice and type it.

    Raises
    ------
    ConfigError
        A field that does not exist, or a value that is not allowed.
    """
    where = f"{where}.{SWEEP}"
    section = mapping(where, value)
    known_keys(where, section, SWEEP_FIELDS)
    if section.get("arity") is not None and axis != "capability":
        raise ConfigError(f"{where}.arity: only a capability has an arity.")
    checked = {key: _CHECKS[key](f"{where}.{key}", item) for key, item in section.items() if item is not None}
    metrics_at_once = checked.pop("metrics", None)
    runtime = replace(Runtime(), **checked)
    if metrics_at_once is None:
        return runtime
    if runtime.arity is None:
        raise ConfigError(f"{where}.metrics says how many metrics a {axis} takes at once; give its {where}.arity too.")
    return replace(runtime, arity={**runtime.arity, "metrics": _METRICS_AT_ONCE[str(metrics_at_once)]})


_METRICS_AT_ONCE = {"together": Arity.MANY, "each": Arity.ONE}
"""Of a capability that takes many metrics: all of them in one run, or a run for each."""


def _resources(where: str, value: object) -> Mapping[str, float]:
    return {name: amount(f"{where}.{name}", item) for name, item in mapping(where, value).items()}


def _arity(where: str, value: object) -> Mapping[str, Arity]:
    by_axis = mapping(where, value)
    known_keys(where, by_axis, ARITY_KEYS)
    word = one_of(member.name for member in Arity)
    return {key: Arity[word(f"{where}.{key}", by_axis.get(key))] for key in ARITY_KEYS}


def _data_path(where: str, value: object) -> str:
    path = text(where, value)
    if holds_more_than_data(path):
        raise ConfigError(
            f"{where} is {path!r}, which contains the working or the home folder: its content changes all the time. "
            "Name the files or folders that hold the data."
        )
    return path


_CHECKS: Mapping[str, Check[object]] = {
    "task": text,
    "arity": _arity,
    "metrics": one_of(_METRICS_AT_ONCE),
    "reads_predictions": flag,
    "predictions_depend_on": each(text),
    "resources": _resources,
    "retries": count,
    "retry_exceptions": flag,
    "timeout_s": positive,
    "max_in_flight": positive_count,
    "max_same_error": positive_count,
    "report": amount,
    "files": each(_data_path),
    "label_space": one_of(LABEL_SPACES),
    "soft_targets": flag,
    "shards": flag,
    "read_ahead": count,
}
SWEEP_FIELDS = tuple(_CHECKS)
