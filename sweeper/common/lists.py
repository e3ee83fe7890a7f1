"""A text is a sequence of its letters: where names are asked for, one text in the place of a list is a slip."""

from __future__ import annotations


def refuse_text(parameter: str, value: object) -> None:
    """Refuse a text where a list of them is asked for.

    Raises
    ------
    TypeError
        With the list to write.
    """
    if isinstance(value, str):
        raise TypeError(f"{parameter} is the text {value!r}; it must be a list: {parameter}=[{value!r}].")
