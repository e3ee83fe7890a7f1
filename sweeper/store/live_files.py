"""Finds the files of a table that count.

A merge writes one file in place of many. First it writes a note under `.sweeper/merged/<table>/` that lists the files
which it replaces. Then its own file appears, and with that the merge takes effect. From then on readers leave out the
files in the note. So each row is seen exactly once, whenever the merging process dies. When the replaced files are
deleted, the note is marked as done, and readers do not open it again.

Rows that wait in a journal count too. The Parquet file made of a segment counts only when the segment is gone. So a
reader looks into the journal first and lists the table afterwards. A merge, which must not take such a file, does it
in the opposite order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import pyarrow as pa

from sweeper.store import journal
from sweeper.store.files import PARQUET, PRIVATE, Files
from sweeper.store.journal import Waiting
from sweeper.store.parquet import SCHEMA_FILE, VanishedError, read_all, union, warn_of_rows
from sweeper.store.schema_match import rows_with_key

T = TypeVar("T")

MERGED = "_merged.parquet"
"""The end of the name of a file that a merge wrote."""
NOTE, DONE = ".json", ".done.json"
TRIES = 10


def notes_folder(table: str) -> str:
    """Where the notes of a table's merges are."""
    return f"{PRIVATE}/merged/{table}"


def note_name(merged: str) -> str:
    """Name of the note of a merge that is not done."""
    return merged.removesuffix(PARQUET) + NOTE


def unfinished_merges(files: Files, table: str, present: Sequence[str]) -> dict[str, list[str]]:
    """Merged files whose inputs may still exist, with the names of these inputs."""
    candidates = {name for name in present if name.endswith(MERGED)}
    merged = candidates.intersection(_unfinished(files, table)) if candidates else set[str]()
    return {name: replaced(files, table, name) for name in sorted(merged)}


def replaced(files: Files, table: str, merged: str) -> list[str]:
    """The files that a merge replaced, by its note; none where the note is gone."""
    return json.loads(files.get(notes_folder(table), note_name(merged)) or b"[]")


def live(files: Files, table: str, waiting: Collection[str]) -> list[str]:
    """Names of the files of a table that count, sorted. `waiting` names the files of segments that are still there."""
    present = files.names(table)
    gone = {name for inputs in unfinished_merges(files, table, present).values() for name in inputs}
    return [name for name in present if name not in gone and name not in waiting]


def mergeable(files: Files, table: str) -> list[str]:
    """Names of the files that a merge may take: not the schema file, merged files, or files of a segment that waits."""
    names = live(files, table, ())
    waiting = {journal.parquet_name(segment) for segment in journal.segments(files)}
    return [name for name in names if name != SCHEMA_FILE and not name.endswith(MERGED) and name not in waiting]


def read_live(files: Files, table: str, wanted: Sequence[str] | None = None) -> pa.Table | None:
    """All rows of a table that count; `None` where it has no file that can be read."""

    def look() -> pa.Table | None:
        waiting = journal.waiting(files)
        return read_chosen(files, table, live(files, table, waiting), waiting, wanted)

    return retry_while_files_vanish(look)


def read_chosen(
    files: Files,
    table: str,
    names: Sequence[str],
    waiting: Mapping[str, Waiting],
    wanted: Sequence[str] | None = None,
) -> pa.Table | None:
    """The rows of these files of a table, and those that wait in journals; `wanted` names the columns to read."""
    rows = [
        _rows_with_key(files, table, name, segment.tables[table])
        for name, segment in waiting.items()
        if table in segment.tables
    ]
    if wanted is not None:
        rows = [part.select([name for name in wanted if name in part.column_names]) for part in rows]
    rows += read_all(files, table, names, wanted).values()
    return union(table, rows) if rows else None


def _rows_with_key(files: Files, table: str, name: str, waiting: pa.Table) -> pa.Table:
    """Rows that wait in a journal, without those that do not say to which run they belong."""
    rows = rows_with_key(table, waiting)
    if lacking := len(waiting) - len(rows):
        warn_of_rows(files, table, name, lacking)
    return rows


def retry_while_files_vanish(look: Callable[[], T]) -> T:
    """The result of `look`, called again whenever a merge replaced a file between listing and reading."""
    for _ in range(TRIES):
        try:
            return look()
        except VanishedError:
            continue
    raise VanishedError("The store changes faster than it can be read; try again.")


def finish(files: Files, table: str) -> None:
    """Delete the files that merges have replaced, and mark these merges as done."""
    for merged, inputs in unfinished_merges(files, table, files.names(table)).items():
        files.remove_all(table, inputs)
        folder, note = notes_folder(table), note_name(merged)
        files.move(folder, note, folder, note.removesuffix(NOTE) + DONE)


def is_contested(files: Files, table: str, merged: str, inputs: Collection[str]) -> bool:
    """Whether another merge takes, or took, some of the same files. To be called after this merge wrote its note.

    The lock keeps merges apart, but two may get past it where it was left behind, or in an object store. Then the one
    that wrote its note later sees the note of the other, or that its inputs are gone. So at most one of them goes on.
    """
    others = [name for name in _unfinished(files, table) if name != merged]
    taken = {name for other in others for name in replaced(files, table, other)}
    return not taken.isdisjoint(inputs) or not set(inputs) <= set(files.names(table))


def abandoned(files: Files, table: str, after_s: float) -> list[str]:
    """Names of notes of this age whose merge died before it took effect."""
    folder, present = notes_folder(table), set(files.names(table))
    notes = [note_name(merged) for merged in _unfinished(files, table) if merged not in present]
    return [note for note in notes if files.age_s(folder, note) > after_s]


def _unfinished(files: Files, table: str) -> list[str]:
    """Merged files whose note is not marked as done, whether they exist or not."""
    notes = [name for name in files.names(notes_folder(table), NOTE) if not name.endswith(DONE)]
    return [note.removesuffix(NOTE) + PARQUET for note in notes]
