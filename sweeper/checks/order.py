"""Bring the classes of a model or dataset into another order, by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sweeper.checks.labels import Described, names_of
from sweeper.common.facts import Facts
from sweeper.errors import PartError, near_match


def ordered_names(classes: object) -> tuple[str, ...]:
    """Names of classes in the order of their indices.

    Parameters
    ----------
    classes
        The names in order, a mapping from indices to names, or a dataset or model that has an `index2label`.

    Raises
    ------
    PartError
        There are none, an index is left out, or a name is there twice.
    """
    metadata = getattr(classes, "metadata", None)
    kind = type(classes).__name__
    described: Mapping[str, object] = (
        metadata if isinstance(metadata, Mapping) else {"id": kind, "index2label": classes}
    )
    names = names_of(described, "Part")
    if sorted(names) != list(range(len(names))) or len(set(names.values())) < len(names) or not names:
        raise PartError(
            f"classes is {described.get('index2label')!r}; it must name every class from 0 on, each name once: a list "
            "of names, a mapping from indices to names, or a dataset or model that has such an index2label."
        )
    return tuple(names[index] for index in range(len(names)))


def order_beforehand(classes: object) -> tuple[str, ...] | None:
    """The same before anything is built: a part among the arguments is there as its facts, or as its spec.

    Returns
    -------
    tuple of str or None
        `None` where it is a part whose classes are not known yet.

    Raises
    ------
    PartError
        As `ordered_names`.
    """
    if isinstance(classes, Facts):
        return ordered_names(classes.class_names) if classes.class_names else None
    return None if isinstance(classes, Mapping) and "_target_" in classes else ordered_names(classes)


def positions(part: Described, wanted: Sequence[str], axis: str) -> list[int | None]:
    """For each wanted class its index in a part's own `index2label`; `None` if the part does not know it.

    Raises
    ------
    PartError
        The part does not name its classes, or names one twice.
    """
    names = names_of(part.metadata, axis.capitalize())
    if not names or len(set(names.values())) < len(names):
        raise PartError(
            f"{axis.capitalize()} {part.metadata.get('id')!r} cannot be reordered by name: its index2label is "
            f"{names or None}, and each class must have a name of its own."
        )
    index = {name: i for i, name in names.items()}
    return [index.get(name) for name in wanted]


def unknown(name: str, part: Described, axis: str) -> PartError:
    """The error for a class that a part does not have."""
    names = [str(known) for known in names_of(part.metadata, axis.capitalize()).values()]
    return PartError(
        f"{axis.capitalize()} {part.metadata.get('id')!r} has no class {name!r}."
        f"{near_match(name, names)} It has {', '.join(names)}."
    )
