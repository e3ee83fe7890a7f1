"""The rows of a table, some at a time: what is in memory does not grow with the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from sweeper.common.text import first_line
from sweeper.store import journal, sealed
from sweeper.store.files import Files
from sweeper.store.live_files import live
from sweeper.store.parquet import SCHEMA_FILE, VanishedError, is_readable, read_all, union, warn_of_damage
from sweeper.store.schema_match import key_column, normalized, rows_with_key

GROUP_BYTES = 32 << 20
"""Small files are read together up to so many bytes; a larger one is read batch by batch."""
_BATCH_ROWS = 1 << 16


def parts(files: Files, table: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """All rows of a table that count, in parts; `columns` names those to read, of which a part may lack some.

    Raises
    ------
    VanishedError
        A merge took a file since it was listed: begin again.
    """
    waiting = journal.waiting(files)
    names = live(files, table, waiting)
    for segment in waiting.values():
        if table in segment.tables:
            yield _chosen(rows_with_key(table, segment.tables[table]), columns)
    schema = [name for name in names if name == SCHEMA_FILE]
    for group in _groups(files, table, [name for name in names if name != SCHEMA_FILE]):
        yield from _of_group(files, table, schema, group, columns)


def _chosen(rows: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    return rows if columns is None else rows.select([name for name in columns if name in rows.column_names])


def _groups(files: Files, table: str, names: Sequence[str]) -> Iterator[list[str]]:
    """Files that fit into memory together; one that is larger stands alone."""
    sizes: Mapping[str, int] = files.sizes(table) if names else {}  # a table may have no folder
    group, total = list[str](), 0
    for name in names:
        size = sizes.get(name, 0)
        if group and total + size > GROUP_BYTES:
            yield group
            group, total = [], 0
        group, total = [*group, name], total + size
    if group:
        yield group


def _of_group(
    files: Files, table: str, schema: Sequence[str], group: Sequence[str], columns: Sequence[str] | None
) -> Iterator[pa.Table]:
    if len(group) == 1 and files.sizes(table).get(group[0], 0) > GROUP_BYTES:
        yield from _batches(files, table, schema, group[0], columns)
        return
    if read := read_all(files, table, [*schema, *group], columns):
        yield union(table, read.values())


def _batches(
    files: Files, table: str, schema: Sequence[str], name: str, columns: Sequence[str] | None
) -> Iterator[pa.Table]:
    """A large file, batch by batch, once it is known that all of it can be read and that it is of this table."""
    if name not in read_all(files, table, [*schema, name], [key_column(table)]):
        return
    if not is_readable(files, table, name):
        warn_of_damage(files, table, name, "a page of it cannot be read")
        return
    try:
        with sealed.opened(files, table, name) as file:
            has = file.schema_arrow.names
            wanted = None if columns is None else [*dict.fromkeys((*columns, key_column(table)))]
            for batch in file.iter_batches(_BATCH_ROWS, columns=wanted and [c for c in wanted if c in has]):
                rows = pa.Table.from_batches([batch]).replace_schema_metadata(None)
                yield _chosen(rows_with_key(table, rows.cast(normalized(rows.schema))), columns)
    except FileNotFoundError as error:
        raise VanishedError(f"{files.uri}/{table}/{name} is gone: {first_line(error)}") from error
