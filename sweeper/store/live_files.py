"""Finds the files of a table that count.

A merge writes one file in place of many. First it writes a note under `.sweeper/merged/<table>/` that lists the files
which it replaces. Then its own file appears, and with that the merge takes effect. From then on readers leave out the
files in the note. So each row is seen exactly once, whenever the merging process dies. When the replaced files are
deleted, the note is marked as done, and readers do not open it again. Before anybody leaves out or deletes these files,
the merged file is read. A note that is damaged or gone is not needed to count right: the rows tell what was merged.

Rows that wait in a journal count too. The Parquet file made of a segment counts only when the segment is gone. So a
reader looks into the journal first and lists the table afterwards. A merge, which must not take such a file, does it
in the opposite order.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import pyarrow as pa

from sweeper.common.small_json import Damaged
from sweeper.errors import DamagedFileWarning
from sweeper.store import journal, json_files
from sweeper.store.files import PARQUET, PRIVATE, Files
from sweeper.store.journal_lines import Waiting
from sweeper.store.merged_rows import inputs_by_rows
from sweeper.store.parquet import (
    SCHEMA_FILE,
    VanishedError,
    is_readable,
    read_all,
    union,
    warn_of_rows,
)
from sweeper.store.quarantine import set_aside
from sweeper.store.schema_match import rows_with_key

T = TypeVar("T")

MERGED = "_merged.parquet"
"""The end of the name of a file that a merge wrote."""
NOTE, DONE = ".json", ".done.json"
TRIES = 10
MANY = 100
"""Rows of more files are copied into one piece: whatever is done with them costs something for each piece."""


def notes_folder(table: str) -> str:
    """Where the notes of a table's merges are."""
    return f"{PRIVATE}/merged/{table}"


def note_name(merged: str) -> str:
    """Name of the note of a merge that is not done."""
    return merged.removesuffix(PARQUET) + NOTE


def done_name(note: str) -> str:
    """Name of the same note, once the merge is done."""
    return note.removesuffix(NOTE) + DONE


def merged_name(note: str) -> str:
    """The merged file to which a note belongs, done or not."""
    return note.removesuffix(NOTE).removesuffix(DONE.removesuffix(NOTE)) + PARQUET


def unfinished_merges(files: Files, table: str, present: Sequence[str]) -> dict[str, list[str]]:
    """Merged files whose inputs may still exist, with the names of these inputs.

    A merged file that cannot be read replaces nothing: its inputs still count.
    """
    candidates = {name for name in present if name.endswith(MERGED)}
    undone = candidates.difference(_done(files, table)) if candidates else set[str]()
    return {name: replaced(files, table, name, present) for name in sorted(undone) if is_readable(files, table, name)}


def replaced(files: Files, table: str, merged: str, present: Sequence[str]) -> list[str]:
    """The files that a merge replaced: by its note, else by the rows of its file."""
    noted = note(files, table, merged)
    if isinstance(noted, list):
        return noted
    if isinstance(noted, Damaged):
        warn_of_note(files, table, note_name(merged), noted.reason)
    return inputs_by_rows(files, table, merged, present)


def note(files: Files, table: str, merged: str) -> list[str] | Damaged | None:
    """What the note of a merge lists; `None` where there is none."""
    return json_files.read(files, notes_folder(table), note_name(merged), json_files.file_names(merged))


def warn_of_note(files: Files, table: str, name: str, reason: str) -> None:
    """Warn of a note that cannot be read. Nothing is left out or counted twice for that."""
    warnings.warn(
        f"{files.uri}/{notes_folder(table)}/{name}: {reason}. The files that its merge replaced are found by their "
        "rows (`sweeper compact` ends the merge, `sweeper check --repair` moves the note aside)",
        DamagedFileWarning,
        stacklevel=4,
    )


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
    whole = union(table, rows) if rows else None
    return whole.combine_chunks() if whole is not None and len(rows) > MANY else whole


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
    folder = notes_folder(table)
    for merged, inputs in unfinished_merges(files, table, files.names(table)).items():
        files.remove_all(table, inputs)
        noted = note_name(merged)
        if isinstance(note(files, table, merged), list):
            files.move(folder, noted, folder, done_name(noted))
            continue
        files.put(folder, done_name(noted), json_files.listed(inputs, merged))
        if noted in files.names(folder, NOTE):
            set_aside(files, folder, noted)


def is_contested(files: Files, table: str, merged: str, inputs: Collection[str]) -> bool:
    """Whether another merge takes, or took, some of the same files. To be called after this merge wrote its note.

    The lock keeps merges apart, but two may get past it where it was left behind, or in an object store. Then the one
    that wrote its note later sees the note of the other, or that its inputs are gone. So at most one of them goes on.
    Where the note of another merge is damaged, it is not known what that takes.
    """
    others = [note(files, table, name) for name in _unfinished(files, table) if name != merged]
    if any(isinstance(other, Damaged) for other in others):
        return True
    taken = {name for other in others if isinstance(other, list) for name in other}
    return not taken.isdisjoint(inputs) or not set(inputs) <= set(files.names(table))


def abandoned(files: Files, table: str, after_s: float) -> list[str]:
    """Names of notes of this age whose merge died before it took effect, or that another note has replaced."""
    folder, present, done = notes_folder(table), set(files.names(table)), _done(files, table)
    notes = [note_name(merged) for merged in _unfinished(files, table) if merged not in present or merged in done]
    return [name for name in notes if files.age_s(folder, name) > after_s]


def _unfinished(files: Files, table: str) -> list[str]:
    """Merged files with a note that is not marked as done, whether they exist or not."""
    names = files.names(notes_folder(table), NOTE)
    return [name.removesuffix(NOTE) + PARQUET for name in names if not name.endswith(DONE)]


def _done(files: Files, table: str) -> set[str]:
    """Merged files whose inputs are gone, by their notes."""
    return {name.removesuffix(DONE) + PARQUET for name in files.names(notes_folder(table), DONE)}
