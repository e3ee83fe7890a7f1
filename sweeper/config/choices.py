"""From a composed config to choices: resolved plain data, checked, with `_sweep_` taken out at every depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sweeper.config.sweep_section import SWEEP, runtime_from_sweep_section
from sweeper.config.unresolved import missing, unresolved
from sweeper.errors import ConfigError
from sweeper.messages.live import LIVE_TARGET
from sweeper.planning.fingerprint import canonical, digest
from sweeper.vocabulary import NAME_SEPARATOR, Choice

if TYPE_CHECKING:
    from omegaconf import DictConfig


def resolved_value(cfg: DictConfig, path: tuple[str, ...]) -> object:
    """The value at a path as plain data, every interpolation resolved.

    Raises
    ------
    ConfigError
        Something in it is `???`, or interpolates what the config does not have.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    node = cfg
    try:
        for step in path:
            node = node[step]
        return OmegaConf.to_container(node, resolve=True, throw_on_missing=True) if OmegaConf.is_config(node) else node
    except OmegaConfBaseException as error:
        raise unresolved(error, ".".join(path), cfg) from error


def choice_of(axis: str, name: str, spec: object) -> Choice:
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
    if spec["_target_"] == LIVE_TARGET:
        raise ConfigError(f"{where}: {LIVE_TARGET} is for objects, which are given from Python and not in a config.")
    runtime = runtime_from_sweep_section(where, axis, spec.get(SWEEP) or {})
    bare = {key: without(item) for key, item in spec.items() if key not in _DROPPED}
    text = canonical(bare, where=where)
    try:
        return Choice(axis, name, bare, text, digest(text), name, runtime)
    except UnicodeEncodeError as error:
        place = ascii(text[max(error.start - 20, 0) : error.end + 20])
        raise ConfigError(f"{where} holds text that is not UTF-8, near {place}; write it in UTF-8.") from error


_DROPPED = (SWEEP, "_base_")
"""Keys that are not part of what is built."""


def without(value: object) -> object:
    """Plain data without the keys that are not part of what is built, at every depth."""
    if isinstance(value, Mapping):
        return {key: without(item) for key, item in value.items() if key not in _DROPPED}
    return [without(item) for item in value] if isinstance(value, list) else value


def not_a_mapping(axis: str, value: object) -> str:
    """What is said of an axis that the body of a config gives names, which only a defaults list selects."""
    names: list[object] = value if isinstance(value, list) else [value]
    listed = ", ".join(map(str, names)) if all(isinstance(name, str) for name in names) else "NAME"
    return (
        f"{axis} is {value!r}; in the body of a config it must map names to specs. Names are selected in the defaults "
        f"list, `- override {axis}: [{listed}]` as its last line (without override where nothing above has selected "
        f"a {axis}), or on the command line: '{axis}=[{listed}]'."
    )


def names_on(cfg: DictConfig, axis: str, files: Mapping[str, object]) -> Iterator[str]:
    """Names of the choices on an axis. One in a sub-folder of its group is named with it: `vision/resnet`."""
    from omegaconf import DictConfig, OmegaConf

    if OmegaConf.is_missing(cfg, axis):
        raise missing(axis)
    axis_node: object = cfg.get(axis)
    if axis_node is None:
        return
    if not isinstance(axis_node, DictConfig):
        plain: object = OmegaConf.to_container(axis_node) if OmegaConf.is_config(axis_node) else axis_node
        raise ConfigError(not_a_mapping(axis, plain))
    folders = {name.rsplit("/", 1)[0] for name in files if "/" in name}
    yield from _below(axis_node, axis, "", folders)


def _below(node: DictConfig, axis: str, prefix: str, folders: set[str]) -> Iterator[str]:
    for key in node:
        name = prefix + checked_name(f"{axis}: {prefix}", key)
        inner = node[key] if name in folders else None
        if inner is not None and "_target_" not in inner and "_base_" not in inner:
            yield from _below(inner, axis, f"{name}/", folders)
        else:
            yield name


def checked_name(where: str, key: object) -> str:
    """A name that a choice can have; `where` is put before it in the message.

    Raises
    ------
    ConfigError
        It is no text, or it holds what joins names.
    """
    if not isinstance(key, str):
        raise ConfigError(f"{where}{key!r} is a {type(key).__name__}, and a choice is named by text: quote it.")
    if not key.isprintable() or key.strip() != key or not key or "/" in key or NAME_SEPARATOR in key:
        raise ConfigError(
            f"{where}{key!r} cannot be the name of a choice: it must be printable text without {NAME_SEPARATOR!r}, "
            "which joins the names of several, and with / only for a sub-folder of the group."
        )
    return key


def path_of(axis: str, name: str) -> tuple[str, ...]:
    """Where a choice stands in the config."""
    return (axis, *name.split("/"))
