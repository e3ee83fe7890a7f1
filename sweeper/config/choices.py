"""From a composed config to choices: resolved plain data, checked, with `_sweep_` taken out at every depth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sweeper.checks.rules import LABEL_SPACES
from sweeper.config import schema
from sweeper.errors import ConfigError, near_match
from sweeper.planning.fingerprint import canonical, digest
from sweeper.revision import holds_more_than_data
from sweeper.vocabulary import AXES, PAIR, Arity, Choice, Runtime

if TYPE_CHECKING:
    from omegaconf import DictConfig

SWEEP = "_sweep_"
ARITY_KEYS = ("datasets", "models", "metrics")
_NOT_FOUND = re.compile(r"Interpolation key '(?P<key>[^']+)' not found")


def resolve(cfg: DictConfig, path: tuple[str, ...]) -> Any:
    """The value at a path as plain data, every interpolation resolved.

    Raises
    ------
    ConfigError
        Something in it is `???`, or interpolates what the config does not have.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import InterpolationKeyError, MissingMandatoryValue, OmegaConfBaseException

    node: Any = cfg
    where = ".".join(path)
    try:
        for step in path:
            node = node[step]
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True) if OmegaConf.is_config(node) else node
    except MissingMandatoryValue as error:
        key = error.full_key or where
        raise ConfigError(f"{key} is ???: it has no default. Give it: {key}=VALUE.") from error
    except InterpolationKeyError as error:
        raise ConfigError(_unresolved(error, cfg, where)) from error
    except OmegaConfBaseException as error:
        raise ConfigError(f"{where}: {' '.join(str(error).split())}") from error


def _unresolved(error: Exception, cfg: DictConfig, where: str) -> str:
    found = _NOT_FOUND.search(str(error))
    key = found["key"] if found else "?"
    place = getattr(error, "full_key", None) or where
    axis, _, rest = key.partition(".")
    name = rest.split(".")[0]
    if axis in AXES and name and name not in (cfg.get(axis) or {}):
        return (
            f"{place} interpolates ${{{key}}}, and no {axis} {name!r} is selected. Select it too: {axis}=[...,{name}]."
        )
    return f"{place} interpolates ${{{key}}}, which the config does not have.{near_match(axis, [str(k) for k in cfg])}"


def choice_of(axis: str, name: str, spec: Any) -> Choice:
    """Check one resolved spec and freeze it.

    Raises
    ------
    ConfigError
        No mapping, no `_target_`, an unknown or wrong field under `_sweep_`, or a value that JSON cannot carry.
    """
    where = f"{axis}.{name}"
    if not isinstance(spec, Mapping):
        raise ConfigError(
            f"{where} is {spec!r}, and a choice is a mapping with a _target_. Does its file nest everything under "
            f"'{name}:'? A choice file begins with its own name."
        )
    if not isinstance(spec.get("_target_"), str):
        raise ConfigError(
            f"{where} has no _target_ (the class to build); it has {', '.join(map(str, spec)) or 'nothing'}. "
            f"If that is meant to change a choice, select it too: '{axis}=[...,{name}]'."
        )
    runtime = runtime_of(where, axis, spec.get(SWEEP) or {})
    bare = without(spec)
    text = canonical(bare, where=where)
    try:
        return Choice(axis, name, bare, text, digest(text), name, runtime)
    except UnicodeEncodeError as error:
        said = ascii(text[max(error.start - 20, 0) : error.end + 20])
        raise ConfigError(f"{where} holds text that is not UTF-8, near {said}; write it in UTF-8.") from error


def without(value: Any, keys: tuple[str, ...] = (SWEEP, "_base_")) -> Any:
    """Plain data with some keys removed at every depth."""
    if isinstance(value, Mapping):
        return {k: without(v, keys) for k, v in value.items() if k not in keys}
    return [without(v, keys) for v in value] if isinstance(value, list) else value


