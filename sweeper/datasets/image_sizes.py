"""The sizes that images are given in, and the boxes that go along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index

from sweeper.errors import PartError


def size_of(size: int | Sequence[int] | None, part: str) -> tuple[int, int] | None:
    """Height and width in pixels from a parameter `size`: one number for both, or height and width.

    Raises
    ------
    PartError
        It is neither. The message names the part.
    """
    if size is None:
        return None
    try:
        height, width = map(index, size if isinstance(size, Iterable) else (size, size))
    except (TypeError, ValueError):  # not whole numbers, or not two
        height, width = 0, 0
    if min(height, width) < 1 or isinstance(size, bool):
        raise PartError(f"size of {part} is {size!r}; allowed: one positive whole number, or height and width.")
    return height, width
