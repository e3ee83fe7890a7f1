"""The command line: which part of sweeper does what was asked, what is printed where, and the exit status."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from sweeper.cli import arguments, render
from sweeper.cli.arguments import Arguments
from sweeper.cli.discreet import Discreet, as_text
from sweeper.cli.json_documents import plan_document, write_json
from sweeper.cli.store_commands import STORE_COMMANDS, run_store_command
from sweeper.cli.summary import INTERRUPTED, show_result
from sweeper.common.quoting import quoted
from sweeper.common.secrets import redacted, without_secrets
from sweeper.errors import SweeperError
from sweeper.running.interrupts import interruptible
from sweeper.running.progress import for_stream

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

USAGE_ERROR = 2
_PLACES = ("analytics_store", "job_backend.runtime_env")
"""What a resumed sweep must be told again: it is needed before the store is read, or is not stored."""


@dataclass(frozen=True)
class Asked:
    """A command line and the config that it composes; none where Hydra is only to show something."""

    args: Arguments
    config: SweepConfig | None


def read(argv: Sequence[str]) -> Asked:
    """Take a command line apart and compose its config.

    Raises
    ------
    ConfigError
        Either is wrong.
    """
    from sweeper.config.hydra_flags import asks_to_show

    args = arguments.parse(argv)
    return Asked(args, None if args.version or asks_to_show(args.hydra) else _load(args))


def run_command(argv: Sequence[str], out: TextIO, err: TextIO, read: Callable[[Sequence[str]], Asked] = read) -> int:
    """Run one command line and return its exit status; errors of the user end as one message on `err`."""
    try:
        asked = read(argv)
        if asked.config is not None and (secrets := asked.config.settings.secrets):
            out, err = as_text(Discreet(out, secrets)), as_text(Discreet(err, secrets))
        return _dispatch(asked, argv, out, err)
    except SweeperError as error:
        err.write(f"sweeper: {without_secrets(str(error), argv)}\n")
        return USAGE_ERROR
    except SystemExit as left:  # Hydra's and argparse's own way to end what they show
        return USAGE_ERROR if left.code else 0
    except KeyboardInterrupt:
        err.write("sweeper: interrupted; what has completed is in the store\n")
        return INTERRUPTED


def _dispatch(asked: Asked, argv: Sequence[str], out: TextIO, err: TextIO) -> int:
    args, config = asked.args, asked.config
    if config is None:
        return _show(args, out)
    if args.command in STORE_COMMANDS:
        return run_store_command(args, config, out, err)
    if config.settings.resume is not None:
        from sweeper.running.prepare import resumed

        config = resumed(config)
    for note in config.notes:
        err.write(f"note: {note}\n")
    if args.dry_run:
        return _plan(args, config, out)
    return _sweep(args, config, out, err)


def _show(args: Arguments, out: TextIO) -> int:
    from sweeper.config import overrides_to_show
    from sweeper.config.hydra_flags import show

    if args.version:
        out.write(f"{arguments.versions()}\n")
        return 0

    flags, overrides = args.hydra, args.overrides
    if flags.multirun or flags.cfg:
        overrides = overrides_to_show(overrides, multirun=flags.multirun, **_where(args))
    if flags.shell_completion:
        _drop_our_words_from_completion()
    with redirect_stdout(out):
        show(flags, overrides, before_help=arguments.own_help())
    return 0


def _drop_our_words_from_completion() -> None:
    """The shell hands over the whole line; Hydra completes overrides only, so a subcommand before them is taken out."""
    words = os.environ.get("COMP_LINE", "").split(" ")
    os.environ["COMP_LINE"] = " ".join(w for i, w in enumerate(words) if i == 0 or w not in arguments.COMMANDS)


def _where(args: Arguments) -> dict[str, str | None]:
    flags = args.hydra
    return {"config_name": flags.config_name, "config_dir": flags.config_dir, "config_path": flags.config_path}


def _load(args: Arguments) -> SweepConfig:
    from sweeper.config import load
    from sweeper.config.live_parts import NO_LIVE

    return load(args.overrides, multirun=args.hydra.multirun, live=NO_LIVE, **_where(args))


def _plan(args: Arguments, config: SweepConfig, out: TextIO) -> int:
    from sweeper.running.prepare import prepare

    prepared = prepare(config)
    if args.json:
        write_json(plan_document(prepared, whole=args.all_combinations), out)
    else:
        listed = sys.maxsize if args.all_combinations else render.LISTED
        out.write(render.plan_text(prepared.plan, listed=listed) + "\n")
    return 0


def _sweep(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.api import run_config

    with interruptible():
        result = run_config(config, for_stream(err))
        resume = resume_command(args, config, result.sweep_id)
        return show_result(result, resume, out, err, as_json=args.json, whole=args.all_combinations)


def resume_command(args: Arguments, config: SweepConfig, sweep_id: str) -> str:
    """The command line that runs what a sweep asked for and did not complete.

    What it runs, and how, is in the store; so only where that is must be said, and what is stored nowhere.
    """
    from sweeper.config import DEFAULT_STORE

    flags = (("--config-dir", "config_dir"), ("--config-path", "config_path"), ("--config-name", "config_name"))
    words = [f"resume={sweep_id}"]
    words += [word for flag, name in flags if (given := getattr(args.hydra, name)) for word in (flag, given)]
    places = [line for line in args.overrides if line.lstrip("+~").startswith(_PLACES)]
    uri = config.settings.store.uri
    if uri != DEFAULT_STORE and not any(line.lstrip("+~").startswith("analytics_store.uri=") for line in places):
        words.append(f"analytics_store.uri={quoted(uri)}")
    return f"python -m sweeper {shlex.join([*words, *redacted(places)])}"
