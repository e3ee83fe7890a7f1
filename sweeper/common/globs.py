"""Globs over the names of choices, in which only * and ? are wild: brackets are part of the names of variants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Protocol

SEPARATOR = " + "
"""Joins the names of several choices on one axis. A glob that contains it is compared name by name, in order."""


class Named(Protocol):
    """A choice, as far as globs go."""

    @property
    def name(self) -> str:
        """As printed and stored: `svm`, or `svm[estimator.C=0.1]` for a variant."""
        ...

    @property
    def base(self) -> str:
        """The name without what tells variants apart."""
        ...


def covers(glob: str, name: str) -> bool:
    """Whether a glob covers a name."""
    return bool(_compiled(glob).fullmatch(name))


def covers_choice(glob: str, choice: Named) -> bool:
    """Whether a glob covers a choice by its own name or, for a variant, by the name of its choice."""
    return covers(glob, choice.name) or covers(glob, choice.base)


def covers_slot(globs: Sequence[str], slot: Sequence[Named], *, every: bool) -> bool:
    """Whether some globs cover what stands on one axis of a combination; they never cover an axis that is not crossed.

    Parameters
    ----------
    every
        Whether all choices on the axis must be covered, or one of them.
    """
    if any(SEPARATOR in glob and _covers_joint(glob, slot) for glob in globs):
        return True
    test = all if every else any
    return bool(slot) and test(any(covers_choice(glob, choice) for glob in globs) for choice in slot)


def _covers_joint(glob: str, slot: Sequence[Named]) -> bool:
    globs = glob.split(SEPARATOR)
    return len(globs) == len(slot) and all(covers_choice(g, c) for g, c in zip(globs, slot, strict=True))


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in glob), re.DOTALL)
