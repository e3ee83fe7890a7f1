"""A command line that is being typed, taken apart as a shell does it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PIECES = re.compile(
    r"""(?P<single>'[^']*(?:'|$)) | (?P<double>"(?:\\.|[^"\\])*\\?(?:"|$)) | (?P<escaped>\\.?) | (?P<blank>\s+)
    | (?P<plain>[^\s'"\\]+)""",
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(r'\\([\\"$`\n])')
_SPECIAL = re.compile(r"""[\s'"\\$`!&|;<>()*?{}~#]""")
"""Characters that an unquoted word must not have as they are; a `[` passes where no file fits."""
_REDIRECTION = re.compile(r"\d*(>>?|<)$")


@dataclass(frozen=True)
class Line:
    """The words before the cursor, as the command would get them."""

    words: tuple[str, ...]
    """Those that are complete, without what the command is called with."""
    current: str
    """The one at the cursor, up to there."""
    quote: str = ""
    """The quote that is open at the cursor, if there is one."""

    @property
    def names_file(self) -> bool:
        """Whether the shell takes the word at the cursor for itself, as the file of a redirection."""
        return bool(self.words and _REDIRECTION.fullmatch(self.words[-1])) and not self.quote

    def typed(self, more: str) -> str:
        """What has to be typed at the cursor so that `more` is added to the word."""
        if self.quote == "'":
            return more.replace("'", r"'\''")
        if self.quote:
            return re.sub(r'([\\"$`])', r"\\\1", more)
        return _SPECIAL.sub(r"\\\g<0>", more)


def line_of(text: str) -> Line:
    """A line up to the cursor, from `sweeper` or `python -m sweeper` on."""
    words, word, quote = [], "", ""
    is_word = False
    for piece in _PIECES.finditer(text):
        kind, raw = str(piece.lastgroup), piece[0]
        if kind == "blank":
            words += [word] if is_word else []
            word, is_word = "", False
        else:
            word, is_word = word + _meant(kind, raw), True
        quote = raw[0] if kind in ("single", "double") and not _is_closed(raw) else ""
    return Line(_arguments(words), word, quote)


def _is_closed(raw: str) -> bool:
    return len(raw) > 1 and raw[-1] == raw[0] and not (raw[0] == '"' and re.search(r'(?<!\\)(\\\\)*\\"$', raw))


def _meant(kind: str, raw: str) -> str:
    if kind == "escaped":
        return raw[1:]
    if kind == "plain":
        return raw
    inner = raw[1:-1] if _is_closed(raw) else raw[1:]
    return inner if kind == "single" else _IN_DOUBLE.sub(r"\1", inner)


def _arguments(words: list[str]) -> tuple[str, ...]:
    """The words behind the command: behind `-m sweeper` where Python is called."""
    if words[1:3] == ["-m", "sweeper"]:
        return tuple(words[3:])
    return tuple(words[1:])
