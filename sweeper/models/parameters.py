"""What has to be known of a file: stated by the file itself, or given by the user, and never guessed.

A `Settlement` takes each parameter in turn and collects what is wrong. `finish` then raises one error that lists all of
it, with the overrides that are still to be given.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sweeper.common.context_value import SetInside
from sweeper.errors import PartError

T = TypeVar("T")


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One thing that has to be known.

    Parameters
    ----------
    name
        Of the argument.
    read
        The value that a plain one means; raises `ValueError` for what is not allowed.
    allowed
        The allowed values, as a phrase: `NCHW or NHWC`.
    meaning
        What it says, in a few words.
    example
        An allowed value as it is written in an override.
    same
        Whether two values mean the same.
    """

    name: str
    read: Callable[[object], T]
    allowed: str
    meaning: str
    example: str
    same: Callable[[T, T], bool] = lambda a, b: a == b


@dataclass(frozen=True)
class Stated:
    """What a file says of a parameter, and where it says it."""

    value: object
    where: str


class Settled(Generic[T]):
    """A parameter whose value is there once the settlement is finished."""

    def __init__(self, found: T | None) -> None:
        self.found = found
        """`None` if nothing says it."""

    @property
    def value(self) -> T:
        """What was stated or given.

        Raises
        ------
        LookupError
            Nothing was.
        """
        if self.found is None:
            raise LookupError("a value was asked for that nothing says")
        return self.found


class Settlement:
    """Brings together what a file states and what is given.

    Parameters
    ----------
    source
        The path of the file, for messages.
    choice
        How overrides address the choice: `model.onnx_classifier`.
    given
        Arguments by name; `None` is not given.
    stated
        What the file says, by the name of the parameter. It may say it in several places.
    """

    def __init__(
        self, source: str, choice: str, given: Mapping[str, object], stated: Mapping[str, Sequence[Stated]]
    ) -> None:
        self.source, self._choice = source, choice
        self._given, self.stated = given, stated
        _made.get([]).append(self)
        self.missing: list[Parameter[Any]] = []
        """What has to be known, and is neither stated nor given."""
        self.is_finished = False
        """Whether everything was looked at; an error before that is one of the file, or of its kind."""
        self._missing: list[str] = []
        self._wrong: list[str] = []
        self._is_something_given = False

    def needed(self, parameter: Parameter[T]) -> Settled[T]:
        """A parameter that must be stated or given."""
        settled = self.wanted(parameter)
        if settled.found is None and self._given.get(parameter.name) is None and not self.stated.get(parameter.name):
            self.missing.append(parameter)
            self._missing.append(self._override(parameter))
        return settled

    def wanted(self, parameter: Parameter[T]) -> Settled[T]:
        """A parameter that may be left open."""
        stated = self._agreed(parameter)
        given = self._read(parameter)
        if stated is None or given is None:
            return Settled(given if stated is None else stated[0])
        value, where = stated
        if not parameter.same(given, value):
            self.problem(
                f"{parameter.name} is given as {_shown(given)}, and it is {_shown(value)} by {where}. Leave "
                f"{parameter.name} out, or take the file that is meant."
            )
        return Settled(value)

    def problem(self, sentence: str) -> None:
        """Add something that is wrong; further problems are still looked for."""
        self._wrong.append(sentence)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the file or with what is given, but for what is missing."""
        return tuple(self._wrong)

    def finish(self) -> None:
        """Go on only if nothing is wrong.

        Raises
        ------
        PartError
            Something is missing or wrong. The message lists all of it.
        """
        self.is_finished = True
        lines = self._wrong[:]
        if self._missing:
            it = "it" if len(self._missing) == 1 else "them"
            lines.append(f"the file does not say all that must be known. Give {it} in the choice, or as overrides:")
            lines += [f"  {line}" for line in self._missing]
            lines.append("None has a default, since a wrong one would give wrong values; whoever made the file knows.")
        elif lines and self._is_something_given:
            lines[-1] += f" A parameter is set by {self._choice}.NAME=VALUE."
        if lines:
            raise PartError(f"{self.source}: " + "\n".join(lines))

    def _agreed(self, parameter: Parameter[T]) -> tuple[T, str] | None:
        """What the file says, and where; places that contradict each other are a problem."""
        agreed: tuple[T, str] | None = None
        for stated in self.stated.get(parameter.name, ()):
            try:
                value = parameter.read(stated.value)
            except ValueError as error:
                self.problem(f"{stated.where} says that {parameter.name} is {error}; allowed: {parameter.allowed}.")
                continue
            if agreed is not None and not parameter.same(agreed[0], value):
                self.problem(
                    f"the file contradicts itself: {parameter.name} is {_shown(agreed[0])} by {agreed[1]}, and "
                    f"{_shown(value)} by {stated.where}."
                )
            agreed = agreed or (value, stated.where)
        return agreed

    def _read(self, parameter: Parameter[T]) -> T | None:
        given = self._given.get(parameter.name)
        if given is None:
            return None
        self._is_something_given = True
        try:
            return parameter.read(given)
        except ValueError as error:
            self.problem(f"{parameter.name} is {error}; allowed: {parameter.allowed} ({parameter.meaning}).")
            return None

    def _override(self, parameter: Parameter[T]) -> str:
        override = shlex.quote(f"{self._choice}.{parameter.name}={parameter.example}")
        return f"{override}  # {parameter.meaning}; allowed: {parameter.allowed}"


_made: ContextVar[list[Settlement]] = ContextVar("settlements")


def settlements() -> SetInside[list[Settlement]]:
    """Collect the settlements that are made inside, for who wants to know what a file states and leaves open."""
    return SetInside(_made, [])


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        listed = ", ".join(map(_shown, value[:5]))
        return f"[{listed}{', ...' if len(value) > 5 else ''}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
