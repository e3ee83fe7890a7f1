"""What values in files of annotations are."""

from __future__ import annotations

from typing import TypeGuard

_LARGEST = 1e300


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number, below 1e300; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST
