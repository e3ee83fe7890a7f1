"""Hydra's own command-line flags: how they are read, and what `--cfg`, `--info`, `--help` and completion show."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import NoReturn, Protocol

from sweeper.config.hydra_errors import composing
from sweeper.config.hydra_session import open_session


class Refuse(Protocol):
    """Called in place of argparse's own error method, which prints a usage and exits."""

    def __call__(self, message: str) -> NoReturn: ...


def parse_flags(words: Sequence[str], *, program: str, refuse: Refuse) -> Namespace:
    """Hydra's flags and, as `overrides`, the other words; `refuse` is called with a message where a flag is wrong."""
    from hydra._internal.utils import get_args_parser  # the one definition of Hydra's flags

    parser = get_args_parser()
    parser.prog, parser.error = program, refuse
    return parser.parse_intermixed_args(words)


def hydra_version() -> str:
    """The version of Hydra that is installed."""
    from hydra import __version__

    return __version__


def asks_to_show(flags: Namespace) -> bool:
    """Whether the command line asks Hydra to show something instead of running."""
    return bool(flags.help or flags.hydra_help or flags.cfg or flags.info or flags.shell_completion)


def show(flags: Namespace, overrides: Sequence[str], *, before_help: str = "") -> None:
    """Do what the flag asks for, on stdout, as Hydra does it; `before_help` stands before its own help.

    Raises
    ------
    ConfigError
        The config or an override is wrong.
    """
    from hydra._internal.utils import get_args_parser

    flags.overrides = list(overrides)
    with open_session(flags.config_name, flags.config_dir, flags.config_path) as session, composing(session):
        hydra, config_name = session.hydra, session.config_name
        if flags.help:
            sys.stdout.write(before_help)
            sys.stdout.flush()
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
            hydra.shell_completion(config_name=config_name, overrides=flags.overrides)
    sys.stdout.flush()
