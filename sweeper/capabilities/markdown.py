"""Markdown for the reports of capability runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKS = re.compile(r"([\\`*_\[\]<>&~])")
"""What may mean something else than itself inside a line of Markdown; bars are left to `table`."""


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
