"""Sentences as lines of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sweeper.cli.tables.cells import width_of


def broken(text: str, width: int | None, indent: int = 0) -> list[str]:
    """A text as lines, broken between words where it is wider than `width`; those after the first are indented.

    A word that has no room is a line of its own, as it is. `None` sets no limit.
    """
    if width is None or width_of(text) <= width:
        return [text]
    return list(_lines(text, width, " " * indent))


def _lines(text: str, width: int, indent: str) -> Iterator[str]:
    line, gap = "", ""
    for word in text.split(" "):
        if not word:  # one of several blanks
            gap += " "
            continue
        if line.strip() and width_of(f"{line}{gap}{word}") > width:
            yield line
            line, gap = indent, ""
        line, gap = f"{line}{gap}{word}", " "
    yield line
