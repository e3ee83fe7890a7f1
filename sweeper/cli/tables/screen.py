"""What lines are shown on: how wide it is, whether it has colour, and the text that is written to it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TextIO

from sweeper.cli.tables.cells import Line, Span, Tone

ALWAYS, AUTO, NEVER = "always", "auto", "never"
DEFAULT_WIDTH = 80
"""Of a terminal that does not say how wide it is."""
_CODES = {
    Tone.TITLE: "1",
    Tone.HEAD: "1",
    Tone.RULE: "2",
    Tone.BEST: "1;32",
    Tone.TIED: "32",
    Tone.GOOD: "32",
    Tone.BAD: "31",
    Tone.DOUBT: "33",
    Tone.FAINT: "2",
}
"""Of the eight colours that every terminal has, and bold and faint."""


@dataclass(frozen=True)
class Screen:
    """What lines are shown on.

    Attributes
    ----------
    width
        The columns that it has; `None` for a file or a pipe, whose lines may be of any length.
    colour
        Whether it understands codes for colour.
    """

    width: int | None = None
    colour: bool = False

    def text(self, lines: Iterable[Line]) -> str:
        """Lines as they are written to it, joined by newlines, with none at the end."""
        return "\n".join("".join(self._drawn(span) for span in line) for line in lines)

    def _drawn(self, span: Span) -> str:
        code = _CODES.get(span.tone) if self.colour else None
        text = span.text.strip(" ")
        if code is None or not text:
            return span.text
        before, _, behind = span.text.partition(text)
        return f"{before}\x1b[{code}m{text}\x1b[0m{behind}"


PLAIN = Screen()
"""A file or a pipe."""


def screen_of(stream: TextIO, colour: str | None = AUTO, environment: Mapping[str, str] = os.environ) -> Screen:
    """The screen that a stream is shown on.

    Parameters
    ----------
    stream
        Where lines are written to.
    colour
        `always`, `never`, or `auto`: where the stream is a terminal, if neither `NO_COLOR` is set nor `TERM` is `dumb`.
    environment
        The variables of the process. `COLUMNS` sets the width, also of what is no terminal.
    """
    terminal = stream.isatty()
    width = _wished(environment) or (_columns(stream) if terminal else None)
    return Screen(width, colour == ALWAYS or (colour == AUTO and terminal and _takes_colour(environment)))


def _wished(environment: Mapping[str, str]) -> int:
    columns = environment.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() else 0


def _takes_colour(environment: Mapping[str, str]) -> bool:
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
    except (OSError, ValueError):  # a stream that only says that it is a terminal
        return DEFAULT_WIDTH
