"""Which combinations of a sweep a requirement is for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import compress
from typing import NoReturn, TypeAlias, TypeVar

from sweeper.common.columns import Column
from sweeper.common.globs import SEPARATOR, Named, covers_choice, covers_slot
from sweeper.errors import ConfigError, near_match
from sweeper.messages.requirements import Requirement
from sweeper.vocabulary import AXES

N = TypeVar("N", bound=Named)
Slots: TypeAlias = Sequence[Column[tuple[N, ...]]]
"""For each axis, in the order of `AXES`, what stands on it in each combination."""
Names = tuple[str, ...]
"""What the parts of a combination are called, axis by axis."""
MODEL = AXES.index("model")
_OPTIONAL = " A requirement that need not match takes `optional: true`."


def covered(requirement: Requirement, slots: Slots[N]) -> list[Names]:
    """The names of the combinations that a requirement is for: those with a model that its globs cover.

    What it compares with is not among them.
    """
    named = compress(names_of(slots), matched(requirement, slots))
    return [names for names in named if names[MODEL] != requirement.than_model]


def matched(requirement: Requirement, slots: Slots[N], *, any_model: bool = False) -> Iterable[bool]:
    """Whether each combination has a model and is covered by the globs; by those of other axes alone: `any_model`."""
    globs = {axis: globs for axis, globs in requirement.globs.items() if not (any_model and axis == AXES[MODEL])}
    named = [slots[AXES.index(axis)].mapped(partial(_covers, globs[axis])) for axis in globs]
    return map(all, zip(slots[MODEL].mapped(bool), *named, strict=True))


def needed(requirements: Iterable[Requirement], slots: Slots[N]) -> Iterable[bool]:
    """Whether each combination is one that a requirement is for, or that it may compare with."""
    return map(any, zip(*(matched(one, slots, any_model=True) for one in requirements), strict=True))


def _covers(globs: tuple[str, ...], slot: Sequence[Named]) -> bool:
    return covers_slot(globs, slot, every=True)


def names_of(slots: Slots[N]) -> Iterator[Names]:
    """The names of each combination."""
    return zip(*(column.mapped(_joined) for column in slots), strict=True)


def _joined(slot: Sequence[Named]) -> str:
    return SEPARATOR.join(choice.name for choice in slot)


def refuse_unmatched(requirements: Sequence[Requirement], slots: Slots[N]) -> None:
    """Refuse a requirement that is for nothing which the sweep has, unless it is optional.

    Raises
    ------
    ConfigError
        Naming what matches nothing, and what there is.
    """
    if not len(slots[0]):  # something else left out everything
        return
    for place, requirement in enumerate(requirements):
        if not requirement.optional:
            _check_globs(f"requirements[{place}]", requirement, slots)
            _check_covers(f"requirements[{place}]", requirement, slots)


def _check_globs(where: str, requirement: Requirement, slots: Slots[N]) -> None:
    for axis, globs in requirement.globs.items():
        choices = [choice for slot in slots[AXES.index(axis)].used() for choice in slot]
        for glob in (single for joint in globs for single in joint.split(SEPARATOR)):
            if not any(covers_choice(glob, choice) for choice in choices):
                names = [choice.base for choice in choices]
                _refuse(f"{where}.{axis}: {glob!r} matches nothing.", glob, names, _OPTIONAL)


def _check_covers(where: str, requirement: Requirement, slots: Slots[N]) -> None:
    models = {name: None for *_, name, _ in names_of(slots) if name}
    other = requirement.than_model
    if other is not None and other not in models:
        _refuse(f"{where}.than.model: no model is called {other!r}.", other, models)
    if not covered(requirement, slots):
        raise ConfigError(
            f"{where} ({requirement.asks}) matches no combination of the sweep with a model. "
            "Correct or remove it, or add `optional: true` to it; `python -m sweeper plan` lists the combinations."
        )


def _refuse(problem: str, got: str, known: Iterable[str], otherwise: str = "") -> NoReturn:
    names = list(dict.fromkeys(known))
    hint = near_match(got, names) or otherwise
    raise ConfigError(f"{problem}{hint} The sweep has {', '.join(names) or 'none'}.")
