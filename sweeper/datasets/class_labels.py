"""Class indices from labels that are names or numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sweeper.datasets.class_order import names_of
from sweeper.errors import PartError


def label_text(value: object) -> str | None:
    """A label as text, `None` for an empty one. A number that is whole is written without a point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    return text or None


def classes_of(labels: Iterable[str | None], wanted: Sequence[object] | None) -> list[str]:
    """The classes in the order of their indices.

    Parameters
    ----------
    labels
        Labels that occur.
    wanted
        The classes, compared as text; `None` takes the labels that occur: by size where all of them are whole numbers,
        else in alphabetical order.

    Raises
    ------
    PartError
        `wanted` is no list of names, or has one twice.
    """
    if wanted is None:
        found = {label for label in labels if label is not None}
        in_order = sorted(found)  # so that 01 and 1, which are one number, are not in the order of a set
        return sorted(in_order, key=int) if all(map(_is_whole, found)) else in_order
    names = names_of(wanted)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise PartError(f"classes name {twice!r} more than once; each class has one index.")
    return names


def _is_whole(label: str) -> bool:
    return label.isascii() and label.removeprefix("-").isdigit()
