"""The command line, taken apart: the subcommand, our own flags, and what is left for Hydra. Pure."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from sweeper._version import __version__
from sweeper.errors import ConfigError, near_match

COMMANDS = {
    "run": "run the sweep (the default)",
    "plan": "print what would run and why, without starting Ray",
    "report": "write one HTML page: leaderboards, plots, what did not complete and why",
    "query": "run SQL over the tables and views of the store: query 'SELECT ...'",
    "export": "write a store of the newest results alone: export --latest FOLDER",
    "compact": "merge the small files of the store",
    "check": "look for damaged or foreign files in the store; --repair moves them aside",
}

_QUIET = frozenset(
    (
        "--dry-run",
        "--help",
        "-h",
        "--hydra-help",
        "--version",
        "--cfg",
        "-c",
        "--info",
        "-i",
        "--shell-completion",
        "-sc",
    )
)
"""Flags with which nothing runs."""


@dataclass(frozen=True)
class Arguments:
    """One command line."""

    command: str
    version: bool
    dry_run: bool
    json: bool
    all_combinations: bool
    repair: bool
    allow_files: bool
    format: str
    output: str | None
    sql: str | None
    sweep: str | None
    latest: str | None
    hydra: argparse.Namespace
    """Hydra's own flags."""
    overrides: list[str]


def parse(argv: Sequence[str]) -> Arguments:
    """Take a command line apart.

    Raises
    ------
    ConfigError
        A word that is neither a subcommand in first place nor an override.
    """
    from sweeper.config.hydra_flags import parse_flags

    command, rest = _command(argv)
    sql, rest = _sql(command, rest)
    ours, rest = _own_flags().parse_known_args(rest)
    hydra = parse_flags(rest, program="sweeper", refuse=_refuse)
    overrides = [*hydra.overrides, *_as_overrides(ours)]
    _refuse_bare_words(overrides)
    return Arguments(
        command=command,
        version=ours.version,
        dry_run=ours.dry_run or command == "plan",
        json=ours.json,
        all_combinations=ours.all_combinations,
        repair=ours.repair,
        allow_files=ours.allow_files,
        format=ours.format,
        output=ours.output,
        sql=sql,
        sweep=ours.sweep,
        latest=_latest(command, ours.latest),
        hydra=hydra,
        overrides=overrides,
    )


def _as_overrides(ours: argparse.Namespace) -> list[str]:
    """Our flags that are another word for a setting."""
    flags = {"rerun=missing": ours.rerun_only_missing, "allow_empty=true": ours.allow_empty}
    return [override for override, given in flags.items() if given]


def may_run(argv: Sequence[str]) -> bool:
    """Whether a command line looks as if Ray might be needed: a guess, made before anything is imported."""
    if argv and _is_bare_word(argv[0]) and argv[0] != "run":
        return False
    return _QUIET.isdisjoint(word.split("=")[0] for word in argv) and "job_backend.kind=inline" not in argv


def _command(argv: Sequence[str]) -> tuple[str, list[str]]:
    if argv and _is_bare_word(argv[0]):
        if argv[0] not in COMMANDS:
            hint = near_match(argv[0], COMMANDS)
            raise ConfigError(
                f"{argv[0]!r} is neither a subcommand ({', '.join(COMMANDS)}) nor an override (key=value).{hint}"
            )
        return argv[0], list(argv[1:])
    return "run", list(argv)


def _sql(command: str, rest: list[str]) -> tuple[str | None, list[str]]:
    if command != "query":
        return None, rest
    if not rest or rest[0].startswith("-"):
        raise ConfigError("query needs one SQL statement in second place, e.g. sweeper query 'SELECT * FROM results'.")
    return rest[0], rest[1:]


def _latest(command: str, folder: str | None) -> str | None:
    """Where `export` writes to."""
    if command == "export" and not folder:
        raise ConfigError("export needs to know where to write: sweeper export --latest FOLDER.")
    if folder is not None and command != "export":
        raise ConfigError(f"--latest belongs to the command export: sweeper export --latest {folder}.")
    return folder


def _refuse(message: str) -> NoReturn:
    """What argparse calls where a flag is wrong, in place of printing its usage."""
    raise ConfigError(f"{message}. `sweeper --help` shows the flags.")


def _own_flags() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sweeper", add_help=False, allow_abbrev=False)
    parser.error = _refuse
    parser.add_argument("--rerun-only-missing", action="store_true", help="the same as rerun=missing")
    parser.add_argument(
        "--allow-empty", action="store_true", help="the same as allow_empty=true: rules may leave out everything"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, nothing else there")
    parser.add_argument(
        "--all-combinations", action="store_true", help="list every combination, however many there are"
    )
    parser.add_argument("--repair", action="store_true", help="check: move damaged and foreign files aside")
    parser.add_argument(
        "--allow-files", action="store_true", help="query: let the SQL read and write files, and load extensions"
    )
    parser.add_argument(
        "--format", choices=("table", "csv", "json", "parquet"), default="table", help="query: output form"
    )
    parser.add_argument("--output", "-o", help="query: file to write instead of stdout; report: its file (report.html)")
    parser.add_argument("--sweep", help="report: id or name of the sweeps to cover, instead of the whole store")
    parser.add_argument(
        "--latest", metavar="FOLDER", help="export: where to write the store in which each run stands once, the newest"
    )
    parser.add_argument("--version", action="store_true", help="print the versions of sweeper and Hydra")
    return parser


def versions() -> str:
    """What `--version` prints."""
    from sweeper.config.hydra_flags import hydra_version

    return f"sweeper {__version__} (Hydra {hydra_version()})"


def own_help() -> str:
    """Subcommands and our own flags, for `--help`."""
    commands = "\n".join(f"  {name:10}{text}" for name, text in COMMANDS.items())
    flags = _own_flags().format_help().split("options:\n")[-1].rstrip()
    return (
        "sweeper [command] [flags] [overrides]\n\n"
        f"Commands (first word):\n{commands}\n\n"
        f"Flags:\n{flags}\n"
        "  and Hydra's: --multirun, --config-dir, --config-name, --config-path, --cfg, --info (all: --hydra-help)\n\n"
    )


def _is_bare_word(word: str) -> bool:
    return "=" not in word and not word.startswith(("-", "~"))


def _refuse_bare_words(overrides: Sequence[str]) -> None:
    for word in overrides:
        if _is_bare_word(word):
            problem = (
                f"the subcommand {word!r} must be the first word"
                if word in COMMANDS
                else f"{word!r} is not an override"
            )
            raise ConfigError(f"{problem}: overrides are key=value, e.g. 'model=[logreg,svm]'.")
