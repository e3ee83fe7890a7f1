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
import pyarrow.parquet as pq

from sweeper.common.clock import EPOCH, MICROSECOND
from sweeper.common.text import first_line
from sweeper.errors import DamagedFileWarning, SchemaError, StoreError
from sweeper.store import sealed
from sweeper.store.files import Files
from sweeper.store.schema_match import SchemaMatch, all_rows_have_key, key_column, normalized, rows_with_key

SCHEMA_FILE = "0_schema.parquet"
"""An empty file with all columns that sorts first, for readers that take the columns of the first file."""
ROWS_IN_SCHEMA_FILE = "it has rows, and a schema file has none: another file was put in its place"


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
    read = _read_each(files, folder, names, columns)
    tables = _of_the_table(files, folder, read, whole=whole)
    return tables if wanted is None else _only(tables, frozenset(wanted))


def _read_each(files: Files, folder: str, names: Sequence[str], columns: Sequence[str] | None) -> dict[str, _Read]:
    """What can be read of each file. Each thread gets a share: to hand out a small file costs as much as to read it."""
    reader, at_once = _Reader(files, folder, columns), files.at_once
    if at_once < 2 or len(names) < 2:
        return reader.read(names)
    with ThreadPoolExecutor(at_once) as pool:
        shares = list(pool.map(reader.read, [names[start::at_once] for start in range(at_once)]))
    found = {name: part for share in shares for name, part in share.items()}
    return {name: found[name] for name in names if name in found}


def _only(tables: Mapping[str, pa.Table], wanted: Collection[str]) -> dict[str, pa.Table]:
    return {
        name: table.select([column for column in table.column_names if column in wanted])
        for name, table in tables.items()
    }


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


class _Read(NamedTuple):
    """What was read of one file."""

    table: pa.Table
    schema: pa.Schema
    """Of the whole file, whichever columns were read."""


class _Known(NamedTuple):
    """The columns of a file, of which thousands of other files have the same."""

    written: pq.ParquetSchema
    schema: pa.Schema
    chosen: list[str] | None
    """Those to read; `None` for all."""


class _Reader:
    """Reads files of one table. What is worked out of the columns of a file is kept for the next one."""

    def __init__(self, files: Files, folder: str, wanted: Sequence[str] | None) -> None:
        self._files, self._folder, self._wanted = files, folder, wanted
        self._known: list[_Known] = []
        self._normal: pa.Schema = pa.schema([])

    def read(self, names: Iterable[str]) -> dict[str, _Read]:
        """What can be read of each of these files; of the others, warnings."""
        parts = ((name, self._read(name)) for name in names)
        return {name: part for name, part in parts if part is not None}

    def _read(self, name: str) -> _Read | None:
        try:
            with sealed.opened(self._files, self._folder, name) as file:
                if name == SCHEMA_FILE and file.metadata.num_rows:
                    warn_of_damage(self._files, self._folder, name, ROWS_IN_SCHEMA_FILE)
                    return None
                known = self._columns(file)
                table = self._normalized(sealed.read(file, known.chosen))
                return _Read(table, table.schema if known.chosen is None else known.schema)
        except FileNotFoundError as error:
            raise VanishedError(f"{self._files.uri}/{self._folder}/{name} is gone since it was listed.") from error
        except sealed.UNREADABLE as error:
            warn_of_damage(self._files, self._folder, name, first_line(error))
            return None

    def _columns(self, file: pq.ParquetFile) -> _Known:
        written = file.schema
        for known in self._known:
            if known.written.equals(written):
                return known
        schema = file.schema_arrow  # converts it at each call
        chosen = None if self._wanted is None else [name for name in self._wanted if name in schema.names]
        self._known.append(_Known(written, schema, chosen))
        return self._known[-1]

    def _normalized(self, table: pa.Table) -> pa.Table:
        if table.schema != self._normal:
            table = table.cast(normalized(table.schema))
            self._normal = table.schema
        return table


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
