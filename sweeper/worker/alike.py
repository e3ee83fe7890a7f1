"""Whether two answers of a model to one batch are the same, as far as unlike machines compute the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweeper.checks.numbers import numpy_of

DETECTION = ("boxes", "labels", "scores")
"""What MAITE asks of a detection; whatever else such an object holds, times of calls for one, is not compared."""
CLOSE, CLOSE_OF_HALF = 1e-3, 2e-2
"""Relative to the largest number: what libraries and devices differ by, with room. Most compute with 4 bytes."""


def are_alike(one: Any, other: Any) -> bool:
    """Compare numbers by value, and all else by what it holds. What cannot be compared is taken to be alike."""
    try:
        return _alike(one, other)
    except Exception:  # noqa: BLE001 - foreign classes raise anything, and what refers to itself never ends
        return True


def _alike(one: Any, other: Any) -> bool:
    if _is_array(one) and _is_array(other):
        is_half = any("float16" in str(each.dtype) for each in (one, other))
        return _are_close(numpy_of(one), numpy_of(other), CLOSE_OF_HALF if is_half else CLOSE)
    if _name(one) != _name(other):
        return False
    if isinstance(one, str | bytes):
        return one == other
    if isinstance(one, int | float):
        return _are_close(np.asarray(one), np.asarray(other), CLOSE)
    if isinstance(one, Sequence):
        return _are_sequences_alike(one, other)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    names = [name for name in DETECTION if hasattr(one, name)] or [*getattr(one, "__dict__", ())]
    return all(_alike(getattr(one, name), getattr(other, name)) for name in names)


def _are_sequences_alike(one: Sequence[Any], other: Sequence[Any]) -> bool:
    if len(one) != len(other):
        return False
    if one and all(type(each) is float for each in (*one, *other)):
        return _are_close(np.asarray(one), np.asarray(other), CLOSE)
    return all(map(_alike, one, other))


def _name(value: Any) -> tuple[str, str]:
    """A class by its name: one that was defined in a function comes back from another process as another."""
    kind = type(value)
    return kind.__module__, kind.__qualname__


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _are_close(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any], close: float) -> bool:
    if one.shape != other.shape or one.dtype.kind != other.dtype.kind:
        return False
    if one.dtype.hasobject:
        return all(map(_alike, one.flat, other.flat))
    if one.dtype.kind not in "fc" or not one.size:
        return bool(np.array_equal(one, other))
    finite = np.abs(one[np.isfinite(one)])
    largest = float(finite.max()) if finite.size else 0.0
    return bool(np.allclose(one, other, rtol=close, atol=close * largest, equal_nan=True))
