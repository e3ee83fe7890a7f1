"""What may stand in the place of a word that is being typed, and which of it fits what is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One word, or the beginning of one."""

    text: str
    """The whole word, not only what is still to be typed."""
    about: str = ""
    """What it is, in a line."""
    is_whole: bool = True
    """Whether the word ends here; else more of it must, or may, be typed."""
    shown: str = ""
    """What stands for it in a list; empty: the text."""


def fitting(found: Iterable[Candidate], current: str) -> list[Candidate]:
    """Those that begin as the word does, each once."""
    return list({one.text: one for one in found if one.text.startswith(current)}.values())


def in_list(before: str, items: Sequence[Candidate], value: str) -> list[Candidate]:
    """Candidates for a list such as `[svm,kn`, of which `before` stands in front: `model=`.

    One name alone may be the last one or not, so that both are candidates.
    """
    head, separator, last = value.rpartition(",") if "," in value else ("[", "", value[1:])
    blank = last[: len(last) - len(last.lstrip())]
    taken = {item.strip() for item in head.lstrip("[").split(",")}
    left = [item for item in items if item.text not in taken and item.text.startswith(last.lstrip())]
    start = f"{before}{head}{separator}{blank}"
    if len(left) == 1:
        one = left[0].text
        closed = Candidate(f"{start}{one}]", left[0].about, True, f"{one}]")
        has_others = any(item.text not in {*taken, one} for item in items)
        return [Candidate(f"{start}{one},", "and another one", False, f"{one},"), closed] if has_others else [closed]
    return [Candidate(f"{start}{item.text}", item.about, False, item.text) for item in left]


def single(before: str, items: Iterable[Candidate]) -> list[Candidate]:
    """Candidates for a value that is one of some words."""
    return [Candidate(before + item.text, item.about, item.is_whole, item.shown or item.text) for item in items]
