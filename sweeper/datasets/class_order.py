"""The order of the classes of a dataset: as its files have it, or as the user asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import cast

from sweeper.common.text import escaped
from sweeper.errors import PartError, near_match


def class_order(found: Sequence[str], wanted: Sequence[object] | None, source: str) -> list[str]:
    """The names of the classes in the order of their indices.

    Parameters
    ----------
    found
        The names in the files, each once, in the order of the files.
    wanted
        All classes in the order of their indices, or `None` for those that were found. They are compared as text. A
        name that the files lack may be there, more than once too, so that lists with gaps can be given as they are.
    source
        Where the classes were found, for messages.

    Raises
    ------
    PartError
        `wanted` is no list of names, has a name of the files twice, or lacks one.
    """
    if wanted is None:
        return list(found)
    names = names_of(wanted)
    known = set(found)
    if twice := [name for name, count in Counter(names).items() if count > 1 and name in known]:
        raise PartError(f"classes name {twice[0]!r} more than once; each class has one index.")
    if missing := [name for name in found if name not in set(names)]:
        raise PartError(_no_class(missing, names, source))
    return names


def names_of(wanted: object) -> list[str]:
    """The names in a parameter `classes` as text.

    Raises
    ------
    PartError
        It is no list of names.
    """
    several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
    values = list(cast("Iterable[object]", wanted)) if several else []
    if not values or any(isinstance(name, bool) or not isinstance(name, str | int | float) for name in values):
        raise PartError(f"classes are {wanted!r}; allowed: a list of names, e.g. [cat, dog]. Quote true, yes and null.")
    return [str(name) for name in values]


def _no_class(missing: Collection[str], names: Sequence[str], source: str) -> str:
    first = next(iter(missing))
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return (
        f"{escaped(source)} has the class {first!r}{more}, which is not in classes.{near_match(first, names)} Classes "
        f"are {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}. Add it, at its place in the model's order."
    )
