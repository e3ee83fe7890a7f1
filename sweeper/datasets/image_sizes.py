"""The sizes that images are given in, and the boxes that go along."""

from __future__ import annotations

from collections.abc import Sequence

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
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or min(pair) < 1:
        raise PartError(f"size of {part} is {size!r}; allowed: one positive number, or height and width.")
    return pair[0], pair[1]
