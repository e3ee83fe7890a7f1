"""Text that can be written down. Pure."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Text that UTF-8 can say: what it cannot, parts of names of files mostly, is written as `\\udce9`.

    Everything that is stored goes through here, so that a name that no encoding has is no reason to lose a result.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
