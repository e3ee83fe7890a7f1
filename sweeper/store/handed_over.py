"""Rows of quick runs that a worker hands to the driver, which writes those of many runs together.

To an object store nothing can be appended, and each file costs a request of some ten milliseconds. So the rows of quick
runs travel with their receipts, and the driver writes one file for each table and batch, completed attempts last. Until
then, none of these runs counts as completed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from sweeper.messages.receipts import HandedRows
from sweeper.store import sealed
from sweeper.store.files import Files
from sweeper.store.parquet import encode_large, new_name, union
from sweeper.store.schema import ATTEMPTS, Rows

MOMENT_S = 5.0
"""A run that is recorded this long after the last one of its worker is not handed over: much would be lost with it."""
LARGEST = 100_000
"""A run with more bytes than this writes its rows itself."""


def give(entry: Sequence[Rows], hand_over: Callable[[HandedRows], None], uri: str) -> str | None:
    """Hand over all rows of one run; returns the folder where those of the first table will be, `None` if too many."""
    tables = tuple((rows.table, _encoded(rows.to_table())) for rows in entry)
    if sum(len(data) for _, data in tables) > LARGEST:
        return None
    hand_over(tables)
    return f"{uri}/{entry[0].table}"


class Batch:
    """Rows of many runs on their way into the store: one file for each table, completed attempts last.

    A table that is written is not written again, so that no row is doubled where a later one fails.
    """

    def __init__(self, files: Files, runs: Sequence[HandedRows]) -> None:
        self._files, self.runs = files, len(runs)
        parts: dict[str, list[pa.Table]] = {}
        for run in runs:
            for table, data in run:
                parts.setdefault(table, []).append(pa.ipc.open_stream(data).read_all())
        self._left = [(table, new_name(), encode_large(union(table, rows))) for table, rows in parts.items()]
        self._left.sort(key=lambda file: file[0] != ATTEMPTS)

    def write(self) -> None:
        """Write what is left; once this returns, these runs are recorded.

        Raises
        ------
        OSError
            The store cannot be written. It is to be called again later.
        """
        while self._left:
            sealed.put(self._files, *self._left[-1])
            self._left.pop()


def _encoded(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
