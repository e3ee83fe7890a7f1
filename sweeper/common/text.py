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


def first_line(error: BaseException) -> str:
    """What an error says, short."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def shortened(text: str, limit: int) -> str:
    """A text of at most about `limit` bytes: of a longer one the beginning and the end, and how much was left out."""
    if len(text) <= limit // 4:  # at most four bytes a character: most texts are not encoded to be measured
        return text
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= limit:
        return text
    head, tail = data[: edge(data, limit // 2)], data[edge(data, len(data) - limit // 2) :]
    note = left_out(len(data) - len(head) - len(tail), "error_limit")
    return f"{head.decode('utf-8')}\n{note}\n{tail.decode('utf-8')}"


def edge(data: bytes, at: int) -> int:
    """Where UTF-8 can be cut without cutting a character: `at`, or a little before it."""
    while 0 < at < len(data) and data[at] & 0xC0 == 0x80:
        at -= 1
    return at


def left_out(count: int, setting: str) -> str:
    """The note where something was cut."""
    return f"[... {count:,} bytes were left out here; {setting} says how many are kept ...]"
