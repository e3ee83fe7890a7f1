"""What stands in a table, and how many columns of a terminal it takes. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import NamedTuple, TypeAlias
from unicodedata import category, east_asian_width

_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
"""Characters that move the cursor, end a line or turn the direction of writing: all but the newline."""
_NUMBER = re.compile(r"((?:[<>]= )?[-+]?[\d,]+)((?:\.\d*)?(?:e[-+]?\d+)?)")


class Tone(Enum):
    """What a text is, which a terminal with colour shows."""

    PLAIN = auto()
    TITLE = auto()
    HEAD = auto()
    RULE = auto()
    BEST = auto()
    TIED = auto()
    GOOD = auto()
    BAD = auto()
    DOUBT = auto()
    """A value that must not be called the best, or a question that is not decided."""
    FAINT = auto()


class Span(NamedTuple):
    """A text of one tone."""

    text: str
    tone: Tone = Tone.PLAIN


Line: TypeAlias = tuple[Span, ...]
"""One line of a terminal, from left to right."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    text
        What it says; more than one line where it has a newline.
    tone
        Of all of it.
    mark
        What stands directly behind it, such as `*`.
    tail
        What stands behind that; tails of numbers in one column begin at one place.
    """

    text: str
    tone: Tone = Tone.PLAIN
    mark: str = ""
    tail: str = ""

    @property
    def whole(self) -> str:
        """All of it, on lines of its own, with no place kept free for what other cells have."""
        return f"{self.text}{self.mark}{f' {self.tail}' if self.tail else ''}"

    @property
    def parts(self) -> tuple[str, str, str] | None:
        """Of a number what stands before the point, from the point to the mark, and behind; else `None`."""
        found = _NUMBER.fullmatch(self.text)
        return (found[1], f"{found[2]}{self.mark}", self.tail) if found else None


def shown(value: object) -> str:
    """A value as text that a terminal can be given: what would move its cursor is written as `\\x1b`."""
    text = str(value).replace("\r\n", "\n")
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub(lambda found: _escaped(found[0]), text)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def width_of(text: str) -> int:
    """How many columns of a terminal one line of text takes: two for each Chinese, Japanese or Korean letter."""
    return len(text) if text.isascii() else sum(map(_columns, text))


@cache
def _columns(letter: str) -> int:
    if category(letter) in ("Mn", "Me", "Cf") or "\u1160" <= letter <= "\u11ff":  # joins the letter before it
        return 0
    return 2 if east_asian_width(letter) in ("W", "F") else 1


def line_of(*spans: Span) -> Line:
    """A line without blanks at its end."""
    kept = list(spans)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip())
    return tuple(kept)


def width_of_line(line: Line) -> int:
    """How many columns of a terminal a line takes."""
    return sum(width_of(span.text) for span in line)
