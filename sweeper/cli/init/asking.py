"""Asks a class of parts what it knows of a file, and tells what it takes from it from what it needs besides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from sweeper.cli.init.drafts import MISSING, Argument
from sweeper.common.facts import Facts, KnownBeforehand
from sweeper.config.needed_extras import what_is_missing
from sweeper.errors import MissingExtraError, PartError
from sweeper.models.parameters import Parameter, Settlement, settlements

OF_IMAGES = frozenset({"layout", "channels", "image_size"})
"""Parameters on which the shape of the images depends."""
SHOWN_NAMES = 8
"""So many names of classes are written out in a comment."""


@dataclass(frozen=True)
class Answer:
    """What a class says of a file that it can use.

    Parameters
    ----------
    needed
        Arguments that have to be given, with what is allowed.
    taken
        What it takes from the file, a line each.
    facts
        As far as they depend on nothing that has to be given.
    """

    needed: tuple[Argument, ...]
    taken: tuple[str, ...]
    facts: Facts | None


def ask(target: str, **arguments: object) -> Answer:
    """What a class with `facts` says when it is given these arguments.

    Raises
    ------
    MissingExtraError
        The class needs a package that is not installed.
    PartError
        It cannot use the file, or the file contradicts itself.
    """
    if (lacking := what_is_missing(target)) is not None:
        raise MissingExtraError(f"{target.rpartition('.')[2]}: {lacking}")
    part = _class(target)
    with settlements() as made:
        try:
            facts = part.facts(**arguments)
            return Answer((), _taken(made, arguments), facts)
        except PartError:
            if not made or made[-1].problems or not (made[-1].is_finished and made[-1].missing):
                raise
    needed = made[-1].missing
    return Answer(tuple(map(_to_fill_in, needed)), _taken(made, arguments), _facts_without(part, arguments, needed))


def _class(target: str) -> type[KnownBeforehand]:
    module, _, name = target.rpartition(".")
    return getattr(import_module(module), name)


def _to_fill_in(parameter: Parameter[Any]) -> Argument:
    return Argument(parameter.name, MISSING, f"{parameter.meaning}; allowed: {parameter.allowed}")


def _taken(made: list[Settlement], arguments: Mapping[str, object]) -> tuple[str, ...]:
    """A line for each parameter that the file states, with where it says it."""
    stated = made[-1].stated if made else {}
    return tuple(
        f"{name}: {_shown(said[0].value)} ({said[0].where})"
        for name, said in stated.items()
        if said and name not in arguments
    )


def _facts_without(
    part: type[KnownBeforehand], arguments: Mapping[str, object], needed: list[Parameter[Any]]
) -> Facts | None:
    """The facts that hold whatever is filled in: examples are, and what depends on them is dropped."""
    import yaml

    examples = {parameter.name: yaml.safe_load(parameter.example) for parameter in needed}
    try:
        facts = part.facts(**arguments, **examples)
    except PartError:  # an example does not suit this file
        return None
    if not OF_IMAGES.isdisjoint(examples):
        facts = replace(facts, channels=None, height=None, width=None)
    return replace(facts, class_names=None) if "class_names" in examples else facts


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        more = f", ... ({len(value)})" if len(value) > SHOWN_NAMES else ""
        return f"{', '.join(map(_shown, value[:SHOWN_NAMES]))}{more}"
    return json.dumps(value, default=str)
