"""A choice that is about to be written: its target, its arguments, and where each of them comes from. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sweeper.common.facts import Facts

MISSING = "???"
"""What stands for a value that the user has to fill in."""
Task = Literal["image_classification", "object_detection"]


@dataclass(frozen=True)
class Argument:
    """One argument of a choice.

    Parameters
    ----------
    name, value
        As the choice file has them; the value is plain data, or `MISSING`.
    comment
        Why it has this value, or what may stand there.
    """

    name: str
    value: object
    comment: str = ""


@dataclass(frozen=True)
class Draft:
    """One choice.

    Parameters
    ----------
    axis, name, target, task
        As in the choice file.
    what
        What was recognised, as a line for people: `an image classifier in ONNX`.
    arguments
        In the order of the file.
    taken
        What the class takes from the files itself, a line each: `class_names: cat, dog (its metadata 'names')`.
    facts
        What is known of it, as far as the files say it.
    """

    axis: Literal["model", "dataset"]
    name: str
    target: str
    task: Task
    what: str
    arguments: tuple[Argument, ...]
    taken: tuple[str, ...] = ()
    facts: Facts | None = None

    @property
    def missing(self) -> tuple[Argument, ...]:
        """What the user has to fill in."""
        return tuple(argument for argument in self.arguments if argument.value == MISSING)

    @property
    def explained(self) -> tuple[Argument, ...]:
        """What is set for a reason that is to be told."""
        return tuple(argument for argument in self.arguments if argument.comment and argument.value != MISSING)

    def with_argument(self, argument: Argument) -> Draft:
        """With one more argument, or with another value of it."""
        kept = (other for other in self.arguments if other.name != argument.name)
        return replace(self, arguments=(*kept, argument))
