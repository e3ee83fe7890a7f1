"""Which words may stand at the cursor of a command line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from sweeper.cli.arguments import is_flag, options_of
from sweeper.cli.command import Option
from sweeper.cli.command_table import COMMANDS
from sweeper.cli.completion.candidates import Candidate, fitting, single
from sweeper.cli.completion.line import Line
from sweeper.cli.completion.overrides import of_override
from sweeper.cli.completion.seen import Seen, seen
from sweeper.cli.completion.sources import Sources, paths
from sweeper.config.catalogue import GROUPS

_Find = Callable[[Sources, str], Iterable[Candidate]]


def _compared(sources: Sources, current: str) -> Iterable[Candidate]:
    """A model, a sweep or a store; `model:` and so on before it says which."""
    kind, colon, rest = current.partition(":")
    found: dict[str, _Find] = {
        "model": lambda sources, _: sources.choices("model"),
        "sweep": lambda sources, _: sources.sweeps,
        "store": lambda _, typed: paths(typed, folders_only=True),
        "date": lambda *_: (),
    }
    if colon and kind in found:
        return single(f"{kind}:", found[kind](sources, rest))
    kinds = [Candidate(f"{kind}:", "", False) for kind in found]
    return [*sources.choices("model"), *sources.sweeps, *paths(current, folders_only=True), *kinds]


def _folders(_: Sources, current: str) -> Iterable[Candidate]:
    return paths(current, folders_only=True)


def _files(_: Sources, current: str) -> Iterable[Candidate]:
    return paths(current)


BY_NAME: dict[str, _Find] = {
    "--config-name": lambda sources, _: sources.config_names,
    "URI": _folders,
    "DIR": _folders,
    "FOLDER": _folders,
    "FILE": _files,
    "PATH": _files,
    "SWEEP": lambda sources, _: sources.sweeps,
    "BASELINE": lambda sources, _: sources.sweeps,
    "GROUP": lambda *_: [Candidate(group) for group in GROUPS],
    "NAME": lambda sources, _: sources.all_choices,
    "A": _compared,
    "B": _compared,
    "SHELL": lambda *_: [Candidate(shell) for shell in ("bash", "zsh")],
}
"""What may stand for an operand or for the value of an option, by its name in help; nothing is known of others."""


def answers(line: Line) -> list[Candidate]:
    """The candidates for the word at the cursor.

    A single one that does not end the word is followed by what may come next, so that one key press goes as far as it
    can; but a folder may be meant itself.
    """
    known = seen(line.words)
    sources = Sources(known)
    found = _fitting(line, known, sources)
    while len(found) == 1 and not found[0].is_whole and not found[0].text.endswith("/"):
        more = _fitting(replace(line, current=found[0].text), known, sources)
        if not more or more == found:
            break
        found = more
    return found


def _fitting(line: Line, known: Seen, sources: Sources) -> list[Candidate]:
    return fitting(_candidates(line, known, sources), line.current)


def _candidates(line: Line, known: Seen, sources: Sources) -> Iterable[Candidate]:
    current = line.current
    if line.names_file:
        return paths(current)
    if known.pending is not None:
        found = _of_option(known.pending, current, sources)
        return [*found, *_words(current, known, sources)] if known.pending.alone else found
    if not known.only_words and (is_flag(current) or current == "-"):
        return _flags(current, known, sources)
    return _words(current, known, sources)


def _flags(current: str, known: Seen, sources: Sources) -> Iterable[Candidate]:
    flag, equals, value = current.partition("=")
    allowed = options_of(known.command)
    if equals:
        return single(f"{flag}=", _of_option(allowed[flag], value, sources)) if flag in allowed else ()
    options = [option for name, option in allowed.items() if name not in known.given]
    return [Candidate(option.name, option.meaning) for option in options]


def _of_option(option: Option, current: str, sources: Sources) -> Iterable[Candidate]:
    if option.allowed:
        return [Candidate(word) for word in option.allowed]
    find = BY_NAME.get(option.name) or BY_NAME.get(option.value or "")
    return find(sources, current) if find else ()


def _words(current: str, known: Seen, sources: Sources) -> Iterable[Candidate]:
    """Operands; where none fits, overrides, and as the first word commands too."""
    operands = fitting(_operands(current, known, sources), current)
    if operands:
        return operands
    is_first = not (known.names_command or known.operands or known.overrides)
    commands = [Candidate(command.name, command.summary) for command in COMMANDS.values()] if is_first else []
    return commands if commands and not current else [*commands, *of_override(current, sources)]


def _operands(current: str, known: Seen, sources: Sources) -> Iterable[Candidate]:
    operands = known.command.operands
    place = len(known.operands)
    if operands and operands[-1].repeats:
        place = min(place, len(operands) - 1)
    if place >= len(operands):
        return ()
    find = BY_NAME.get(operands[place].name)
    return find(sources, current) if find else ()
