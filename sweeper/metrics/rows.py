"""Rows of numbers that come batch by batch: in memory while they are few bytes, in a temporary file beyond that."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.number]

IN_MEMORY_BYTES = 256 << 20


class Rows:
    """Collects arrays of N values, or of N x K with one K and one dtype, and gives them back as one.

    Parameters
    ----------
    in_memory
        From so many bytes on, the rows are in a file in the folder for temporary files (`TMPDIR`). It has no name there
        and is gone with the rows.
    """

    def __init__(self, in_memory: int = IN_MEMORY_BYTES) -> None:
        self._limit, self._bytes, self._count = in_memory, 0, 0
        self._batches: list[Array] = []
        self._file: IO[bytes] | None = None
        self._first: Array | None = None

    def __len__(self) -> int:
        return self._count

    @property
    def width(self) -> int:
        """K, or 1 for single values."""
        return 1 if self._first is None or self._first.ndim == 1 else self._first.shape[1]

    def add(self, batch: Array) -> None:
        """Add the rows of a batch, which nobody may write into from then on.

        Raises
        ------
        OSError
            The temporary file cannot be written.
        """
        if self._first is None:
            self._first = batch[:1].copy()
        self._count, self._bytes = self._count + len(batch), self._bytes + batch.nbytes
        self._batches.append(batch)
        if self._bytes > self._limit:
            self._write()

    def _write(self) -> None:
        """Move what is in memory to the file."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as there are rows
        assert self._first is not None
        for batch in self._batches:
            self._file.write(np.ascontiguousarray(batch, self._first.dtype).data)
        self._file.flush()
        self._batches.clear()

    def whole(self) -> Array:
        """All rows. Those in a file are mapped into memory: only what is used is read."""
        if self._file is None or self._first is None:
            return np.concatenate(self._batches)
        return np.memmap(self._file, self._first.dtype, "r", shape=(self._count, *self._first.shape[1:]))
