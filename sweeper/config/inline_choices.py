"""Inline choices: `{_base_: svm, estimator: {C: 10}}` is a deep merge over the choice that it names."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sweeper.config.number_types import ReplaceValue
from sweeper.config.unresolved import missing
from sweeper.config.value_checks import mapping_or_empty
from sweeper.errors import ConfigError
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from omegaconf import DictConfig

BASE = "_base_"
Compose = Callable[[str, str], "DictConfig"]
"""(axis, name) -> a config with that choice selected."""


def merge_inline_choices(
    cfg: DictConfig, compose_with: Compose, replace_value: ReplaceValue
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Replace each choice that has a `_base_` by the merge over its base, in place.

    A base that is not selected is composed, merged over, and taken out again; `replace_value` sees what replaces what.

    Returns
    -------
    The bases of each choice that has some, as (axis, name) -> names.

    Raises
    ------
    ConfigError
        A base does not exist, or bases go round in a circle.
    """
    from omegaconf import open_dict

    derived: dict[tuple[str, str], tuple[str, ...]] = {}
    for axis in AXES:
        selected = _as_dict(cfg.get(axis))
        names = [str(name) for name, choice in selected.items() if isinstance(choice, dict) and choice.get(BASE)]
        with open_dict(cfg):
            for name in names:
                derived[axis, name] = _merge(cfg, axis, name, compose_with, replace_value)
            for base in {base for name in names for base in derived[axis, name]}:
                _take_out(cfg[axis], base, selected)
    return derived


def _take_out(node: DictConfig, name: str, selected: Mapping[str, object]) -> None:
    """Remove a base that was brought, and the folders that came with it."""
    step, _, rest = name.partition("/")
    if step not in node:
        return
    if step not in selected:
        del node[step]
    elif rest:
        _take_out(node[step], rest, mapping_or_empty(step, selected[step]))


def _find(node: DictConfig, name: str) -> DictConfig | None:
    """A choice by its name, `folder/name` for one in a sub-folder of its group; `None` where there is none."""
    for step in name.split("/"):
        if _as_dict(node).get(step) is None:
            return None
        node = node[step]
    return node


def _choice_at(node: DictConfig, name: str) -> DictConfig:
    """A choice that exists, by its name."""
    for step in name.split("/"):
        node = node[step]
    return node


def _as_dict(node: object) -> Mapping[str, object]:
    """A mapping of the config as plain data with interpolations as they are written; empty for anything else."""
    from omegaconf import OmegaConf

    plain = OmegaConf.to_container(node, resolve=False) if OmegaConf.is_dict(node) else None
    return mapping_or_empty("", plain)


def _base_of(node: DictConfig, name: str) -> str | None:
    choice = _as_dict(_find(node, name))
    return str(choice[BASE]) if choice.get(BASE) else None


def _merge(
    cfg: DictConfig,
    axis: str,
    name: str,
    compose_with: Compose,
    replace_value: ReplaceValue,
    above: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Merge one choice over its base, which is merged over its own base first; gives the names of all bases."""
    from omegaconf import OmegaConf

    base = _base_of(cfg[axis], name)
    if base is None:
        return ()
    if base == "???":
        raise missing(f"{axis}.{name}.{BASE}")
    if base in above or base == name:
        raise ConfigError(f"{axis}.{name}: _base_ goes round in a circle: {' -> '.join((*above, name, base))}.")
    if _find(cfg[axis], base) is None:
        _bring(cfg, axis, name, base, compose_with)
    further = _merge(cfg, axis, base, compose_with, replace_value, (*above, name))
    over = {key: value for key, value in _as_dict(_find(cfg[axis], name)).items() if key != BASE}
    merged = copy.deepcopy(_choice_at(cfg[axis], base))  # a copy keeps its place, so that interpolations resolve
    OmegaConf.set_struct(merged, False)
    merged.merge_with(replace_value(".".join((axis, *name.split("/"))), over, _as_dict(merged)))
    _put(cfg[axis], name, merged)
    return (base, *further)


def _put(node: DictConfig, name: str, choice: object) -> None:
    *folders, leaf = name.split("/")
    for folder in folders:
        if folder not in node:
            node[folder] = {}
        node = node[folder]
    node[leaf] = choice


def _bring(cfg: DictConfig, axis: str, name: str, base: str, compose_with: Compose) -> None:
    """Put in a base that is not itself selected, and what its file brings along beside the axes."""
    from omegaconf import OmegaConf

    try:
        other = compose_with(axis, base)
    except ConfigError as error:
        raise ConfigError(f"{axis}.{name}: _base_ names a choice that is not there. {error}") from error
    _put(cfg[axis], base, copy.deepcopy(_find(other[axis], base)))
    for key in other:
        if key in AXES:
            continue
        if key not in cfg:
            cfg[key] = copy.deepcopy(other[key])
        elif OmegaConf.is_dict(other[key]) and OmegaConf.is_dict(cfg[key]):
            brought = copy.deepcopy(other[key])
            OmegaConf.set_struct(brought, False)  # what is there already may have keys that the base's file has not
            brought.merge_with(cfg[key])
            cfg[key] = brought
