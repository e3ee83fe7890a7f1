"""Words for one line of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def fitted(texts: Sequence[str], room: int) -> str:
    """The first of these texts that fits into so many columns; where none does, what there is room for of the last."""
    return next((text for text in texts if len(text) <= room), texts[-1][: max(0, room)])


def middle_cut(text: str, room: int) -> str:
    """A text in so many columns: of a longer one the beginning and the end, which have what differs."""
    if len(text) <= room:
        return text
    end = max(0, room - 1) // 2
    return f"{text[: max(0, room - 1 - end)]}…{text[len(text) - end :]}"[: max(0, room)]
