"""Writes Arrow tables as Parquet files and reads them; files that cannot be read are left out with a warning."""

from __future__ import annotations

import os
import secrets
import time
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from sweeper.common.clock import EPOCH, MICROSECOND
from sweeper.common.text import first_line
from sweeper.errors import DamagedFileWarning, SchemaError, StoreError
from sweeper.store import sealed
from sweeper.store.files import Files
from sweeper.store.schema_match import SchemaMatch, all_rows_have_key, key_column, normalized, rows_with_key

SCHEMA_FILE = "0_schema.parquet"
"""An empty file with all columns that sorts first, for readers that take the columns of the first file."""
ROWS_IN_SCHEMA_FILE = "it has rows, and a schema file has none: another file was put in its place"
_READERS = 8


class VanishedError(StoreError):
    """A file that was listed is gone, because a merge replaced it: the files must be listed again."""


def keep_freed_memory() -> None:
    """Let Arrow use the allocator of the C library in this process, unless `ARROW_DEFAULT_MEMORY_POOL` names another.

    Arrow's own allocator returns memory to the system as soon as a process is idle, as a worker is between two runs. To
    get it back was measured to cost up to four times as much system time as the write itself.
    """
    if not os.environ.get("ARROW_DEFAULT_MEMORY_POOL"):
        pa.set_memory_pool(pa.system_memory_pool())


def encode(table: pa.Table) -> pa.Buffer:
    """A small table as the bytes of a Parquet file, not compressed, since a few rows gain nothing by that."""
    return sealed.encoded(table, compression="none", use_dictionary=False, write_statistics=False, store_schema=False)


