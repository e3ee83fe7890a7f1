"""Whether two answers of a model to one batch are the same, as far as unlike machines compute the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweeper.checks.numbers import numpy_of

CLOSE = {2: 1e-2, 4: 1e-3, 8: 1e-6}
"""Relative to the largest number, by the bytes of a float: what libraries and devices differ by, with room."""


def are_alike(one: Any, other: Any) -> bool:
    """Compare numbers by value, and all else by what it holds. What cannot be compared is taken to be alike."""
    if _is_array(one) and _is_array(other):
        return _are_close(numpy_of(one), numpy_of(other))
    if type(one) is not type(other):
        return False
    if isinstance(one, str | bytes):
        return one == other
    if isinstance(one, Sequence):
        return len(one) == len(other) and all(map(are_alike, one, other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(are_alike(one[key], other[key]) for key in one)
    if held := getattr(one, "__dict__", None):
        return are_alike(held, vars(other))
    return not isinstance(one, int | float) or _are_close(np.asarray(one), np.asarray(other))


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _are_close(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    if one.shape != other.shape or one.dtype.kind != other.dtype.kind:
        return False
    if one.dtype.kind not in "fc" or not one.size:
        return bool(np.array_equal(one, other))
    close = CLOSE.get(min(one.dtype.itemsize, other.dtype.itemsize), 1e-6)
    finite = np.abs(one[np.isfinite(one)])
    largest = float(finite.max()) if finite.size else 0.0
    return bool(np.allclose(one, other, rtol=close, atol=close * largest, equal_nan=True))
