"""Setting single values in a composed config, as Hydra does after it has composed, and with the type they replace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sweeper.errors import ConfigError, near_match
from sweeper.spec import AXES

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig


def apply(cfg: DictConfig, override: Override) -> None:
    """Change, add or delete one value of a composed config in place.

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
            _set(cfg, override)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{override.input_line}: {' '.join(str(error).split())}") from error


def _set(cfg: DictConfig, override: Override) -> None:
    from omegaconf import OmegaConf

    key, old = override.key_or_group, current(cfg, override.key_or_group)
    adds = override.is_add() or override.is_force_add()
    if override.is_add() and old is not None and not isinstance(override.value(), dict | list):
        raise ConfigError(f"{override.input_line}: {key} exists already; leave the + out, or use ++.")
    if not adds:
        _check_known(cfg, override)
    OmegaConf.update(cfg, key, typed(override.value(), old), merge=True, force_add=adds)


def _delete(cfg: DictConfig, override: Override) -> None:
    from omegaconf import OmegaConf, open_dict

    _check_known(cfg, override)
    parent, _, leaf = override.key_or_group.rpartition(".")
    node: Any = OmegaConf.select(cfg, parent) if parent else cfg
    if override.value() is not None and override.value() != node[leaf]:
        raise ConfigError(f"{override.input_line}: its value is {node[leaf]!r}.")
    with open_dict(cfg):
        del node[leaf]


def _check_known(cfg: DictConfig, override: Override) -> None:
    """Walk down the key, and name the first step that does not exist."""
    from omegaconf import DictConfig, OmegaConf

    steps = override.key_or_group.split(".")
    for depth, step in enumerate(steps):
        node: Any = OmegaConf.select(cfg, ".".join(steps[:depth])) if depth else cfg
        if not isinstance(node, DictConfig):
            return  # inside of a list, where OmegaConf says what is wrong
        if step not in node.keys():  # noqa: SIM118 - `in` of a DictConfig is false for missing values too
            raise _unknown(override, steps[:depth], step, [str(name) for name in node])


def _unknown(override: Override, path: list[str], step: str, names: list[str]) -> ConfigError:
    where = ".".join(path)
    hint = near_match(step, names)
    if len(path) == 1 and where in AXES:
        return ConfigError(
            f"{override.input_line}: no {where} {step!r} is selected; selected are {', '.join(names) or 'none'}.{hint}"
        )
    known = f"{where or 'the config'} has {', '.join(names) or 'nothing'}"
    add = "" if hint else f" To add it, write +{override.input_line}."
    return ConfigError(f"{override.input_line}: there is no {step!r}; {known}.{hint}{add}")


def current(cfg: DictConfig, key: str) -> Any:
    """The present value as plain data, interpolations resolved where they can be; `None` where there is none."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        value = OmegaConf.select(cfg, key)
    except OmegaConfBaseException:  # an interpolation to what is not there: it is about to be replaced
        return None
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def typed(new: Any, old: Any) -> Any:
    """`new` with the number type of what it replaces, at every depth: 1 over 0.5 is 1.0, 2.0 over 5 is 2.

    Otherwise `C=1` and `C=1.0` would be different specs of the same estimator.
    """
    if isinstance(new, Mapping):
        before: Mapping[Any, Any] = old if isinstance(old, Mapping) else {}
        return {key: typed(value, before.get(key)) for key, value in new.items()}
    if isinstance(new, list):
        return _typed_list(new, old if isinstance(old, list) else [])
    if isinstance(old, float) and isinstance(new, int) and not isinstance(new, bool):
        return float(new)
    if isinstance(old, int) and not isinstance(old, bool) and isinstance(new, float) and new.is_integer():
        return int(new)
    return new


def _typed_list(new: list[Any], old: list[Any]) -> list[Any]:
    """Items take the number type that all items of the replaced list have."""
    kinds = {type(item) for item in old}
    model = old[0] if len(kinds) == 1 and kinds <= {int, float} else None
    return [typed(item, model) for item in new]
