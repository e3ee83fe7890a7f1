"""Which files a merged file replaces, found by their rows: where the note that lists them is damaged or gone."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import pyarrow as pa

from sweeper.errors import DamagedFileWarning
from sweeper.store.files import Files
from sweeper.store.parquet import read_all
from sweeper.store.schema_match import key_column

_IDENTITY = ("attempt_id", "status", "fingerprint", "run_uid", "job_id", "created_at", "entity_type", "entity_id")
"""The columns that tell one run or attempt from another, in whatever table; equal ones are of one and the same."""


def inputs_by_rows(files: Files, table: str, merged: str, present: Iterable[str]) -> list[str]:
    """The files older than a merged file of which each row is in it too.

    A merge takes whole files that are older than its own, so a file is either replaced as a whole or not at all.
    """
    older = [name for name in present if name < merged and name.split("_")[0].isdigit() and name != merged]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)  # who reads their rows is told
        read = read_all(files, table, [merged, *older], _IDENTITY)
    if merged not in read:
        return []
    inside = set(_rows(table, read.pop(merged)))
    return [name for name, rows in read.items() if len(rows) and inside.issuperset(_rows(table, rows))]


def _rows(table: str, rows: pa.Table) -> Iterator[tuple[object, ...]]:
    """Each row as what identifies it; one that says too little for that is equal to no other."""
    columns = [rows[name].to_pylist() if name in rows.column_names else [None] * len(rows) for name in _IDENTITY]
    needed = _IDENTITY.index("attempt_id" if key_column(table) == "fingerprint" else "run_uid")
    for row in zip(*columns, strict=True):
        yield row if row[needed] is not None else (object(),)
