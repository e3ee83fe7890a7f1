"""Why Hydra's grammar cannot read an override, and how to write it. Pure."""

from __future__ import annotations

import re

from sweeper.common.copied_characters import copied
from sweeper.config.one_override import quoting_hint

_OPENED = {"]": "[", "}": "{", ")": "("}
_CLOSED = {opened: closed for closed, opened in _OPENED.items()}
_QUOTED = re.compile(r"""\\.|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_SPACED = re.compile(r"\s*(?P<key>[+~\w.@/:-]+)\s*=\s*(?P<value>.*)")


def reason_and_cure(line: str, said: str) -> str:
    """What is wrong with an override that the grammar refuses.

    Parameters
    ----------
    said
        What the grammar says, for what is none of the usual mistakes.
    """
    if hint := copied(line):
        return hint.strip()
    if len(line) > _LONG:
        return f"{said} Is it quoted for the shell?"
    if re.match(r"[^=]*\s=|\s", line) and (spaced := _SPACED.fullmatch(line)):
        return f"A blank stands before the key or the =. Write {spaced['key']}={spaced['value'].rstrip()}, in one word."
    if "==" in line:
        return f"It has == in it. Write {line.replace('==', '=', 1)}."
    return (_bracket(line) or f"{said} Is it quoted for the shell?") + quoting_hint(line)


_LONG = 2000
"""Of a longer line only what the grammar says is told."""


def _bracket(line: str) -> str:
    """A quote or bracket without its other half."""
    value = _QUOTED.sub("", line.partition("=")[2])
    quote = next((character for character in value if character in "'\""), "")
    if quote:
        return f"The quote {quote} is not closed; add another {quote}, or take it out."
    opened: list[str] = []
    for character in value:
        if character in _CLOSED:
            opened.append(character)
        elif character in _OPENED and (not opened or opened.pop() != _OPENED[character]):
            return f"The {character} closes nothing; put {_OPENED[character]} before it, or take it out."
    return f"The {opened[-1]} is not closed: a {_CLOSED[opened[-1]]} is missing." if opened else ""
