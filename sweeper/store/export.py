"""A table in the formats of other programs."""

from __future__ import annotations

from typing import IO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet


def write_parquet(table: pa.Table, file: IO[bytes]) -> None:
    """Write a table into an open file, as Parquet with pyarrow's defaults."""
    pyarrow.parquet.write_table(table, file)


def csv_text(table: pa.Table) -> str:
    """A table as CSV, with its column names in the first line."""
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue().to_pybytes().decode()
