"""What the words before the cursor say, as far as they can be understood. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeper.cli.arguments import FLAGS, is_flag, is_override, options_of
from sweeper.cli.command import Command, Option
from sweeper.cli.command_table import COMMANDS, RUN


@dataclass(frozen=True)
class Seen:
    """A command line without its last word; wrong words in it are passed over."""

    command: Command
    names_command: bool
    operands: tuple[str, ...]
    overrides: tuple[str, ...]
    given: Mapping[str, str]
    """Options by name, with their values."""
    pending: Option | None
    """The option whose value the last word is."""
    only_words: bool
    """Whether `--` stands before, behind which nothing is a flag."""


def seen(words: Sequence[str]) -> Seen:
    """Understand the words before the last one."""
    others: list[str] = []
    given: dict[str, str] = {}
    pending: Option | None = None
    rest = deque(words)
    only_words = False
    while rest:
        word = rest.popleft()
        if word == "--":
            only_words = True
        elif only_words or not is_flag(word):
            others.append(word)
        else:
            pending = _take(word, rest, given)
    names_command = bool(others) and others[0] in COMMANDS
    command = COMMANDS[others.pop(0)] if names_command else RUN
    pending = pending and options_of(command).get(pending.name, pending)  # commands give one flag different values
    operands = tuple(word for word in others if not is_override(word))
    return Seen(command, names_command, operands, tuple(filter(is_override, others)), given, pending, only_words)


def _take(word: str, rest: deque[str], given: dict[str, str]) -> Option | None:
    """Note an option with its value; one whose value comes next is returned."""
    flag, equals, value = word.partition("=")
    option = FLAGS.get(flag)
    if option is None:
        return None
    waits = option.value is not None and not equals
    if waits and not rest:
        return option
    takes_next = waits and (option.alone is None or rest[0] in option.allowed)
    given[option.name] = rest.popleft() if takes_next else value
    return None
