"""Words for one line of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable


def fitted(parts: Iterable[str], room: int) -> str:
    """As many of these parts as fit into so many columns, the first first; empty ones are left out."""
    kept: list[str] = []
    for part in filter(None, parts):
        if len(", ".join([*kept, part])) > room:
            break
        kept.append(part)
    return ", ".join(kept)


def middle_cut(text: str, room: int) -> str:
    """A text in so many columns: of a longer one the beginning and the end, which have what differs."""
    if len(text) <= room:
        return text
    end = max(0, room - 1) // 2
    return f"{text[: max(0, room - 1 - end)]}…{text[len(text) - end :]}"[: max(0, room)]
