"""Reads the tables of one store: every row that counts, whatever file or journal it is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import pyarrow as pa

from sweeper.common.lists import refuse_text
from sweeper.errors import StoreError
from sweeper.store import journal, live_files
from sweeper.store.files import Files
from sweeper.store.parquet import union
from sweeper.store.schema import ATTEMPTS, attempts_schema

Table: TypeAlias = pa.Table
"""The rows of a table as readers of the store get them: an Arrow table."""
Column: TypeAlias = pa.ChunkedArray
"""One column of a table."""


class Tables:
    """The tables of one store, read anew at each call."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def names(self) -> list[str]:
        """Names of the tables."""
        waiting = journal.waiting(self.files).values()
        return sorted({*self.files.tables(), *(table for segment in waiting for table in segment.tables)})

    def find(self, name: str, columns: Sequence[str] | None = None) -> pa.Table | None:
        """All rows of a table; `None` where there is no such table. `columns` names those to read."""
        return live_files.read_live(self.files, name, columns)

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of a table; `columns` names those to read, of which it may lack some.

        Raises
        ------
        StoreError
            There is no such table.
        """
        refuse_text("columns", columns)
        rows = self.find(name, columns)
        if name == ATTEMPTS:
            return _with_all_columns(rows, columns)
        if rows is None:
            has = ", ".join(self.names()) or "none"
            raise StoreError(f"The store {self.files.uri} has no table {name!r}; it has {has}.")
        return rows

    def attempts(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Every attempt, whatever its end; `columns` names those to read."""
        return self.table(ATTEMPTS, columns)


def _with_all_columns(attempts: pa.Table | None, columns: Sequence[str] | None) -> pa.Table:
    """Attempts with every column of this version; files of an older version may lack some."""
    empty = attempts_schema().empty_table()
    if columns is not None:
        empty = empty.select([name for name in columns if name in empty.column_names])
    return empty if attempts is None else union(ATTEMPTS, [empty, attempts])