def new_name(ending: str = "", earliest: datetime = EPOCH) -> str:
    """A unique name that sorts by time, now or `earliest` if that is later: `<ms>_<16 hex digits><ending>.parquet`.

    The first five digits are the nanoseconds past the millisecond, the others are random.
    """
    nanoseconds = max(time.time_ns(), (earliest - EPOCH) // MICROSECOND * 1000)
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    return f"{milliseconds:013d}_{rest:05x}{secrets.randbits(44):011x}{ending}.parquet"


def encode_large(table: pa.Table) -> pa.Buffer:
    """A merged table as the bytes of a Parquet file, compressed."""
    return sealed.encoded(table, compression="zstd", store_schema=False)


def is_readable(files: Files, folder: str, name: str) -> bool:
    """Whether every row of a file can be read."""
    return damage(files, folder, name) is None


def damage(files: Files, folder: str, name: str) -> str | None:
    """Why not every row of a file can be read; `None` where it can."""
    try:
        with sealed.opened(files, folder, name) as file:
            for _ in sealed.batches(file):
                pass
    except sealed.UNREADABLE as error:
        return first_line(error)
    return None


def read_all(
    files: Files, folder: str, names: Sequence[str], wanted: Sequence[str] | None = None, *, whole: bool = False
) -> dict[str, pa.Table]:
    """The rows of each file that can be read, by its name. A damaged or foreign file is left out, with a warning.

    A file is foreign where its columns do not fit those of the table, whatever columns are wanted of it. They are known
    for `attempts`, and for other tables if the schema file is among the files. Rows that do not say to which run they
    belong are left out, with a warning; with `whole`, their files are.

    Raises
    ------
    VanishedError
        A file has disappeared since it was listed.
    """
    columns = None if wanted is None else [*dict.fromkeys((*wanted, key_column(folder)))]
    if len(names) < 2:
        parts = [_read_one(files, folder, name, columns) for name in names]
    else:
        with ThreadPoolExecutor(_READERS) as pool:
            parts = list(pool.map(lambda name: _read_one(files, folder, name, columns), names))
    read = {name: part for name, part in zip(names, parts, strict=True) if part is not None}
    tables = _of_the_table(files, folder, read, whole=whole)
    return tables if wanted is None else {name: _only(table, wanted) for name, table in tables.items()}


def _only(table: pa.Table, wanted: Sequence[str]) -> pa.Table:
    has = [name for name in table.column_names if name in wanted]
    return table if len(has) == len(table.column_names) else table.select(has)


def _of_the_table(files: Files, folder: str, read: Mapping[str, _Read], *, whole: bool) -> dict[str, pa.Table]:
    match = SchemaMatch(folder, read[SCHEMA_FILE].schema if SCHEMA_FILE in read else None)
    tables: dict[str, pa.Table] = {}
    for name, part in read.items():
        if reason := match.mismatch(part.schema) or match.missing_key(part.table):
            warn_of_damage(files, folder, name, reason)
        else:
            tables[name] = part.table
    if all_rows_have_key(folder, tables.values()):
        return tables
    kept = {name: rows_with_key(folder, table) for name, table in tables.items()}
    lacking = {name: len(table) - len(kept[name]) for name, table in tables.items()}
    for name in filter(lacking.__getitem__, lacking):
        warn_of_rows(files, folder, name, lacking[name])
    return {name: rows for name, rows in kept.items() if not (whole and lacking[name])}


def union(folder: str, tables: Iterable[pa.Table]) -> pa.Table:
    """Tables put together, with all columns of all of them; a column that a table lacks is null there.

    Raises
    ------
    SchemaError
        A column has another type in another table.
    """
    tables = list(tables)
    try:
        return pa.concat_tables(tables, promote_options="default")
    except pa.ArrowException as error:
        if (widened := _widened(tables)) != tables:
            return union(folder, widened)
        raise SchemaError(f"Table {folder!r} has a column of several types in its files: {error}") from error


def _widened(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """The tables, with whole numbers as floats in each column that has floats in another table."""
    floats = {field.name for table in tables for field in table.schema if field.type == pa.float64()}
    return [_with_floats(table, floats) for table in tables]


def _with_floats(table: pa.Table, names: Collection[str]) -> pa.Table:
    whole = [f.name for f in table.schema if f.type == pa.int64() and f.name in names]
    if not whole:
        return table
    return table.cast(pa.schema([pa.field(f.name, pa.float64() if f.name in whole else f.type) for f in table.schema]))


def _normalized(table: pa.Table) -> pa.Table:
    schema = normalized(table.schema)
    return table if schema == table.schema else table.cast(schema)


class _Read(NamedTuple):
    """What was read of one file."""

    table: pa.Table
    schema: pa.Schema
    """Of the whole file, whichever columns were read."""


def _read_one(files: Files, folder: str, name: str, wanted: Sequence[str] | None) -> _Read | None:
    try:
        with sealed.opened(files, folder, name) as file:
            if name == SCHEMA_FILE and file.metadata.num_rows:
                warn_of_damage(files, folder, name, ROWS_IN_SCHEMA_FILE)
                return None
            if wanted is None:
                table = _normalized(sealed.read(file))
                return _Read(table, table.schema)
            schema = file.schema_arrow  # converts it at each call
            return _Read(_normalized(sealed.read(file, [c for c in wanted if c in schema.names])), schema)
    except FileNotFoundError as error:
        raise VanishedError(f"{files.uri}/{folder}/{name} is gone since it was listed.") from error
    except sealed.UNREADABLE as error:
        warn_of_damage(files, folder, name, first_line(error))
        return None


def warn_of_rows(files: Files, folder: str, name: str, count: int) -> None:
    """Warn of rows of a file that are left out, because they do not say to which run they belong."""
    warnings.warn(
        f"{files.uri}/{folder}/{name} has {count} rows without a {key_column(folder)}, which are left out "
        "(`sweeper check --repair` takes them out of the file)",
        DamagedFileWarning,
        stacklevel=3,
    )


def warn_of_damage(files: Files, folder: str, name: str, reason: str) -> None:
    """Warn of a file that is left out, and say what to do."""
    warnings.warn(
        f"{files.uri}/{folder}/{name} cannot be read and is left out: {reason} "
        "(`sweeper check --repair` moves it aside)",
        DamagedFileWarning,
        stacklevel=3,
    )
