"""The commands that read or tidy a store and run nothing, such as status, report, compare, query, export."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from sweeper.cli.again import words_again
from sweeper.cli.arguments import Arguments
from sweeper.cli.command_table import COLOR
from sweeper.cli.tables.screen import screen_of
from sweeper.errors import StoreError

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.store import Store


def run_store_command(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    try:
        return STORE_COMMANDS[args.command](args, config, out, err)
    except OSError as error:
        raise StoreError(
            f"The analytics store {config.settings.store.uri} cannot be read or written: {error}. Check the rights of "
            "its folders, or name another store with analytics_store.uri=..."
        ) from error


def _compare(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.compare import compare

    return compare(args, config.settings.store, config.settings.aggregate, out, screen_of(out, args.value(COLOR.name)))


def _query(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.output import form_of, write_table

    path = args.value("--output")
    form = form_of(args.given.get("--format"), path)
    answer = _store(config).sql(args.operands[0], allow_files=args.has("--allow-files"))
    write_table(answer, form, path, out, screen_of(out, args.value(COLOR.name)))
    return 0


def _report(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.report_command import report

    return report(args, config.settings.store, config.settings.aggregate, _store(config), out)


def _view(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.view_command import view

    return view(args, _store(config), config.settings.aggregate, out, err)


def _export(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.export_command import export, form_of

    return export(form_of(args), args, config, _store(config), out, err)


def _compact(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    out.write(f"{_store(config).compact()}\n")
    return 0


def _check(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    repair = args.has("--repair")
    report = _store(config).check(repair=repair)
    out.write(f"{report}\n")
    return 0 if report.sound or repair else 1


def _status(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.sweep_commands import status

    return status(args, _store(config), out)


def _failures(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.sweep_commands import failures

    return failures(args, _store(config), words_again(args, config.settings.store.uri), out)


def _accept(args: Arguments, config: SweepConfig, out: TextIO, err: TextIO) -> int:
    from sweeper.cli.accept_command import accept, listed

    return listed(args, _store(config), out) if args.has("--list") else accept(args, config, _store(config), out)


STORE_COMMANDS = {
    "status": _status,
    "failures": _failures,
    "accept": _accept,
    "report": _report,
    "view": _view,
    "compare": _compare,
    "query": _query,
    "export": _export,
    "compact": _compact,
    "check": _check,
}


def _store(config: SweepConfig) -> Store:
    from sweeper.store.store import open_at

    store = open_at(config.settings.store)
    if not store.files.is_there():
        raise StoreError(
            f"There is no analytics store at {store.uri}. Run a sweep first (python -m sweeper), or name another store "
            "with analytics_store.uri=..."
        )
    return store
