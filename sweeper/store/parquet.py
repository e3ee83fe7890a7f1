"""Arrow tables as whole Parquet files, and back; what cannot be read is named and left out."""

from __future__ import annotations

import os
import secrets
import time
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.errors import SchemaError, StoreError
from sweeper.store.files import Files
from sweeper.store.foreign import Judge, are_of_runs, key_of, of_a_run, plain

SCHEMA_FILE = "0_schema.parquet"
"""An empty, fully typed file that sorts first, so that readers who take the first file's columns see all of them."""
_READERS = 8


class VanishedError(StoreError):
    """A file that was listed is gone: a merge took it, and what counts must be listed anew."""


class DamagedFileWarning(UserWarning):
    """A file of the store cannot be read, or is foreign to its table; its rows, if it has any, are in no answer."""


def keep_freed_memory() -> None:
    """Let this process write through the allocator of the C library, unless `ARROW_DEFAULT_MEMORY_POOL` names another.

    Arrow's own gives memory back to the system as soon as a process rests, and a worker rests between two runs: taking
    it again was measured to cost up to four times as much system time as the write itself.
    """
    if not os.environ.get("ARROW_DEFAULT_MEMORY_POOL"):
        pa.set_memory_pool(pa.system_memory_pool())


def encode(table: pa.Table) -> pa.Buffer:
    """A small table as the bytes of a Parquet file; plain pages, since a few rows gain nothing by compression."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False, store_schema=False)
    return sink.getvalue()


def new_name(ending: str = "") -> str:
    """A name that no other writer takes and that sorts by time: `<milliseconds>_<16 hex digits><ending>.parquet`.

    The first five digits are the nanoseconds past the millisecond, the others are random.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    return f"{milliseconds:013d}_{rest:05x}{secrets.randbits(44):011x}{ending}.parquet"


def encode_large(table: pa.Table) -> pa.Buffer:
    """A merged table as the bytes of a Parquet file, compressed."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", store_schema=False)
    return sink.getvalue()


def read_all(
    files: Files, folder: str, names: Sequence[str], wanted: Sequence[str] | None = None, *, whole: bool = False
) -> dict[str, pa.Table]:
    """The rows of each file that can be read, by its name; a damaged or foreign one is warned of and left out.

    A file is foreign where it does not fit what is known of the table, which outside of `attempts` is the schema file
    if that is one of the files; whole files are judged, whatever columns are wanted of them. Of other files the rows
    that do not say to which run they belong are left out, with a warning; with `whole`, these files are.

    Raises
    ------
    VanishedError
        A file is gone since it was listed.
    """
    columns = None if wanted is None else [*dict.fromkeys((*wanted, key_of(folder)))]
    if len(names) < 2:
        found = [_read_one(files, folder, name, columns) for name in names]
    else:
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(lambda name: _read_one(files, folder, name, columns), names))
    read = {name: part for name, part in zip(names, found, strict=True) if part is not None}
    tables = _of_the_table(files, folder, read, whole=whole)
    return tables if wanted is None else {name: _only(table, wanted) for name, table in tables.items()}


def _only(table: pa.Table, wanted: Sequence[str]) -> pa.Table:
    has = [name for name in table.column_names if name in wanted]
    return table if len(has) == len(table.column_names) else table.select(has)


def _of_the_table(files: Files, folder: str, read: Mapping[str, _Read], *, whole: bool) -> dict[str, pa.Table]:
    judge = Judge(folder, read[SCHEMA_FILE].schema if SCHEMA_FILE in read else None)
    tables: dict[str, pa.Table] = {}
    for name, part in read.items():
        if reason := judge.against(part.schema) or judge.without_key(part.table):
            warn_of_damage(files, folder, name, reason)
        else:
            tables[name] = part.table
    if are_of_runs(folder, tables.values()):
        return tables
    kept = {name: of_a_run(folder, table) for name, table in tables.items()}
    lacking = {name: len(table) - len(kept[name]) for name, table in tables.items()}
    for name in filter(lacking.__getitem__, lacking):
        warn_of_rows(files, folder, name, lacking[name])
    return {name: rows for name, rows in kept.items() if not (whole and lacking[name])}


def union(folder: str, tables: Iterable[pa.Table]) -> pa.Table:
    """Tables under the union of their columns, by name; a column that some lack is null there.

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
    """Tables with floats for whole numbers in each column that is of floats in another one."""
    floats = {field.name for table in tables for field in table.schema if field.type == pa.float64()}
    return [_with_floats(table, floats) for table in tables]


def _with_floats(table: pa.Table, names: Collection[str]) -> pa.Table:
    whole = [f.name for f in table.schema if f.type == pa.int64() and f.name in names]
    if not whole:
        return table
    return table.cast(pa.schema([pa.field(f.name, pa.float64() if f.name in whole else f.type) for f in table.schema]))


def _plain(table: pa.Table) -> pa.Table:
    schema = plain(table.schema)
    return table if schema == table.schema else table.cast(schema)


class _Read(NamedTuple):
    """What was read of one file."""

    table: pa.Table
    schema: pa.Schema
    """Of the whole file, whatever columns were read."""


def _read_one(files: Files, folder: str, name: str, wanted: Sequence[str] | None) -> _Read | None:
    try:
        with pq.ParquetFile(files.source(folder, name)) as file:
            if wanted is None:
                table = _plain(file.read(use_threads=False))
                return _Read(table, table.schema)
            schema = file.schema_arrow  # converts it at each call
            return _Read(_plain(file.read([c for c in wanted if c in schema.names], use_threads=False)), schema)
    except FileNotFoundError as error:
        raise VanishedError(f"{files.uri}/{folder}/{name} is gone since it was listed.") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        warn_of_damage(files, folder, name, str(error).strip().splitlines()[0])
        return None


def warn_of_rows(files: Files, folder: str, name: str, count: int) -> None:
    """Say how many rows of a file are left out, because they do not say to which run they belong."""
    warnings.warn(
        f"{files.uri}/{folder}/{name} has {count} rows without a {key_of(folder)}, which are left out "
        "(`sweeper check --repair` takes them out of the file)",
        DamagedFileWarning,
        stacklevel=3,
    )


def warn_of_damage(files: Files, folder: str, name: str, reason: str) -> None:
    """Name a file that is left out, and the way out."""
    warnings.warn(
        f"{files.uri}/{folder}/{name} cannot be read and is left out: {reason} "
        "(`sweeper check --repair` moves it aside)",
        DamagedFileWarning,
        stacklevel=3,
    )
