"""The command line, taken apart by the table of commands: the command, its operands, options and overrides. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeper.cli.bare_words import cure_of_word
from sweeper.cli.command import Command, Option
from sweeper.cli.command_table import COMMANDS, DRY_RUN, EVERYWHERE, HELP, HYDRA, PLAN, RUN, VERSION
from sweeper.common.quoting import quoted
from sweeper.errors import ConfigError, near_match

FLAGS = {flag: option for c in COMMANDS.values() for option in (*c.options, *EVERYWHERE) for flag in option.flags}
"""Every flag of any command; whether it has a value is the same in all of them."""
_OVERRIDE = re.compile(r"~|[+\w.@/:$'\"-]*=")
"""How an override begins where an operand may stand too, which may have a `=` in it: SQL, or the name of a variant."""

_UNLIKELY_TO_RUN = frozenset(("job_backend.kind=inline", "rerun=missing", "rerun=failed", "rerun=stale"))
"""Overrides with which Ray is not needed, or with which everything may be complete."""


@dataclass(frozen=True)
class Arguments:
    """One command line."""

    command: str
    names_command: bool
    """Whether the command was named; `run` need not be."""
    operands: tuple[str, ...]
    given: Mapping[str, str]
    """The options that were given, by name, with their values; that of a switch is empty."""
    overrides: list[str]
    """As typed, and behind them those that options are another word for."""

    def has(self, option: str) -> bool:
        """Whether an option was given, e.g. `has("--json")`."""
        return option in self.given

    def value(self, option: str) -> str | None:
        """The value of an option: as given, or else its default."""
        return self.given.get(option, options_of(COMMANDS[self.command])[option].default)

    @property
    def shows_something(self) -> bool:
        """Whether something is to be shown for which no sweep is prepared: help, say, or the composed config."""
        return any(option.runs_nothing and self.has(option.name) for option in EVERYWHERE)

    @property
    def plans(self) -> bool:
        """Whether to print the plan and stop."""
        return self.command == PLAN.name or self.has(DRY_RUN.name)

    @property
    def hydra_words(self) -> list[str]:
        """Hydra's own flags as its parser takes them."""
        return [word for option in HYDRA if self.has(option.name) for word in _typed(option, self.given[option.name])]

    @property
    def may_run(self) -> bool:
        """Whether Ray is likely to be needed, as far as the command line tells."""
        runs = self.command == RUN.name and not self.shows_something and not self.plans
        return runs and _UNLIKELY_TO_RUN.isdisjoint(self.overrides)


def options_of(command: Command) -> dict[str, Option]:
    """All that a command takes, by name."""
    return {option.name: option for option in (*command.options, *EVERYWHERE)}


def parse(argv: Sequence[str]) -> Arguments:
    """Take a command line apart. Options may stand anywhere on it.

    Raises
    ------
    ConfigError
        A word or a flag that is none, an option of another command, a value that is missing or not allowed, or a
        missing operand.
    """
    words, given = _separated(argv)
    command, rest = _command(words)
    _check(command, given)
    operands, typed = _operands(command, rest)
    if HELP.name not in given and VERSION.name not in given:
        _check_whole(command, given, operands)
        _refuse_bare_words(typed)
    options = options_of(command)
    meant = [options[name].override or "" for name in given]
    overrides = [line.format(quoted(value)) for line, value in zip(meant, given.values(), strict=True) if line]
    return Arguments(command.name, len(rest) < len(words), operands, given, [*typed, *overrides])


def _typed(option: Option, value: str) -> list[str]:
    return [option.name, value] if value else [option.name]


# Flags


