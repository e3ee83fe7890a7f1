"""Text as an override holds it: bare where Hydra's grammar takes it as it is, else in quotes. Pure."""

from __future__ import annotations

import re
import shlex

_BARE = re.compile(r"[A-Za-z0-9_/.+%*@?|:-]+")
_NO_TEXT = re.compile(
    r"null|true|false|[+-]?(inf|nan|[0-9][0-9_]*(\.[0-9_]*)?(e[+-]?[0-9_]+)?|\.[0-9_]+(e[+-]?[0-9_]+)?)", re.I
)
"""What the grammar reads as something else than text."""
_BACKSLASHES = re.compile(r'(\\+)(?="|$)')
"""Those before a quote, which the grammar takes for escapes."""


def quoted(text: str) -> str:
    """A value that Hydra's grammar reads as exactly this text."""
    if _BARE.fullmatch(text) and not _NO_TEXT.fullmatch(text):
        return text
    escaped = _BACKSLASHES.sub(r"\1\1", text).replace('"', r"\"").replace("${", r"\${")
    return f'"{escaped}"'


def as_text(line: str) -> str:
    """An override whose value is taken as text, ready to be copied into a shell."""
    key, _, value = line.partition("=")
    return shlex.quote(f"{key}={quoted(value)}")
