"""What is written out: a table for a person, as CSV, as JSON or as Parquet, and text as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

from sweeper.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow


def write_table(table: pyarrow.Table, form: str, path: str | None, out: TextIO) -> None:
    """Write `table` as `form` (`table`, `csv`, `json` or `parquet`) to a file, or to `out` where none is named.

    Raises
    ------
    ConfigError
        Parquet without a file: it is binary.
    """
    if form == "parquet":
        _parquet(table, path)
        return
    text = {"table": _plain, "csv": _csv, "json": _json}[form](table)
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
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}. Name a file in a folder that is there, with --output FILE."
        ) from error


def _parquet(table: pyarrow.Table, path: str | None) -> None:
    if path is None:
        raise ConfigError("--format parquet is binary and needs a file: add --output FILE.")
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def _plain(table: pyarrow.Table) -> str:
    from tabulate import tabulate

    rows = [[_cell(value) for value in row.values()] for row in table.to_pylist()]
    return tabulate(rows, table.column_names, disable_numparse=True) + "\n"


def _cell(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else value


def _csv(table: pyarrow.Table) -> str:
    import pyarrow as pa
    import pyarrow.csv as csv

    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink)
    return sink.getvalue().to_pybytes().decode()


def _json(table: pyarrow.Table) -> str:
    return json.dumps(table.to_pylist(), default=str) + "\n"
