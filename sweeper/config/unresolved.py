"""What is wrong where a value of a config is missing or cannot be resolved, and what to write. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sweeper.errors import ConfigError, near_match
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from omegaconf import DictConfig

_MISSING = re.compile(r"Missing mandatory value: (?P<key>\S+)")
_NOT_FOUND = re.compile(r"Interpolation key '(?P<key>[^']+)' not found")
_ENVIRONMENT = re.compile(r"Environment variable '(?P<key>[^']+)' not found")
_RESOLVER = re.compile(r"Unsupported interpolation type (?P<key>\S+)")
_RECURSIVE = "Recursive interpolation detected"


def missing(key: str, others: Sequence[str] = ()) -> ConfigError:
    """The error for a value that is `???`, and for others that are, too."""
    if others:
        keys = [key, *others]
        given = " ".join(f"{one}=VALUE" for one in keys)
        return ConfigError(f"{', '.join(keys)} are ???: they have no default. Give them: {given}.")
    how = f"Select one: '{key}=[NAME]'." if key in AXES else f"Give it: {key}=VALUE."
    return ConfigError(f"{key} is ???: it has no default. {how}")


def unresolved(error: Exception, where: str = "", cfg: DictConfig | None = None) -> ConfigError:
    """What an error of OmegaConf means.

    Parameters
    ----------
    where
        The place that was being read, where the error does not name one.
    cfg
        The config, for what of it is nearest to a key that it does not have.
    """
    from omegaconf.errors import InterpolationResolutionError, MissingMandatoryValue

    text = " ".join(str(error).split())
    place = str(getattr(error, "full_key", None) or where)
    if isinstance(error, MissingMandatoryValue):
        return missing(place, _also_missing(place, cfg))
    if isinstance(error, InterpolationResolutionError):
        return _of_interpolation(text, place, cfg)
    return ConfigError(f"{where}: {text}" if where else text)


def _also_missing(key: str, cfg: DictConfig | None) -> list[str]:
    """The other keys of selected choices that are `???`, where the first that was met is one of a choice."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    if cfg is None or key.partition(".")[0] not in AXES:
        return []
    with suppress(OmegaConfBaseException):  # something else is wrong, too, and is told when this is mended
        found = (str(one) for one in OmegaConf.missing_keys(cfg))
        return sorted(one for one in found if one != key and "." in one and one.partition(".")[0] in AXES)
    return []


def _of_interpolation(text: str, place: str, cfg: DictConfig | None) -> ConfigError:
    reads = f"{place} interpolates" if place else "The config interpolates"
    if found := _MISSING.search(text):
        key = found["key"]
        return ConfigError(f"{reads} ${{{key}}}, which is ???: it has no default. Give it: {key}=VALUE.")
    if found := _NOT_FOUND.search(text):
        return ConfigError(f"{reads} ${{{found['key']}}}, {_lacking(found['key'], cfg)}")
    if found := _ENVIRONMENT.search(text):
        key = found["key"]
        return ConfigError(
            f"{reads} ${{oc.env:{key}}}, and the environment variable {key} is not set. Set it, or write a default: "
            f"${{oc.env:{key},DEFAULT}}."
        )
    if found := _RESOLVER.search(text):
        return ConfigError(f"{reads} ${{{found['key']}:...}}, and there is no resolver of that name.")
    if _RECURSIVE in text:
        return ConfigError(f"{reads} what interpolates it again, directly or through others. Give one of them a value.")
    return ConfigError(f"{place}: {text}" if place else text)


def _lacking(key: str, cfg: DictConfig | None) -> str:
    axis, _, rest = key.partition(".")
    name = rest.split(".")[0]
    if cfg is not None and axis in AXES and name and name not in (cfg.get(axis) or {}):
        return f"and no {axis} {name!r} is selected. Select it too: {axis}=[...,{name}]."
    known: Sequence[str] = [] if cfg is None else [str(k) for k in cfg]
    return f"which the config does not have.{near_match(axis, known)}"
