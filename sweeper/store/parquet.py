"""Arrow tables as whole Parquet files, and back; what cannot be read is named and left out."""

from __future__ import annotations

import secrets
import time
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.store.files import Files

SCHEMA_FILE = "0_schema.parquet"
"""An empty, fully typed file that sorts first, so that readers who take the first file's columns see all of them."""
_READERS = 8


class DamagedFileWarning(UserWarning):
    """A file of the store cannot be read; its rows, if it has any, are in no answer."""


def encode(table: pa.Table) -> pa.Buffer:
    """A small table as the bytes of a Parquet file; plain pages, since a few rows gain nothing by compression."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False, store_schema=False)
    return sink.getvalue()


def new_name(ending: str = "") -> str:
    """A name that no other writer takes and that sorts by time: `<milliseconds>_<random><ending>.parquet`."""
    return f"{time.time_ns() // 1_000_000:013d}_{secrets.token_hex(8)}{ending}.parquet"


def read(files: Files, folder: str, names: Sequence[str], wanted: Sequence[str] | None = None) -> pa.Table | None:
    """The rows of many files under the union of their columns; `None` where no file could be read.

    A column that some files lack is null there. `wanted` names the columns to read.
    """
    with ThreadPoolExecutor(_READERS) as pool:
        tables = [t for t in pool.map(lambda name: _read_one(files, folder, name, wanted), names) if t is not None]
    return pa.concat_tables(tables, promote_options="default") if tables else None


def _read_one(files: Files, folder: str, name: str, wanted: Sequence[str] | None) -> pa.Table | None:
    try:
        with pq.ParquetFile(files.source(folder, name)) as file:
            columns = None if wanted is None else [c for c in wanted if c in file.schema_arrow.names]
            return file.read(columns, use_threads=False)
    except FileNotFoundError:
        return None  # merged into another file since it was listed
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        warnings.warn(
            f"{files.uri}/{folder}/{name} cannot be read and is left out: {reason} "
            "(`sweeper check --repair` moves it aside)",
            DamagedFileWarning,
            stacklevel=2,
        )
        return None


def union(tables: Iterable[pa.Table | None]) -> pa.Table | None:
    """Tables under the union of their columns."""
    present = [table for table in tables if table is not None]
    return pa.concat_tables(present, promote_options="default") if present else None


def only(table: pa.Table, mask: Any) -> pa.Table:
    """The rows where `mask` is true; null counts as false."""
    return table.filter(mask)
