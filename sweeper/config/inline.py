"""Inline choices: `{_base_: svm, estimator: {C: 10}}` is a deep merge over the choice that it names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sweeper.errors import ConfigError
from sweeper.spec import AXES

BASE = "_base_"


def merge_bases(cfg: Any, compose_with: Callable[[str, str], Any]) -> None:
    """Replace each choice that has a `_base_` by the merge over its base, in place.

    Parameters
    ----------
    compose_with
        Gives the config with one more choice selected: (axis, name) -> config.

    Raises
    ------
    ConfigError
        A base does not exist, or bases go round in a circle.
    """
    for axis in AXES:
        for name in list(cfg.get(axis) or {}):
            _merge(cfg, axis, str(name), compose_with, ())


def _merge(cfg: Any, axis: str, name: str, compose_with: Callable[[str, str], Any], above: tuple[str, ...]) -> Any:
    from omegaconf import OmegaConf, open_dict

    plain: Any = OmegaConf.to_container(cfg[axis], resolve=False)
    node = plain[name]
    if not isinstance(node, dict) or BASE not in node:
        return cfg[axis][name]
    base = str(node[BASE])
    if base in above or base == name:
        raise ConfigError(f"{axis}.{name}: _base_ goes round in a circle: {' -> '.join((*above, name, base))}.")
    if base in cfg[axis]:
        below = _merge(cfg, axis, base, compose_with, (*above, name))
    else:
        below = _elsewhere(cfg, axis, name, base, compose_with)
    with open_dict(cfg):
        cfg[axis][name] = OmegaConf.merge(below, {key: value for key, value in node.items() if key != BASE})
    return cfg[axis][name]


def _elsewhere(cfg: Any, axis: str, name: str, base: str, compose_with: Callable[[str, str], Any]) -> Any:
    """A base that is not itself selected; what it shares with others (`part`) is brought along."""
    from omegaconf import OmegaConf, open_dict

    try:
        other = compose_with(axis, base)
    except ConfigError as error:
        raise ConfigError(f"{axis}.{name}: _base_ names a choice that is not there. {error}") from error
    with open_dict(cfg):
        cfg.part = OmegaConf.merge(other.get("part") or {}, cfg.get("part") or {})
    return other[axis][base]
