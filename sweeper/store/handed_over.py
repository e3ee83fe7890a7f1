"""Rows of quick runs that a worker hands to the driver, which writes those of many runs together.

To an object store nothing can be appended, and each file costs a request of some ten milliseconds. So the rows of quick
runs travel with their receipts, and the driver writes one file for each table and batch, completed attempts last. Until
then, none of these runs counts as completed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from sweeper.messages.receipts import HandedRows
from sweeper.store.files import Files
from sweeper.store.parquet import encode_large, new_name, union
from sweeper.store.schema import ATTEMPTS, Rows

LARGEST = 100_000
"""A run with more bytes than this writes its rows itself."""


def handed(entry: Sequence[Rows]) -> HandedRows | None:
    """All rows of one run in a form that travels; `None` where they are many."""
    tables = tuple((rows.table, _encoded(rows.to_table())) for rows in entry)
    return tables if sum(len(data) for _, data in tables) <= LARGEST else None


def write(files: Files, runs: Iterable[HandedRows]) -> None:
    """Write the rows of these runs, one file for each table, completed attempts last.

    Raises
    ------
    OSError
        The store cannot be written. What was written then says nothing, since the attempts are not there.
    """
    parts: dict[str, list[pa.Table]] = {}
    for run in runs:
        for table, data in run:
            parts.setdefault(table, []).append(pa.ipc.open_stream(data).read_all())
    for table in sorted(parts, key=lambda name: name == ATTEMPTS):
        files.put(table, new_name(), encode_large(union(table, parts[table])))


def _encoded(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