def runtime_of(where: str, axis: str, given: Any) -> Runtime:
    """Check what `_sweep_` says of a choice and type it."""
    where = f"{where}.{SWEEP}"
    said = schema.mapping(where, given)
    schema.known_keys(where, said, schema.SWEEP_FIELDS)
    checked = {key: _CHECKS[key](f"{where}.{key}", value) for key, value in said.items() if value is not None}
    if "arity" in checked and axis != "capability":
        raise ConfigError(f"{where}.arity: only a capability has an arity.")
    if (way := checked.pop("metrics", None)) is not None:
        checked["arity"] = {**_arity_said(where, axis, checked), "metrics": _METRICS[way]}
    return Runtime(**checked)


def _arity_said(where: str, axis: str, checked: Mapping[str, Any]) -> Mapping[str, Arity]:
    if "arity" not in checked:
        raise ConfigError(f"{where}.metrics says how many metrics a {axis} takes at once; give its {where}.arity too.")
    return checked["arity"]


_METRICS = {"together": Arity.MANY, "each": Arity.ONE}
"""Of a capability that takes many metrics: all of them in one run, or a run for each."""


def _resources(where: str, value: Any) -> Mapping[str, float]:
    return {name: schema.amount(f"{where}.{name}", n) for name, n in schema.mapping(where, value).items()}


def _arity(where: str, value: Any) -> Mapping[str, Arity]:
    given = schema.mapping(where, value)
    schema.known_keys(where, given, ARITY_KEYS)
    words = schema.one_of(*(member.name for member in Arity))
    return {key: Arity[words(f"{where}.{key}", given.get(key))] for key in ARITY_KEYS}


def _data_path(where: str, value: Any) -> str:
    path = schema.text(where, value)
    if holds_more_than_data(path):
        raise ConfigError(
            f"{where} is {path!r}, which holds the working or the home folder: its content changes all the time. "
            "Name the files or folders that hold the data."
        )
    return path


_CHECKS: Mapping[str, schema.Check] = {
    "task": schema.text,
    "arity": _arity,
    "metrics": schema.one_of(*_METRICS),
    "reads_predictions": schema.flag,
    "predictions_depend_on": schema.each(schema.text),
    "resources": _resources,
    "retries": schema.count,
    "retry_exceptions": schema.flag,
    "timeout_s": schema.positive,
    "max_in_flight": schema.positive_count,
    "report": schema.amount,
    "files": schema.each(_data_path),
    "label_space": schema.one_of(*LABEL_SPACES),
    "soft_targets": schema.flag,
}


def names_on(cfg: DictConfig, axis: str, files: Mapping[str, Any]) -> Iterator[str]:
    """Names of the choices on an axis. One in a sub-folder of its group is named with it: `vision/resnet`."""
    from omegaconf import DictConfig

    axis_node: Any = cfg.get(axis)
    if axis_node is None:
        return
    if not isinstance(axis_node, DictConfig):
        raise ConfigError(f"{axis} is {axis_node!r}; it must map names to specs. Select with '{axis}=[NAME]'.")
    folders = {name.rsplit("/", 1)[0] for name in files if "/" in name}
    yield from _below(axis_node, axis, "", folders)


def _below(node: DictConfig, axis: str, prefix: str, folders: set[str]) -> Iterator[str]:
    for key in node:
        name = prefix + _checked_name(f"{axis}: {prefix}", key)
        inner: Any = node[key] if name in folders else None
        if inner is not None and "_target_" not in inner and "_base_" not in inner:
            yield from _below(inner, axis, f"{name}/", folders)
        else:
            yield name


def _checked_name(where: str, key: Any) -> str:
    if not isinstance(key, str):
        raise ConfigError(f"{where}{key!r} is a {type(key).__name__}, and a choice is named by text: quote it.")
    if not key.isprintable() or key.strip() != key or not key or "/" in key or PAIR in key:
        raise ConfigError(
            f"{where}{key!r} cannot be the name of a choice: it must be printable text without {PAIR!r}, which joins "
            "the names of several, and with / only for a sub-folder of the group."
        )
    return key


def path_of(axis: str, name: str) -> tuple[str, ...]:
    """Where a choice stands in the config."""
    return (axis, *name.split("/"))
