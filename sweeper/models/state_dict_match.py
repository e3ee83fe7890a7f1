"""Whether the tensors of a state dict are those of an architecture, and for how many classes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from sweeper.errors import PartError
from sweeper.models.weights_file import Shapes

_COUNTER = "num_batches_tracked"
"""Batches that a normalisation has seen in training; older files lack it, and no answer depends on it."""
_SHOWN = 3


@dataclass(frozen=True)
class Architecture:
    """The tensors of an architecture by name, once with two classes and once with three.

    What differs between the two is what depends on the number of classes, whatever it is called.
    """

    name: str
    of_two: Shapes
    of_three: Shapes

    def grows(self, tensor: str) -> bool:
        """Whether the shape of a tensor depends on the number of classes."""
        return self.of_two[tensor] != self.of_three[tensor]


def number_of_classes(architecture: Architecture, given: Shapes, source: str) -> int:
    """How many classes a network of this architecture has whose tensors have the given shapes.

    Parameters
    ----------
    source
        Where the tensors come from, for messages.

    Raises
    ------
    PartError
        They are not the tensors of the architecture; the message has what is missing, what is too much and what has
        another shape.
    """
    wanted = architecture.of_two
    counts = {name: _count(architecture, name, given[name]) for name in wanted if name in given}
    problems = [
        _problem(_without_counters(wanted, lambda name: name not in given), "is missing", "are missing"),
        _problem(_without_counters(given, lambda name: name not in wanted), "is not of it", "are not of it"),
        _problem([_both(architecture, given, name) for name in counts if counts[name] is None], "differs", "differ"),
    ]
    found = {count for name, count in counts.items() if architecture.grows(name) and count is not None}
    if any(problems) or len(found) != 1:
        raise PartError(_explained(architecture, given, source, [problem for problem in problems if problem]))
    return found.pop()


def _count(architecture: Architecture, name: str, shape: tuple[int, ...]) -> int | None:
    """The number of classes for which a tensor has a shape (any, say 1, if it does not grow); `None` if for none."""
    of_two, of_three = architecture.of_two[name], architecture.of_three[name]
    if of_two == of_three:
        return 1 if shape == of_two else None
    if len(shape) != len(of_two) or shape[1:] != of_two[1:]:
        return None
    by_class = of_three[0] - of_two[0]
    count, rest = divmod(shape[0] - (of_two[0] - 2 * by_class), by_class)
    return count if rest == 0 and count > 0 else None


def _without_counters(shapes: Shapes, keep: Callable[[str], bool]) -> list[str]:
    return [name for name in shapes if keep(name) and not name.endswith(_COUNTER)]


def _both(architecture: Architecture, given: Shapes, name: str) -> str:
    return f"{name} ({_text(given[name])}, and {architecture.name} has {_text(architecture.of_two[name])})"


def _problem(names: list[str], one: str, many: str) -> str:
    if not names:
        return ""
    shown = ", ".join(islice(names, _SHOWN))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{shown}{more} {one if len(names) == 1 else many}"


def _explained(architecture: Architecture, given: Shapes, source: str, problems: Iterable[str]) -> str:
    listed = "; ".join(problems) or "its layers are for different numbers of classes"
    message = f"{source} is no state dict of {architecture.name}: {listed}."
    prefix = _common_prefix(architecture, given)
    if prefix:
        return f"{message} Its names begin with {prefix!r}: take it off with prefix: {prefix}"
    return f"{message} Name the architecture that it was saved from, with the arguments that it was built with."


def _common_prefix(architecture: Architecture, given: Shapes) -> str:
    """What stands before the architecture's own names in the names of the file."""
    last = max(architecture.of_two, key=len)
    found = next((name for name in given if name.endswith(f".{last}")), "")
    prefix = found.removesuffix(last)
    return prefix if prefix and all(name.startswith(prefix) for name in given) else ""


def _text(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"
