"""Markdown for the reports of capability runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_MARKS = re.compile(r"([\\`*_\[\]<>&~])")
"""What may mean something else than itself inside a line of Markdown; bars are left to `table`."""

SHOWN = 20
"""So many lines of a long table are shown; all of them are rows of the store."""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A pipe table; a bar inside a cell is escaped."""
    from tabulate import tabulate

    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return tabulate(cells, headers=headers, tablefmt="pipe", disable_numparse=True) + "\n"


def literal(text: str) -> str:
    """A name that stands for itself, whatever it has in it: no link, picture or HTML, and in one line.

    It must not begin a line, where `#` and `-` mean something.
    """
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return _MARKS.sub(r"\\\1", line)


def section(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A heading, a table of the first lines, and how many more there are."""
    yield f"## {title}\n\n{table(headers, rows[:SHOWN])}"
    yield from more(rows)


def more(rows: Sequence[object]) -> Iterator[str]:
    """How many lines there are beyond those that are shown, if any."""
    if len(rows) > SHOWN:
        yield f"And {len(rows) - SHOWN} more.\n"


def plain_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A pipe table of cells that differ much in length, such as pictures: `table` pads all to the longest."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def number(value: float | None, form: str = ".4f") -> str:
    """A number for a reader; empty where there is none."""
    return "" if value is None else f"{value:{form}}"
