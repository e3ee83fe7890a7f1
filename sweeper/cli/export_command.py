"""The command `export`: in which form what was measured goes to other programs, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from sweeper.cli.arguments import Arguments
from sweeper.cli.output import json_text, write_table, write_text
from sweeper.comparison.only import parsed_only
from sweeper.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.report.export.mlflow_runs import Tracked
    from sweeper.store import Store

STORE, CSV, PARQUET, MARKDOWN, MLFLOW = "store", "csv", "parquet", "markdown", "mlflow"


class _Chosen(NamedTuple):
    """Which values are meant."""

    sweep_id: str | None
    only: Mapping[str, str]


def export(form: str, args: Arguments, config: SweepConfig, store: Store, out: TextIO, err: TextIO) -> int:
    """Write the newest results of `store` in a form that `form_of` gave; returns the exit status.

    Raises
    ------
    ConfigError
        Options name nothing, or a place that cannot be written.
    MissingExtraError
        MLflow is asked for and not installed.
    """
    if form == STORE:
        return _store(args, config, store, out, err)
    chosen = _Chosen(_sweep_id(args, store), parsed_only(args.value("--only")))
    if form == MLFLOW:
        return _mlflow(args, store, chosen, out)
    if args.has("--json") and args.value("--output") is None:
        raise ConfigError(f"--json says what was written, and --format {form} goes to stdout too: add --output FILE.")
    if form == MARKDOWN:
        return _markdown(args, config, store, chosen, out)
    from sweeper.report.export.values import COLUMNS, newest_values

    values = newest_values(store, *chosen).select(COLUMNS)
    write_table(values, form, args.value("--output"), out)
    return _said(args, form, {"values": len(values)}, f"{len(values)} values", out)


def form_of(args: Arguments) -> str:
    """The form that is asked for; `--latest` alone asks for a store.

    Raises
    ------
    ConfigError
        None is asked for, or the other options do not go with it.
    """
    form, folder = args.value("--format"), args.value("--latest")
    if form is None and not args.has("--latest"):
        raise ConfigError(
            "export needs --format FORM (csv, parquet, markdown, mlflow) or --latest FOLDER: "
            "sweeper export --format csv -o values.csv"
        )
    if form not in (None, STORE) and args.has("--latest"):
        raise ConfigError(f"--latest writes a store, and --format {form} none. Leave out one of them.")
    if form in (None, STORE) and not folder:
        raise ConfigError("export needs --latest: sweeper export --latest FOLDER.")
    unfit = [name for name in ("--sweep", "--only", "--output") if args.has(name)]
    if form in (None, STORE) and unfit:
        raise ConfigError(f"{unfit[0]} is for csv, parquet, markdown and mlflow; --latest writes all of a store.")
    return form or STORE


def _sweep_id(args: Arguments, store: Store) -> str | None:
    from sweeper.report.sweep_states import find_sweep

    wanted = args.value("--sweep")
    return None if wanted is None else find_sweep(store, wanted)


def _said(args: Arguments, form: str, written: Mapping[str, object], text: str, out: TextIO) -> int:
    """Say what was written, unless it stands on stdout itself."""
    path = args.value("--output")
    if args.has("--json"):
        out.write(json_text({"format": form, "output": path, **written}))
    elif path is not None:
        out.write(f"{text} in {path}\n")
    return 0


def _markdown(args: Arguments, config: SweepConfig, store: Store, chosen: _Chosen, out: TextIO) -> int:
    from sweeper.cli.export_markdown import markdown_text
    from sweeper.report.export.boards import read_boards

    found = read_boards(store, *chosen, config.settings.aggregate)
    text, path = markdown_text(found), args.value("--output")
    if path is None:
        out.write(text)
    else:
        write_text(text, path)
    return _said(args, MARKDOWN, {"tables": len(found.tables)}, f"{len(found.tables)} tables", out)


def _mlflow(args: Arguments, store: Store, chosen: _Chosen, out: TextIO) -> int:
    from sweeper.report.export.mlflow_runs import track, tracking_uri
    from sweeper.report.export.runs_of_store import runs_of_store

    uri = tracking_uri(args.value("--output"))
    done = track(runs_of_store(store, *chosen), uri)
    out.write(json_text({"format": MLFLOW, **asdict(done)}) if args.has("--json") else f"{_tracked(done)}\n")
    return 0


def _tracked(done: Tracked) -> str:
    experiments = ", ".join(done.experiments) or "none"
    counts = f"{done.created} new runs, {done.updated} with new values, {done.unchanged} as they were"
    return f"{counts}; {done.values} numbers in {done.uri} (experiments: {experiments})"


# A store


def _store(args: Arguments, config: SweepConfig, source: Store, out: TextIO, err: TextIO) -> int:
    from sweeper.store.latest import export_latest
    from sweeper.store.store import open_store

    location, folder = config.settings.store, args.value("--latest") or ""
    options = location.storage_options if "://" in folder else None
    target = open_store(folder, options, durability=location.durability)
    _refuse_not_empty(target, source)
    written = export_latest(source.files, target.files)
    if written.sharing:
        err.write(
            f"note: {written.sharing} combinations are left out: a newer run of another one has their run_uid, since "
            "their parts call themselves by the same ids\n"
        )
    if args.has("--json"):
        out.write(json_text({"format": STORE, "output": written.uri, "runs": written.runs, "tables": written.rows}))
        return 0
    tables = ", ".join(f"{rows} rows of {table}" for table, rows in written.rows.items())
    out.write(f"{written.runs} runs in {written.uri}{f': {tables}' if tables else ''}\n")
    return 0


def _refuse_not_empty(target: Store, source: Store) -> None:
    """Refuse a place with anything in it, as rows of two exports would not stand once, or one within the source."""
    from sweeper.store.local_files import LocalFiles

    target.files.refuse_no_folder()
    place = Path(target.uri)
    is_local = isinstance(target.files, LocalFiles)
    if (place.exists() and any(place.iterdir())) if is_local else target.files.is_there():
        problem = "is not empty, and an export writes a store of its own"
    elif target.uri.startswith(f"{source.uri.rstrip('/')}/"):
        problem = f"is within the store {source.uri}, whose folders are its tables"
    else:
        return
    raise StoreError(f"{target.uri} {problem}. Name a folder elsewhere that is empty, or that is not there yet.")