def _separated(argv: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Words that are no flags, and the options with their values; of one that is given twice, the last value."""
    words: list[str] = []
    given: dict[str, str] = {}
    rest = deque(argv)
    while rest:
        word = rest.popleft()
        if word == "--":
            words.extend(rest)
            break
        if is_flag(word):
            option, attached = _option(word)
            given[option.name] = _value(option, attached, rest)
        else:
            words.append(word)
    return words, given


def is_flag(word: str) -> bool:
    """A word with a blank in it is none, so that SQL may begin with a comment."""
    return len(word) > 1 and word.startswith("-") and not re.search(r"\s", word.partition("=")[0])


def is_override(word: str) -> bool:
    """Whether a word is an override where an operand may stand too."""
    return _OVERRIDE.match(word) is not None


def _option(word: str) -> tuple[Option, str | None]:
    """The option that a flag names, and the value that is attached to it: `--output=FILE`, `-oFILE`."""
    flag, equals, value = word.partition("=")
    if flag in FLAGS:
        return FLAGS[flag], value if equals else None
    short = FLAGS.get(word[:2])
    if short is not None and short.value:
        return short, word[2:]
    raise ConfigError(
        f"There is no flag {flag}.{_meant(flag)} `sweeper --help` and `sweeper COMMAND --help` show them."
    )


def _meant(flag: str) -> str:
    return _as_setting(flag) or near_match(flag, FLAGS)


def _as_setting(flag: str) -> str:
    """How to write what a flag says where that is a key of the config."""
    from sweeper.config.classification import ROOT_FIELDS

    setting = flag.lstrip("-").replace("-", "_")
    if setting.partition(".")[0] in ROOT_FIELDS:
        return f" What is set in the config is written without dashes: {setting}=VALUE."
    return ""


def _value(option: Option, attached: str | None, rest: deque[str]) -> str:
    if option.value is None:
        if attached is not None:
            raise ConfigError(f"{option.name} takes no value, and got {attached!r}.")
        return ""
    if attached is not None:
        return attached
    if option.alone is not None:
        return rest.popleft() if rest and rest[0] in option.allowed else option.alone
    if not rest or is_flag(rest[0]):
        raise ConfigError(f"{option.name} needs a value: {option.name} {option.value}.")
    return rest.popleft()


def _check(command: Command, given: Mapping[str, str]) -> None:
    options = options_of(command)
    for name, value in given.items():
        if name not in options:
            owners = [other.name for other in COMMANDS.values() if name in options_of(other)]
            raise ConfigError(
                f"{command.name} has no flag {name}, which belongs to {' and '.join(owners)}: "
                f"`sweeper {owners[0]} --help` shows it.{_as_setting(name)}"
            )
        allowed = options[name].allowed
        if allowed and value not in allowed:
            hint = near_match(value, allowed)
            raise ConfigError(f"{name}: {value!r} is not allowed.{hint} Allowed: {', '.join(allowed)}.")


# Words


def _command(words: Sequence[str]) -> tuple[Command, list[str]]:
    if not words or not _is_bare_word(words[0]):
        return RUN, list(words)
    if words[0] not in COMMANDS:
        hint = cure_of_word(words, 0) or near_match(words[0], COMMANDS)
        raise ConfigError(
            f"{words[0]!r} is neither a subcommand nor an override (key=value).{hint} "
            f"Subcommands: {', '.join(COMMANDS)}."
        )
    return COMMANDS[words[0]], list(words[1:])


def _operands(command: Command, words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The first words that are no overrides, as many as the command takes, and all others."""
    repeats = bool(command.operands) and command.operands[-1].repeats
    places = [i for i, word in enumerate(words) if not is_override(word)][: None if repeats else len(command.operands)]
    return tuple(words[i] for i in places), [word for i, word in enumerate(words) if i not in places]


def _check_whole(command: Command, given: Mapping[str, str], operands: Sequence[str]) -> None:
    absent = next((operand.missing for operand in command.operands[len(operands) :] if operand.missing), None)
    if absent is not None:
        raise ConfigError(absent)
    options = options_of(command)
    for name in command.needed:
        if not given.get(name):
            raise ConfigError(f"{command.name} needs {name}: sweeper {command.name} {name} {options[name].value}.")


def _is_bare_word(word: str) -> bool:
    return "=" not in word and not word.startswith("~")


def _refuse_bare_words(overrides: Sequence[str]) -> None:
    for place in (place for place, word in enumerate(overrides) if _is_bare_word(word)):
        word = overrides[place]
        problem = (
            f"the subcommand {word!r} must be the first word" if word in COMMANDS else f"{word!r} is not an override"
        )
        cure = cure_of_word(overrides, place)
        raise ConfigError(f"{problem}: overrides are key=value, e.g. 'model=[logreg,svm]'.{cure}")
