"""A file of the store written again without some of its rows; a copy of it is kept."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.store import sealed
from sweeper.store.files import Files
from sweeper.store.parquet import encode_large
from sweeper.store.quarantine import put_aside


def keep_only(files: Files, table: str, name: str, kept: Callable[[pa.Table], pa.Table]) -> None:
    """Write a file again with these of its rows alone, or remove it where none is kept; a copy of it is put aside."""
    data = files.get(table, name)
    if not data:  # a merge took it
        return
    put_aside(files, table, name, data)
    rows = kept(pq.read_table(pa.BufferReader(data)).replace_schema_metadata(None))
    if len(rows):
        sealed.put(files, table, name, encode_large(rows))
    else:
        files.remove(table, name)
