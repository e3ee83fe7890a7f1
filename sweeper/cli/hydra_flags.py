"""Hydra's display flags (`--cfg`, `--info`, `--help`, `--hydra-help`, shell completion) over our search path."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TextIO

from sweeper.cli.arguments import COMMANDS, own_help


def wanted(flags: Namespace) -> bool:
    """Whether the command line asks Hydra to show something instead of running."""
    return bool(flags.help or flags.hydra_help or flags.cfg or flags.info or flags.shell_completion)


def show(flags: Namespace, overrides: Sequence[str], out: TextIO) -> None:
    """Do what the flag asks for, on stdout, as Hydra does it.

    Raises
    ------
    ConfigError
        The config or an override is wrong.
    """
    from hydra._internal.utils import get_args_parser

    from sweeper.config import hydra_session

    flags.overrides = list(overrides)
    with hydra_session(flags.config_name, flags.config_dir, flags.config_path) as (hydra, config_name):
        if flags.help:
            out.write(own_help())
            out.flush()
            hydra.app_help(config_name=config_name, args_parser=get_args_parser(), args=flags)
        elif flags.hydra_help:
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
            _drop_our_words_from_completion()
            hydra.shell_completion(config_name=config_name, overrides=flags.overrides)
    sys.stdout.flush()


def _drop_our_words_from_completion() -> None:
    """The shell hands over the whole line; Hydra completes overrides only, so a subcommand before them is taken out."""
    line = os.environ.get("COMP_LINE", "")
    words = line.split(" ")
    os.environ["COMP_LINE"] = " ".join(w for i, w in enumerate(words) if i == 0 or w not in COMMANDS)
