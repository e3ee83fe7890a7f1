"""Small JSON texts that may be damaged: each is read as the value that it should hold, or as damaged. Never fatal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

T = TypeVar("T")
Shape = Callable[[Any], T]
"""Makes of parsed JSON the value that a file should hold; raises a ValueError that says what it should have been."""


@dataclass(frozen=True)
class Damaged:
    """A file or a line that does not hold what it should."""

    reason: str


def parsed(data: bytes, shape: Shape[T]) -> T | Damaged:
    """The value in these bytes."""
    try:
        content = json.loads(data)
    except RecursionError:
        return Damaged("it is nested too deep")
    except ValueError as error:
        return Damaged(f"it is not JSON: {error}" if data else "it is empty")
    try:
        return shape(content)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        return Damaged(str(error))


def texts_of(digest: str) -> Shape[dict[str, str]]:
    """The shape of a mapping from text to text that is known by the beginning of its SHA-256."""

    def shape(content: Any) -> dict[str, str]:
        if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
            raise ValueError("it is no mapping from text to text")
        if not sha256(json.dumps(content, sort_keys=True).encode()).hexdigest().startswith(digest):
            raise ValueError("it is not what its name says, so it was changed since it was written")
        return content

    return shape
