"""Reads CSV files as tables."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.common.text import escaped
from sweeper.datasets.tables import Column, Table
from sweeper.datasets.values import is_number
from sweeper.errors import PartError

if TYPE_CHECKING:
    from _csv import Reader

    from sweeper.datasets.faults import Faults

_DELIMITERS = ";\t|,"
"""What programs write between the cells, for messages."""


def read_csv(path: Path, delimiter: str | None, texts: Collection[str], faults: Faults) -> Table:
    """Read a CSV with a header.

    A column whose values all are numbers is one of numbers. Text with zeros in front stays text.

    Parameters
    ----------
    delimiter
        Between the cells. By default a comma, and a tab in `.tsv`.
    texts
        Columns that stay text.
    faults
        Takes rows that do not have a cell for each column.

    Raises
    ------
    PartError
        The file cannot be read, is not in UTF-8, or has no header, or a column twice.
    """
    cells = delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    name = escaped(str(path))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, rows, places = _rows(csv.reader(file, delimiter=cells, strict=True), name, faults)
    except OSError as error:
        raise PartError(f"The file {name} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error, TypeError) as error:
        raise PartError(
            f"{name} is no CSV in UTF-8 with {cells!r} between its cells: {error}. Save it as CSV in UTF-8."
        ) from error
    cells_of = {column: [row[i] for row in rows] for i, column in enumerate(header)}
    columns = {column: _texts(of) if column in texts else _typed(of) for column, of in cells_of.items()}
    return Table(name, columns, places)


def _rows(reader: Reader, name: str, faults: Faults) -> tuple[list[str], list[list[str]], list[int]]:
    header = [cell.strip() for cell in next(reader, [])]
    if not any(header):
        raise PartError(f"{name} has no header; its first line must name the columns, such as `file,label`.")
    if len(header) == 1 and (other := next((mark for mark in _DELIMITERS if mark in header[0]), None)):
        raise PartError(
            f"{name} has one column, {header[0]!r}: there seems to be {other!r} between its cells, and it is read with "
            "another character. Give that as delimiter, or save the table with commas."
        )
    if twice := [column for column, count in Counter(header).items() if count > 1]:
        raise PartError(f"{name} has the column {twice[0]!r} more than once. Name each differently.")
    rows, places = list[list[str]](), list[int]()
    for row in reader:
        if len(row) == len(header):
            rows.append(row)
            places.append(reader.line_num)
        elif row:
            faults.add(f"row that has not {len(header)} cells", f"line {reader.line_num} ({len(row)} cells)")
    return header, rows, places


def _typed(cells: Sequence[str]) -> Column:
    """Cells as numbers where all that are not empty are written as numbers, else as text; empty ones are `None`."""
    filled = [cell for cell in cells if cell.strip()]
    for kind in (int, float):
        if filled and all(_is_written_as(kind, cell) for cell in filled):
            return [kind(cell) if cell.strip() else None for cell in cells]
    return _texts(cells)


def _texts(cells: Sequence[str]) -> Column:
    return [cell if cell.strip() else None for cell in cells]


def _is_written_as(kind: type[int] | type[float], cell: str) -> bool:
    digits = cell.strip().lstrip("+-")
    if "_" in digits or (len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()):
        return False
    try:
        return is_number(kind(cell))
    except ValueError:
        return False
