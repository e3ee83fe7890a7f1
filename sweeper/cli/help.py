"""The help of each command, made of the table of commands: one screen of a terminal. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from sweeper.cli.command import Command, Example, Option
from sweeper.cli.command_table import (
    COMMANDS,
    CONFIG_DIR,
    HELP,
    HYDRA_HELP,
    MULTIRUN,
    PLAN,
    RUN,
    STORE,
    VERSION,
)

WIDTH, HEIGHT = 80, 24
"""Columns and lines of a terminal that nobody has made larger."""
_ABOUT = "Run each combination of capability x dataset x model x metric of a config."
_OVERVIEW = {STORE: "where results are", CONFIG_DIR: "your configs", HYDRA_HELP: "Hydra's help"}
"""What the overview shows of what every command takes; `--hydra-help` shows the rest."""
_SWEEPING = (RUN.name, PLAN.name)
"""The commands to which it makes a difference whether the config is swept over."""
_EXAMPLE = Example("sweeper plan 'model=[svm,knn]' rerun=missing", "what would run")


def overview(commands: Iterable[Command] = COMMANDS.values()) -> str:
    """What `sweeper --help` shows: a line for each command, and few others, so that there is room for 17 commands."""
    options = ", ".join(f"{_label(option)} ({meaning})" for option, meaning in _OVERVIEW.items())
    return _screen(
        f"usage: sweeper [command] [options] [key=value ...], or sweeper {VERSION.name}",
        _wrapped(_ABOUT),
        _section(
            "commands, each with more help: sweeper COMMAND --help",
            _table([(command.name, command.summary) for command in commands]),
        ),
        _wrapped(f"options anywhere on the line: {options}"),
        f"example: {_EXAMPLE.line}  # {_EXAMPLE.meaning}",
        "exit status: 0 done; 2 wrong command line or config; sweeper run --help has all",
    )


def help_of(command: Command) -> str:
    """What `sweeper COMMAND --help` shows."""
    words = [operand.shown for operand in command.operands]
    needed = [option for option in command.options if option.name in command.needed]
    words += [f"{option.name} {option.value}" for option in needed]
    own = (*command.options, *((MULTIRUN,) if command.name in _SWEEPING else ()))
    return _screen(
        f"usage: {' '.join(['sweeper', command.name, *words, '[options] [key=value ...]'])}",
        _wrapped(command.about),
        _section("options", _options((*own, CONFIG_DIR, STORE, HELP))),
        _section("examples", _examples(command.examples)),
        _statuses(command),
    )


def _screen(*sections: str) -> str:
    """The sections, with an empty line between them where the screen has room for it."""
    apart = "\n\n".join(sections)
    return (apart if len(apart.splitlines()) <= HEIGHT else "\n".join(sections)) + "\n"


def _section(title: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{title}:", *lines])


def _wrapped(text: str, first: str = "", others: str = "") -> str:
    wrapper = textwrap.TextWrapper(WIDTH, first, others, break_on_hyphens=False, break_long_words=False)
    return wrapper.fill(text)


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [_wrapped(text, f"  {name:{width}}  ", " " * (width + 4)) for name, text in rows]


def _options(options: Iterable[Option]) -> list[str]:
    return _table([(_label(option), _meaning(option)) for option in options])


def _label(option: Option) -> str:
    """The usual form, and the one-letter form."""
    flags = [option.name, *(flag for flag in option.flags[1:] if len(flag) == len("-o"))]
    return f"{', '.join(flags)}{f' {option.value}' if option.value else ''}"


def _meaning(option: Option) -> str:
    """A default that is one of the allowed values is the first of them."""
    notes = option.allowed or ((f"default {option.default}",) if option.default else ())
    return option.meaning + (f" ({', '.join(notes)})" if notes else "")


def _examples(examples: Sequence[Example]) -> list[str]:
    return _table([(example.line, f"# {example.meaning}") for example in examples])


def _statuses(command: Command) -> str:
    ends = "; ".join(f"{status} {text}" for status, text in command.statuses.items())
    return _wrapped(f"exit status: {ends}")
