"""Reads tables of texts and numbers: CSV and Parquet, with one value per row and column."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sweeper.common.text import escaped
from sweeper.datasets.values import is_number
from sweeper.errors import PartError, near_match

if TYPE_CHECKING:
    from sweeper.datasets.faults import Faults

Flat: TypeAlias = str | int | float | bool
Column: TypeAlias = list[Flat | None]
ENDINGS = (".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class Table:
    """Columns of one length by name, and where each row stands.

    Attributes
    ----------
    name
        The path of the file, for messages.
    columns
        `None` where a row has no value.
    places
        Number of each row in the file: the line in which it ends, where the file has lines.
    """

    name: str
    columns: Mapping[str, Column]
    places: Sequence[int]

    def column(self, name: str, parameter: str) -> Column:
        """One column.

        Raises
        ------
        PartError
            There is none of that name. The message says which there are, and which parameter names it.
        """
        if name not in self.columns:
            raise PartError(
                f"{self.name} has no column {name!r}, and {parameter} names it.{near_match(name, self.columns)} Its "
                f"columns are {', '.join(self.columns)}."
            )
        return self.columns[name]


def table_file(root: Path) -> Path:
    """The one table in a folder.

    Raises
    ------
    PartError
        There is none, or there are several.
    """
    found = sorted(path for path in root.glob("*") if path.suffix.lower() in ENDINGS)
    if len(found) == 1:
        return found[0]
    what = f"has {', '.join(path.name for path in found)}" if found else f"has no file {', '.join(ENDINGS)}"
    raise PartError(f"{escaped(str(root))} {what}. Set table to the one that names the images and their labels.")


def read_table(path: Path, delimiter: str | None, texts: Collection[str], faults: Faults) -> Table:
    """Read a table; `.parquet` by its ending, any other file as CSV.

    A column of a CSV whose values all are numbers is one of numbers. Text with zeros in front stays text.

    Parameters
    ----------
    delimiter
        Between the cells of a CSV. By default a comma, and a tab in `.tsv`.
    texts
        Columns of a CSV that stay text.
    faults
        Takes rows that do not have a cell for each column.

    Raises
    ------
    PartError
        The file cannot be read, is not in UTF-8, or has no header, or a column twice.
    """
    if path.suffix.lower() == ".parquet":
        from sweeper.datasets.arrow_tables import read_parquet

        return read_parquet(path)
    cells = delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    name = escaped(str(path))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, rows, places = _rows(csv.reader(file, delimiter=cells, strict=True), name, faults)
    except OSError as error:
        raise PartError(f"The file {name} cannot be read: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error, TypeError) as error:
        raise PartError(f"{name} is no CSV in UTF-8 with {cells!r} between its cells: {error}.") from error
    cells_of = {column: [row[i] for row in rows] for i, column in enumerate(header)}
    columns = {column: _texts(of) if column in texts else _typed(of) for column, of in cells_of.items()}
    return Table(name, columns, places)


def _rows(reader: _Reader, name: str, faults: Faults) -> tuple[list[str], list[list[str]], list[int]]:
    header = [cell.strip() for cell in next(reader, [])]
    if not any(header):
        raise PartError(f"{name} has no header; its first line must name the columns, such as `file,label`.")
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


if TYPE_CHECKING:
    from _csv import Reader as _Reader
