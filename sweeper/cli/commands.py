"""The command line: which part of sweeper does what was asked, what is printed where, and the exit status."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from sweeper.cli import arguments, render
from sweeper.cli.arguments import Arguments
from sweeper.common.quoting import quoted
from sweeper.common.secrets import redacted, without_secrets
from sweeper.errors import StoreError, SweeperError
from sweeper.messages.outcome import NO_VALUES
from sweeper.running.progress import for_stream

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.running.prepare import Prepared
    from sweeper.running.result import SweepResult

USAGE_ERROR = 2
INTERRUPTED = 130
REPORT = "report.html"
_PLACES = ("analytics_store", "job_backend.runtime_env")
"""What a resumed sweep must be told again: it is needed before the store is read, or is not stored."""
COMBINATIONS_IN_JSON = 10_000
"""Larger plans leave the list of combinations out of the JSON document unless asked for it."""


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
    return Asked(args, None if asks_to_show(args.hydra) else _load(args))


def run_command(argv: Sequence[str], out: TextIO, err: TextIO, read: Callable[[Sequence[str]], Asked] = read) -> int:
    """Run one command line and return its exit status; errors of the user end as one message on `err`."""
    try:
        return _dispatch(read(argv), argv, out, err)
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
        return _show(args)
    if args.command in _STORE_COMMANDS:
        return _of_store(args, config, out, err)
    if config.settings.resume is not None:
        from sweeper.running.prepare import resumed

        config = resumed(config)
    for note in config.notes:
        err.write(f"note: {note}\n")
    if args.dry_run:
        return _plan(args, config, out)
    return _sweep(args, config, out, err)


def _of_store(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    try:
        return _STORE_COMMANDS[args.command](args, config, out, err)
    except OSError as error:
        if error.filename is None:
            raise  # not of a file: of what is shown
        raise StoreError(
            f"The analytics store {config.settings.store.uri} cannot be read or written: {error}. Check the rights of "
            "its folders, or name another store with analytics_store.uri=..."
        ) from error


def _show(args: Arguments) -> int:
    from sweeper.config import overrides_to_show
    from sweeper.config.hydra_flags import show

    flags, overrides = args.hydra, args.overrides
    if flags.multirun or flags.cfg:
        overrides = overrides_to_show(overrides, multirun=flags.multirun, **_where(args))
    if flags.shell_completion:
        _drop_our_words_from_completion()
    show(flags, overrides, before_help=arguments.own_help())
    return 0


def _drop_our_words_from_completion() -> None:
    """The shell hands over the whole line; Hydra completes overrides only, so a subcommand before them is taken out."""
    words = os.environ.get("COMP_LINE", "").split(" ")
    os.environ["COMP_LINE"] = " ".join(w for i, w in enumerate(words) if i == 0 or w not in arguments.COMMANDS)


def _where(args: Arguments) -> dict[str, Any]:
    flags = args.hydra
    return {"config_name": flags.config_name, "config_dir": flags.config_dir, "config_path": flags.config_path}


def _load(args: Arguments) -> SweepConfig:
    from sweeper.config import load

    return load(args.overrides, multirun=args.hydra.multirun, **_where(args))


def _plan(args: Arguments, config: SweepConfig, out: TextIO) -> int:
    from sweeper.running.prepare import prepare

    prepared = prepare(config)
    if args.json:
        _write_json(plan_document(prepared, whole=args.all_combinations), out)
    else:
        listed = sys.maxsize if args.all_combinations else render.LISTED
        out.write(render.plan_text(prepared.plan, listed=listed) + "\n")
    return 0


def _sweep(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.api import run_config

    result = run_config(config, for_stream(err))
    if args.json:
        _write_json(result_document(result, whole=args.all_combinations), out)
        return result.exit_status
    boards = render.leaderboards(result.rows, result.gaps, result.plan.same)
    if boards:
        out.write(boards + "\n\n")
    out.write(render.no_values_text(result.gaps))
    if result.counts["completed"]:
        out.write(render.shared_ids_text(result.shared_ids))
    out.write(render.outcome_text(result.outcome, result.plan, resume_command(args, config, result.sweep_id)) + "\n")
    out.write(render.earlier_failures_text(result.earlier_failures))
    out.write(f"sweep: {result.sweep_id}\nresults: {result.store.uri}\n")
    return result.exit_status


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


def _query(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.output import write_table

    write_table(_store(config).sql(args.sql or ""), args.format, args.output, out)
    return 0


def _report(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.output import write_text
    from sweeper.report import html

    path = args.output or REPORT
    write_text(html(_store(config), args.sweep), path)
    out.write(f"report: {path}\n")
    return 0


def _compact(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    out.write(f"{_store(config).compact()}\n")
    return 0


def _check(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    report = _store(config).check(repair=args.repair)
    out.write(f"{report}\n")
    return 0 if report.sound or args.repair else 1


_STORE_COMMANDS = {"report": _report, "query": _query, "compact": _compact, "check": _check}


def _store(config: SweepConfig) -> Any:
    from sweeper.store import open_store

    store = open_store(config.settings.store.uri, config.settings.store.storage_options)
    if not store.files.is_there():
        raise StoreError(
            f"There is no analytics store at {store.uri}. Run a sweep first (python -m sweeper), or name another store "
            "with analytics_store.uri=..."
        )
    return store


def plan_document(prepared: Prepared, *, whole: bool) -> dict[str, Any]:
    """`--dry-run --json`: the plan, and its combinations while there are not too many."""
    return {"sweep_id": prepared.sweep_id, **_plan_part(prepared.plan, whole=whole)}


def result_document(result: SweepResult, *, whole: bool) -> dict[str, Any]:
    """`--json`: the plan, how it ended, what failed and what was measured.

    Where there are any, also `earlier_failures`, of what was skipped though its newest attempt had failed, and
    `no_values`, what completed and measured nothing.
    """
    document = {
        "sweep_id": result.sweep_id,
        **_plan_part(result.plan, whole=whole),
        "counts": dict(result.counts),
        "failures": [failure.to_dict() for failure in result.failures],
        "results": result.rows,
        "exit_status": result.exit_status,
    }
    earlier = [failure.to_dict() for failure in result.earlier_failures]
    empty = [gap.to_dict() for gap in result.gaps if gap.status == NO_VALUES]
    return {**document, **_any(earlier_failures=earlier, no_values=empty)}


def _any(**lists: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {name: items for name, items in lists.items() if items}


def _plan_part(plan: Any, *, whole: bool) -> dict[str, Any]:
    run = sum(item.run for item in plan.items)
    document: dict[str, Any] = {
        "plan": {
            "total": len(plan.items),
            "run": run,
            "skip": len(plan.items) - run,
            "excluded": dict(plan.excluded),
            "duplicates": plan.duplicates,
        }
    }
    if plan.notes:
        document["notes"] = list(plan.notes)
    same = [{"axis": axis, "name": name, "same_as": kept} for axis, name, kept in plan.same]
    document["plan"] |= _any(same=same)
    if whole or len(plan.items) <= COMBINATIONS_IN_JSON:
        document["combinations"] = [_combination(item) for item in plan.items]
    return document


def _combination(item: Any) -> dict[str, Any]:
    capability, datasets, models, metrics = item.combination
    return {
        "fingerprint": item.fingerprint,
        "capability": capability.name,
        "datasets": [part.name for part in datasets],
        "models": [part.name for part in models],
        "metrics": [part.name for part in metrics],
        "decision": "run" if item.run else "skip",
        "reason": item.reason,
    }


def _write_json(document: dict[str, Any], out: TextIO) -> None:
    from sweeper.cli.output import json_text

    out.write(json_text(document))
