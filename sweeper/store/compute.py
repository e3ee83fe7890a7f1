"""Arrow's compute functions, imported late."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

Integers: TypeAlias = "npt.NDArray[np.integer]"
"""Whole numbers, one for each row of a table."""
Flags: TypeAlias = "npt.NDArray[np.bool_]"
"""Yes or no for each row of a table."""


class _Compute:
    """`pyarrow.compute`, imported when it is first used: a worker only writes, and need not wait for it."""

    def __getattr__(self, name: str) -> Callable[..., pa.Array]:
        import pyarrow.compute

        return getattr(pyarrow.compute, name)


pc = _Compute()


def numbers(array: pa.Array) -> Integers:
    """The numbers of an array without nulls, as numpy has them, without a copy and without an import of pandas."""
    kind = np.dtype(str(array.type))
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def of_numbers(values: Integers) -> pa.Array:
    """The way back, likewise."""
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])
