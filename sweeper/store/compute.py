"""Arrow's compute functions, imported late, and those of ours that look fingerprints up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa


class _Compute:
    """`pyarrow.compute`, imported when it is first used: a worker only writes, and need not wait for it."""

    def __getattr__(self, name: str) -> Any:
        import pyarrow.compute

        return getattr(pyarrow.compute, name)


pc: Any = _Compute()

_WIDTH = 64
"""Characters of a fingerprint."""
_ODD = np.uint64(0x9E3779B97F4A7C15)
"""Any odd number that mixes bits well: 2**64 over the golden ratio (D. Knuth, TAOCP 3, section 6.4)."""


def places(column: pa.Array, wanted: pa.Array) -> pa.Array:
    """Where each text of a column is among `wanted`, null where it is not: `pc.index_in`, cheaper for fingerprints.

    Two columns of fingerprints are matched by a 64-bit integer of each, and what matches is compared whole; where that
    finds a difference, or not all are fingerprints, Arrow hashes the texts.
    """
    left, right = _words(column), _words(wanted)
    if left is not None and right is not None:
        found = pc.index_in(_integers(_key(left)), _integers(_key(right)))
        matched = numbers(pc.indices_nonzero(pc.is_valid(found)))
        other = numbers(found.drop_null())
        if all(np.array_equal(left[matched, word], right[other, word]) for word in range(left.shape[1])):
            return found
    return pc.index_in(column, wanted)


def numbers(array: pa.Array) -> Any:
    """Numbers, none of them null, as numpy has them, without a copy."""
    kind = np.dtype(str(array.type))
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def _integers(values: Any) -> pa.Array:
    return pa.Array.from_buffers(pa.uint64(), len(values), [None, pa.py_buffer(values)])


def _words(column: pa.Array) -> Any:
    """Fingerprints as rows of eight 64-bit words, without a copy; `None` where a text is something else."""
    if not len(column) or column.null_count or (numbers(pc.binary_length(column)) != _WIDTH).any():
        return None
    _, offsets, data = column.buffers()
    begin = np.frombuffer(offsets, np.int32)[column.offset]
    return np.frombuffer(data, np.uint8)[begin : begin + _WIDTH * len(column)].view(np.uint64).reshape(len(column), -1)


def _key(words: Any) -> Any:
    """The first sixteen hexadecimal digits, of which each word carries 32 bits in 64, as one integer."""
    return words[:, 0] * _ODD + words[:, 1]
