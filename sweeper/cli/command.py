"""What a command of the command line is made of: its options, its operands, its examples. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One flag: a switch, or a flag with a value."""

    flags: tuple[str, ...]
    """How it is written, the usual form first: `("--output", "-o")`."""
    meaning: str
    """What help says of it, in one line."""
    value: str | None = None
    """What stands for its value in help, such as `FILE`; none makes it a switch."""
    allowed: tuple[str, ...] = ()
    """The only values that it takes; none: any."""
    default: str | None = None
    """Its value where it is not given."""
    alone: str | None = None
    """Its value where it is given without one; none: it needs a value."""
    override: str | None = None
    """The override that it is another word for; `{}` is its value."""
    runs_nothing: bool = False
    """Whether it asks for something to be shown instead of a sweep."""

    @property
    def name(self) -> str:
        return self.flags[0]


@dataclass(frozen=True)
class Operand:
    """A word that a command takes, at its place behind the command."""

    name: str
    """What stands for it in help, such as `SQL`."""
    missing: str = ""
    """What a command line without it is told; empty where it can be left out, as only the last one can."""
    repeats: bool = False
    """Whether there may be several of them, which only the last one may."""

    @property
    def shown(self) -> str:
        """How the line of usage has it."""
        name = f"{self.name}..." if self.repeats else self.name
        return name if self.missing else f"[{name}]"


@dataclass(frozen=True)
class Example:
    """A line that can be typed, and what it does."""

    line: str
    meaning: str


@dataclass(frozen=True)
class Command:
    """One command: what is read from its command line, and what its help shows."""

    name: str
    summary: str
    """What it does, in one line without a full stop, for the list of commands."""
    about: str
    """What it does, in whole sentences, for its own help."""
    examples: tuple[Example, ...]
    statuses: Mapping[int, str]
    """Each exit status that it may end with, and what that says."""
    operands: tuple[Operand, ...] = ()
    options: tuple[Option, ...] = ()
    """Its own ones; what every command takes is added."""
    needed: tuple[str, ...] = ()
    """Names of options without which it cannot do anything."""
