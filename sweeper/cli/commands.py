"""The command line: which part of sweeper does what was asked, what is printed where, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, TextIO

from sweeper._version import __version__
from sweeper.cli import arguments
from sweeper.cli.again import PLACES_OF_CONFIGS, resume_command, values_command, words_again
from sweeper.cli.arguments import Arguments
from sweeper.cli.catalogue_commands import CATALOGUE_COMMANDS
from sweeper.cli.command_table import CHECK_IMPORTS, COLOR, COMMANDS, HELP, TRY, VERSION
from sweeper.cli.discreet import Discreet, as_text
from sweeper.cli.help import help_of, overview
from sweeper.cli.json_documents import plan_document, write_json
from sweeper.cli.plan_text import LISTED, plan_text
from sweeper.cli.store_commands import STORE_COMMANDS, run_store_command
from sweeper.cli.summary import INTERRUPTED, Further, show_result
from sweeper.cli.tables.screen import screen_of
from sweeper.cli.tables.wished import Wished
from sweeper.common.gc_pause import gc_paused
from sweeper.common.secrets import without_secrets
from sweeper.errors import SweeperError
from sweeper.running.interrupts import interruptible

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

USAGE_ERROR = 2

Load = Callable[[Arguments], "SweepConfig"]


def load(args: Arguments) -> SweepConfig:
    """Compose the config that a command line asks for.

    Raises
    ------
    ConfigError
        The config or an override is wrong.
    """
    from sweeper.config import load
    from sweeper.config.live_parts import NO_LIVE

    with gc_paused():
        return load(args.overrides, multirun=args.has("--multirun"), live=NO_LIVE, **_where(args))


def run_command(argv: Sequence[str], out: TextIO, err: TextIO, load: Load = load) -> int:
    """Run one command line and return its exit status; errors of the user end as one message on `err`."""
    try:
        args = arguments.parse(argv)
        if args.shows_something:
            return _shown(args, out)
        if args.command in _WITHOUT_CONFIG:
            return _WITHOUT_CONFIG[args.command](args, out)
        if args.command == TRY.name:
            return _try(args, out, err, load)
        return _done(args, load(args), out, err)
    except SweeperError as error:
        err.write(f"sweeper: {without_secrets(str(error), argv)}\n")
        return USAGE_ERROR
    except SystemExit as left:  # Hydra's and argparse's own way to end what they show
        return USAGE_ERROR if left.code else 0
    except KeyboardInterrupt:
        err.write("sweeper: interrupted; what has completed is in the store\n")
        return INTERRUPTED


def _init(args: Arguments, out: TextIO) -> int:
    from sweeper.cli.init.command import init  # not before it is needed: it imports what reads models and data

    return init(args, out)


def _completion(args: Arguments, out: TextIO) -> int:
    from sweeper.cli.completion.command import completion

    return completion(args, out)


def _try(args: Arguments, out: TextIO, err: TextIO, load: Load) -> int:
    from sweeper.cli.trying import try_parts  # not before it is needed: it imports what workers do

    return try_parts(args, load, out, err)


_WITHOUT_CONFIG = {**CATALOGUE_COMMANDS, "init": _init, "completion": _completion}
"""The commands that compose no config."""


def _done(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    if secrets := config.settings.secrets:
        out, err = as_text(Discreet(out, secrets)), as_text(Discreet(err, secrets))
    if args.command in STORE_COMMANDS:
        return run_store_command(args, config, out, err)
    if config.settings.resume is not None:
        from sweeper.running.prepare import resumed

        config = resumed(config)
    for note in config.notes:
        err.write(f"note: {note}\n")
    if args.plans:
        return _plan(args, config, out, err)
    return _sweep(args, config, out, err)


def _shown(args: Arguments, out: TextIO) -> int:
    """Show what needs no sweep, and for help and version nothing that takes time to import."""
    if args.has(HELP.name):
        out.write(help_of(COMMANDS[args.command]) if args.names_command else overview())
    elif args.has(VERSION.name):
        from importlib.metadata import version

        out.write(f"sweeper {__version__} (Hydra {version('hydra-core')})\n")
    else:
        _show_by_hydra(args, out)
    return 0


def _show_by_hydra(args: Arguments, out: TextIO) -> None:
    from sweeper.config import overrides_to_show
    from sweeper.config.hydra_flags import parse_flags, show

    flags = parse_flags(args.hydra_words)
    overrides = args.overrides
    if flags.multirun or flags.cfg:
        overrides = overrides_to_show(overrides, multirun=flags.multirun, **_where(args))
    if flags.shell_completion:
        _drop_our_words_from_completion()
    with redirect_stdout(out):
        show(flags, overrides)


def _drop_our_words_from_completion() -> None:
    """The shell hands over the whole line; Hydra completes overrides only, so a subcommand before them is taken out."""
    words = os.environ.get("COMP_LINE", "").split(" ")
    os.environ["COMP_LINE"] = " ".join(w for i, w in enumerate(words) if i == 0 or w not in COMMANDS)


def _where(args: Arguments) -> dict[str, str | None]:
    return {name: args.value(flag) for flag, name in PLACES_OF_CONFIGS.items()}


def _plan(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.running.prepare import prepare

    prepared = prepare(config)
    if args.has(CHECK_IMPORTS.name):
        from sweeper.config.imported_checks import check_imported  # few plans ask for it

        running = (choice for item in prepared.plan.items if item.run for choice in item.combination.choices)
        imported = check_imported(dict.fromkeys(running))
        err.write(f"note: {imported} classes and functions were imported, and take what they are given\n")
    whole = args.has("--all-combinations")
    if args.has("--json"):
        write_json(plan_document(prepared, whole=whole), out)
    else:
        out.write(
            plan_text(prepared.plan, screen_of(out, args.value(COLOR.name)), listed=sys.maxsize if whole else LISTED)
            + "\n"
        )
    return 0


def _sweep(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.api import run_config
    from sweeper.running.progress import for_stream  # not before it is needed: it imports numpy and Arrow

    with interruptible():
        result = run_config(config, for_stream(err))
        again = words_again(args, config.settings.store.uri)
        further = Further(resume_command(again, result.sweep_id), values_command(again, result.sweep_id))
        wished = Wished(screen_of(out, args.value(COLOR.name)), args.has("--all-combinations"), args.has("--intervals"))
        return show_result(result, further, out, err, wished, as_json=args.has("--json"))
