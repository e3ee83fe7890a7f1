"""Failures that have one cause, told together. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sweeper.messages.outcome import Failure
from sweeper.vocabulary import AXES, NAME_SEPARATOR

_CHANGING = re.compile(r"(?<!\w)(?:[a-z]+://|~|\.{0,2}/)[^\s'\":,;)]*|0x[0-9a-f]+|\b(?=\w*\d)[0-9a-f-]{8,}\b|\d+", re.I)
"""Paths and addresses, ids, numbers: what differs between two errors that are the same to a reader."""
_COMPARED = 2000
"""So many characters of a message are compared."""


def same_error(kind: str, message: str, names: Sequence[str]) -> str:
    """Equal for errors of one type whose messages differ only in numbers, ids, paths and names of the choices.

    `names` are those of the combination on the four axes.
    """
    text = message.strip()[:_COMPARED]
    parts = [(axis, name) for axis, joint in zip(AXES, names, strict=True) for name in joint.split(NAME_SEPARATOR)]
    for axis, name in sorted(filter(lambda part: part[1], parts), key=lambda part: -len(part[1])):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", f"<{axis}>", text)
    return f"{kind}: {_CHANGING.sub('#', text)}"


@dataclass(frozen=True)
class Cause:
    """Failures of one kind whose messages differ only in numbers, ids, paths and names."""

    failures: Sequence[Failure]
    """In the order in which they happened; there is at least one."""

    @property
    def first(self) -> Failure:
        """The one that is shown for all."""
        return self.failures[0]


def by_cause(failures: Iterable[Failure]) -> list[Cause]:
    """The causes of failures, that of most first. A failure of which no cause is known is one of its own."""
    together: dict[object, list[Failure]] = {}
    for number, failure in enumerate(failures):
        together.setdefault((failure.status, failure.cause) if failure.cause else number, []).append(failure)
    return sorted(map(Cause, together.values()), key=lambda cause: -len(cause.failures))
