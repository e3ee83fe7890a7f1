"""What somebody meant who typed a word that is neither a command nor an override. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sweeper.cli.command_table import EVERYWHERE
from sweeper.common.copied_characters import copied
from sweeper.vocabulary import AXES

_COLON = re.compile(r"(?P<key>[+~]*[A-Za-z_][\w.]*):(?P<value>[^:/\\]+)")
_AXIS_PATH = re.compile(rf"(?P<axis>{'|'.join(AXES)})/(?P<name>[\w/-]+)")


def cure_of_word(words: Sequence[str], place: int) -> str:
    """A sentence on how to write the word at a place; empty where it is not known what was meant."""
    word = words[place]
    return copied(word) or _without_blanks(words, place) or _as_flag(word) or _as_override(word)


def _without_blanks(words: Sequence[str], place: int) -> str:
    """Of `model = svm`, `model =svm` and `model= svm` the shell makes several words."""
    before = words[place - 1] if place else ""
    following = [*words[place + 1 : place + 3], "", ""]
    if following[0] == "=":
        meant = f"{words[place]}={following[1]}"
    elif following[0].startswith("="):
        meant = f"{words[place]}{following[0]}"
    elif before.endswith("="):
        meant = f"{before}{words[place]}"
    else:
        return ""
    return f" An override is one word, without blanks around the =: `{meant}`."


def _as_flag(word: str) -> str:
    flag = next((flag for option in EVERYWHERE for flag in option.flags if flag == f"--{word.lower()}"), None)
    return f" Did you mean {flag}?" if flag else ""


def _as_override(word: str) -> str:
    if word in AXES:
        return f" A {word} is selected by name, '{word}=[NAME]'; `sweeper ls {word}` lists them."
    found = _AXIS_PATH.fullmatch(word)
    if found:
        return f" Did you mean {found['axis']}={found['name']}?"
    found = _COLON.fullmatch(word)
    return f" Did you mean {found['key']}={found['value'].strip()}?" if found else ""
