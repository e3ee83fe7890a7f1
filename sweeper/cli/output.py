"""What is written out: a table for a person, as CSV, as JSON or as Parquet, and text as it is."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, TextIO

from sweeper.cli.tables.cells import Cell, shown
from sweeper.cli.tables.fit import fitted
from sweeper.cli.tables.grid import Align, Column, Grid
from sweeper.cli.tables.screen import PLAIN, Screen
from sweeper.common.private_files import open_private
from sweeper.common.text import escaped
from sweeper.errors import ConfigError

if TYPE_CHECKING:
    from sweeper.store import Table


def form_of(given: str | None, path: str | None) -> str:
    """The form in which an answer is written: the one that is asked for, else that of the ending of the file.

    Raises
    ------
    ConfigError
        The ending of the file says another form than the one that is asked for; `.txt` is right for each that is text.
    """
    ending = os.path.splitext(path or "")[1].casefold()
    by_ending = FORMS.get(ending)
    if given is not None and by_ending not in (None, "table", given):
        raise ConfigError(
            f"--output {path} ends as a file of the form {by_ending}, and --format is {given}. Leave out --format, or "
            f"name a file that ends in {next(end for end, form in FORMS.items() if form == given)}."
        )
    return given or by_ending or "table"


FORMS = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".md": "md", ".txt": "table"}
"""What is written into a file by its ending; any other gets a table."""


def write_table(table: Table, form: str, path: str | None, out: TextIO, screen: Screen = PLAIN) -> None:
    """Write `table` as `form` (`table`, `csv`, `json`, `parquet` or `md`) to a file, or to `out` where none is named.

    As a table for a person it is brought into the width of `screen`, which `out` is shown on.

    Raises
    ------
    ConfigError
        Parquet without a file, since it is binary, or a file that cannot be written.
    """
    if form == "parquet":
        _parquet(table, path)
        return
    makers = {"csv": _csv, "json": _json, "md": _markdown}
    text = _plain(table, PLAIN if path else screen) if form == "table" else makers[form](table)
    if path is None:
        out.write(text)
    else:
        write_text(text, path)


def write_text(text: str, path: str) -> None:
    """Write a file as it is.

    Raises
    ------
    ConfigError
        It cannot be written there.
    """
    with _opened(path) as file:
        file.write(escaped(text).encode())


def json_text(value: Any) -> str:
    """A value as one line of JSON; a float that is not finite, which JSON cannot say, becomes `null`."""
    try:
        return json.dumps(value, default=str, allow_nan=False) + "\n"
    except ValueError:
        return json.dumps(_sayable(value), default=str, allow_nan=False) + "\n"


def _sayable(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _sayable(item) for key, item in value.items()}
    return [_sayable(item) for item in value] if isinstance(value, list | tuple) else value


@contextmanager
def _opened(path: str) -> Generator[IO[bytes]]:
    try:
        with open(os.path.expanduser(path), "wb", opener=open_private) as file:
            yield file
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{path} cannot be written: {reason}. Name a file in a folder that exists, with --output FILE."
        ) from error


def _parquet(table: Table, path: str | None) -> None:
    if path is None:
        raise ConfigError("--format parquet is binary and needs a file: add --output FILE.")
    from sweeper.store.export import write_parquet

    with _opened(path) as file:
        write_parquet(table, file)


def _plain(table: Table, screen: Screen) -> str:
    columns = map(_column, table.column_names, (column.to_pylist() for column in table.columns))
    return screen.text(fitted(Grid(tuple(columns)), screen.width)) + "\n"


def _column(name: str, values: Sequence[object]) -> Column:
    numbers = any(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)
    head = shown(name).replace("\n", r"\n")
    return Column(head, tuple(map(_cell, values)), Align.NUMBER if numbers else Align.LEFT)


def _cell(value: object) -> Cell:
    return Cell(f"{value:.6g}" if isinstance(value, float) else "" if value is None else shown(value))


def _markdown(table: Table) -> str:
    """A table of Markdown; numbers as in a table for people, aligned to the right."""
    columns = list(map(_column, table.column_names, (column.to_pylist() for column in table.columns)))
    rules = ["--:" if column.align is Align.NUMBER else "---" for column in columns]
    rows = zip(*(column.cells for column in columns), strict=True)
    lines = [[column.head for column in columns], rules, *([cell.text for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(map(_in_markdown, line))} |\n" for line in lines)


def _in_markdown(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>")


def _csv(table: Table) -> str:
    from sweeper.store.export import csv_text

    return csv_text(table)


def _json(table: Table) -> str:
    return json_text(table.to_pylist())
