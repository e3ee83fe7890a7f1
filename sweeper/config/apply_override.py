"""Setting single values in a composed config, as Hydra does after it has composed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.errors import ConfigError, near_match
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig

    from sweeper.config.number_types import ReplaceValue


def apply_override(cfg: DictConfig, override: Override, replace_value: ReplaceValue) -> None:
    """Change, add or delete one value of a composed config in place; `replace_value` sees what replaces what.

    Raises
    ------
    ConfigError
        The key does not exist (or, with `+`, exists), or the value does not fit.
    """
    from omegaconf.errors import OmegaConfBaseException

    if override.package is not None:
        raise ConfigError(f"{override.input_line}: there is no config group {override.key_or_group!r}.")
    try:
        if override.is_delete():
            _delete(cfg, override)
        else:
            _set(cfg, override, replace_value)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{override.input_line}: {' '.join(str(error).split())}") from error


def _set(cfg: DictConfig, override: Override, replace_value: ReplaceValue) -> None:
    from omegaconf import OmegaConf

    key, old = override.key_or_group, current(cfg, override.key_or_group)
    adds = override.is_add() or override.is_force_add()
    if override.is_add() and old is not None and not isinstance(override.value(), dict | list):
        raise ConfigError(f"{override.input_line}: {key} exists already; leave the + out, or use ++.")
    _check_steps(cfg, override, adds=adds)
    OmegaConf.update(cfg, key, replace_value(key, override.value(), old), merge=True, force_add=adds)


def _delete(cfg: DictConfig, override: Override) -> None:
    from omegaconf import OmegaConf, open_dict

    _check_steps(cfg, override, adds=False)
    parent, _, leaf = override.key_or_group.rpartition(".")
    node = OmegaConf.select(cfg, parent) if parent else cfg
    if override.value_type is not None and repr(override.value()) != repr(current(cfg, override.key_or_group)):
        raise ConfigError(f"{override.input_line}: its value is {current(cfg, override.key_or_group)!r}.")
    with open_dict(cfg):
        del node[leaf]


def _check_steps(cfg: DictConfig, override: Override, *, adds: bool) -> None:
    """Walk down the key, and name the first step that does not exist where it must, or that no key can name."""
    from omegaconf import DictConfig, ListConfig, OmegaConf

    steps = override.key_or_group.split(".")
    for depth, step in enumerate(steps):
        node: object = OmegaConf.select(cfg, ".".join(steps[:depth])) if depth else cfg
        if isinstance(node, ListConfig) or (node is None and adds):
            return  # inside of a list OmegaConf says what is wrong, and where nothing is there is room
        if not isinstance(node, DictConfig):
            where = ".".join(steps[:depth])
            raise ConfigError(f"{override.input_line}: {where} is {node!r}, and has no {step!r} in it.")
        names = list(node.keys())  # `in` of a DictConfig is false for missing values too
        if step not in names and (found := [name for name in names if str(name) == step]):
            raise _no_text(override, ".".join(steps[:depth]), found[0])
        if step not in names and not adds:
            raise _unknown(override, steps[:depth], step, [str(name) for name in names])
        if step not in names:
            return


def _no_text(override: Override, where: str, key: object) -> ConfigError:
    return ConfigError(
        f"{override.input_line}: the key {key!r} of {where} is a {type(key).__name__}, and a path has text keys alone. "
        f"Give the mapping, which is merged: '{where}={{{key}: VALUE}}'."
    )


def _unknown(override: Override, path: list[str], step: str, names: list[str]) -> ConfigError:
    where = ".".join(path)
    hint = near_match(step, names)
    if len(path) == 1 and where in AXES:
        return ConfigError(
            f"{override.input_line}: no {where} {step!r} is selected.{hint} Selected are {', '.join(names) or 'none'}."
        )
    known = f"{where or 'The config'} has {', '.join(names) or 'nothing'}."
    add = "" if hint or override.is_delete() else f" To add it, write +{override.input_line}."
    return ConfigError(f"{override.input_line}: there is no {step!r}.{hint} {known}{add}")


def current(cfg: DictConfig, key: str) -> object:
    """The present value as plain data, interpolations resolved where they can be; `None` where there is none."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        value = OmegaConf.select(cfg, key)
    except OmegaConfBaseException:  # an interpolation to what is not there: it is about to be replaced
        return None
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
