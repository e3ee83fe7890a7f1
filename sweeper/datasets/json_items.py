"""Reads a large JSON object piece by piece, so that what is in memory is a few megabytes of its text at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sweeper.common.text import escaped
from sweeper.errors import PartError

_CHARACTERS = 1 << 20
_SPACES = " \t\r\n"
_AFTER = frozenset(",:]} \t\r\n")
"""What may follow a value. Anything else, as the point of a number, may be the rest of one that the window cut off."""


def items_of(path: Path) -> Iterator[tuple[str, int | None, object]]:
    """What the JSON object in a file holds: key, place and value of each element of its lists, and of its other values.

    An element of a list at the top has its place in the list, 0 first. Other values have the place `None`, and so has
    an empty list.

    Raises
    ------
    PartError
        The file cannot be read, is no JSON in UTF-8, or holds no object. The message names the file.
    """
    name = escaped(str(path))
    try:
        with path.open(encoding="utf-8-sig") as file:
            yield from _Reader(file).items()
    except OSError as error:
        raise PartError(f"The file {name} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise PartError(f"{name} is no text in UTF-8: {error}. Save it as JSON in UTF-8.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise PartError(f"{name} is no whole JSON object: {error}. Repair it, or write it anew.") from error


class _Reader:
    """A window on the text of a file that moves on as values are taken from its beginning."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._text, self._at = file, "", 0
        self._decode = json.JSONDecoder().raw_decode

    def items(self) -> Iterator[tuple[str, int | None, object]]:
        self._expect("{")
        more = self._peek() != "}"
        while more:
            key = str(self._value())
            self._expect(":")
            yield from self._elements(key) if self._peek() == "[" else [(key, None, self._value())]
            more = self._goes_on("}")
        if not more and self._peek() == "}":
            self._at += 1
        if self._peek():
            raise json.JSONDecodeError("more follows the object", self._text, self._at)

    def _elements(self, key: str) -> Iterator[tuple[str, int | None, object]]:
        self._expect("[")
        place = 0
        if self._peek() == "]":
            self._at += 1
            yield key, None, []
            return
        while True:
            yield key, place, self._value()
            place += 1
            if not self._goes_on("]"):
                self._at += 1
                return

    def _goes_on(self, end: str) -> bool:
        """Whether a comma comes next, which is taken; else it is the end, which is left."""
        if self._peek() == ",":
            self._at += 1
            return True
        if self._peek() != end:
            raise json.JSONDecodeError(f"expected ',' or '{end}'", self._text, self._at)
        return False

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise json.JSONDecodeError(f"expected '{mark}'", self._text, self._at)
        self._at += 1

    def _peek(self) -> str:
        """The next character that is no space; empty at the end of the file."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACES:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on(_CHARACTERS):
                return ""

    def _value(self) -> object:
        """The next value. One that the window may have cut off is tried again with twice as much text."""
        self._peek()
        wanted = _CHARACTERS
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._read_on(wanted):
                    raise
            else:
                if self._text[end : end + 1] in _AFTER or not self._read_on(wanted):
                    self._at = end
                    return value
            wanted *= 2

    def _read_on(self, count: int) -> bool:
        """Drop the text that is done and add some; whether there was any."""
        more = self._file.read(count)
        if more:
            self._text, self._at = self._text[self._at :] + more, 0
        return bool(more)
