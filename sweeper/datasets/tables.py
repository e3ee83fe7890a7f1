"""Tables of texts and numbers with one value per row and column, whatever file they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sweeper.common.text import escaped
from sweeper.errors import PartError, near_match

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
