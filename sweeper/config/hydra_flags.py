"""Hydra's own command-line flags: how they are read, and what `--cfg`, `--info`, `--hydra-help` and completion show."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sweeper.common.secrets import SECRET, mask, redacted
from sweeper.config.hydra_errors import composing
from sweeper.config.hydra_session import open_session

if TYPE_CHECKING:
    from omegaconf import DictConfig


def parse_flags(words: Sequence[str]) -> Namespace:
    """Hydra's own flags as its parser, the one definition of them, gives them to Hydra."""
    from hydra._internal.utils import get_args_parser

    return get_args_parser().parse_args(words)


def _composed_for_show(compose: Callable[..., DictConfig], **keywords: Any) -> DictConfig:
    """A config as Hydra composes it, with nothing in it that is secret."""
    from omegaconf import OmegaConf, flag_override

    cfg = compose(**keywords)
    with flag_override(cfg, ["struct", "readonly"], [False, False]):
        for key in SECRET:
            held = OmegaConf.select(cfg, key, throw_on_missing=False)
            if held is not None:
                shown = mask(OmegaConf.to_container(held) if OmegaConf.is_config(held) else held)
                OmegaConf.update(cfg, key, shown, merge=False, force_add=True)
        for kind in ("task", "hydra"):
            typed = redacted(OmegaConf.select(cfg, f"hydra.overrides.{kind}") or ())
            OmegaConf.update(cfg, f"hydra.overrides.{kind}", list(typed), merge=False, force_add=True)
        OmegaConf.update(cfg, "hydra.job.override_dirname", ",".join(cfg.hydra.overrides.task), force_add=True)
    return cfg


def show(flags: Namespace, overrides: Sequence[str]) -> None:
    """Do what the flag asks for, on stdout, as Hydra does it.

    Raises
    ------
    ConfigError
        The config or an override is wrong.
    """
    from hydra._internal.utils import get_args_parser

    flags.overrides = list(overrides)
    with open_session(flags.config_name, flags.config_dir, flags.config_path) as session, composing(session):
        hydra: Any = session.hydra
        config_name = session.config_name
        hydra.compose_config = partial(_composed_for_show, hydra.compose_config)  # what all of Hydra's flags show
        if flags.hydra_help:
            hydra.hydra_help(config_name=config_name, args_parser=get_args_parser(), args=flags)
        elif flags.cfg:
            hydra.show_cfg(
                config_name=config_name,
                overrides=flags.overrides,
                cfg_type=flags.cfg,
                package=flags.package,
                resolve=flags.resolve,
            )
        elif flags.info:
            hydra.show_info(flags.info, config_name=config_name, overrides=flags.overrides)
        else:
            hydra.shell_completion(config_name=config_name, overrides=flags.overrides)
    sys.stdout.flush()
