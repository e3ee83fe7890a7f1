"""Which files of a table count.

A merge writes one file in the place of many. What it replaces is written down first, as a note under
`.sweeper/merged/<table>/`; the merge then takes effect in one step, when its file appears. From then on readers leave
out what the note lists, so that a row is never seen twice or not at all, whenever the process that merges dies. Once
what was replaced is gone, the note is marked as done and no reader opens it again.

Rows that still wait in a journal count too, and the files that their segment becomes only once it is gone. So a reader
looks into the journal first and lists the table afterwards; a merge, which must not take such a file, does it the
other way round.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

import pyarrow as pa

from sweeper.store import journal
from sweeper.store.files import PARQUET, PRIVATE, Files
from sweeper.store.foreign import of_a_run
from sweeper.store.journal import Waiting
from sweeper.store.parquet import SCHEMA_FILE, VanishedError, read_all, union, warn_of_rows

T = TypeVar("T")

MERGED = "_merged.parquet"
"""How the name of a file that a merge wrote ends."""
NOTE, DONE = ".json", ".done.json"
TRIES = 10


def notes_folder(table: str) -> str:
    """Where the notes of a table's merges are."""
    return f"{PRIVATE}/merged/{table}"


def note_name(merged: str) -> str:
    """Name of the note of a merge that is not done."""
    return merged.removesuffix(PARQUET) + NOTE


def open_merges(files: Files, table: str, present: Sequence[str]) -> dict[str, list[str]]:
    """Merged files that took effect and whose inputs may still be there, with the names of these inputs."""
    there = {name for name in present if name.endswith(MERGED)}
    merged = there.intersection(_unfinished(files, table)) if there else set[str]()
    return {name: replaced(files, table, name) for name in sorted(merged)}


def replaced(files: Files, table: str, merged: str) -> list[str]:
    """What a merge replaced, by its note; nothing where that is gone."""
    return json.loads(files.get(notes_folder(table), note_name(merged)) or b"[]")


def live(files: Files, table: str, waiting: Collection[str]) -> list[str]:
    """Names of the files of a table whose rows count beside those that wait in a journal, in the order of the names."""
    present = files.names(table)
    gone = {name for inputs in open_merges(files, table, present).values() for name in inputs}
    return [name for name in present if name not in gone and name not in waiting]


def mergeable(files: Files, table: str) -> list[str]:
    """Names of the files that a merge may take: not the schema file, merged ones, or those of a segment that waits."""
    names = live(files, table, ())
    waiting = {journal.folded_name(segment) for segment in journal.segments(files)}
    return [name for name in names if name != SCHEMA_FILE and not name.endswith(MERGED) and name not in waiting]


def read_live(files: Files, table: str, wanted: Sequence[str] | None = None) -> pa.Table | None:
    """The rows that count of a table; `None` where it has no file that can be read."""

    def look() -> pa.Table | None:
        waiting = journal.waiting(files)
        return read_chosen(files, table, live(files, table, waiting), waiting, wanted)

    return steadily(look)


def read_chosen(
    files: Files,
    table: str,
    names: Sequence[str],
    waiting: Mapping[str, Waiting],
    wanted: Sequence[str] | None = None,
) -> pa.Table | None:
    """The rows of these files of a table, and of those that wait; `wanted` names the columns to read."""
    rows = [
        _of_a_run(files, table, name, inside.tables[table])
        for name, inside in waiting.items()
        if table in inside.tables
    ]
    if wanted is not None:
        rows = [part.select([name for name in wanted if name in part.column_names]) for part in rows]
    rows += read_all(files, table, names, wanted).values()
    return union(table, rows) if rows else None


def _of_a_run(files: Files, table: str, name: str, waiting: pa.Table) -> pa.Table:
    """Rows that wait in a journal, without those that do not say to which run they belong."""
    rows = of_a_run(table, waiting)
    if lacking := len(waiting) - len(rows):
        warn_of_rows(files, table, name, lacking)
    return rows


def steadily(look: Callable[[], T]) -> T:
    """What `look` finds; it looks again where a merge replaced a file between listing and reading."""
    for _ in range(TRIES):
        try:
            return look()
        except VanishedError:
            continue
    raise VanishedError("The store changes faster than it can be read; try again.")


def finish(files: Files, table: str) -> None:
    """Remove what merges that took effect replaced, and mark these as done."""
    for merged, inputs in open_merges(files, table, files.names(table)).items():
        for name in inputs:
            files.remove(table, name)
        folder, note = notes_folder(table), note_name(merged)
        files.move(folder, note, folder, note.removesuffix(NOTE) + DONE)


def is_contested(files: Files, table: str, merged: str, inputs: Collection[str]) -> bool:
    """Whether another merge takes, or took, some of the same files. Asked once the note of this merge is written.

    The lock keeps merges apart, but where it was left behind, or in an object store, two may pass it at once. Then the
    one that wrote its note later sees the other's, or that its inputs are gone; so at most one of them goes on.
    """
    others = [name for name in _unfinished(files, table) if name != merged]
    taken = {name for other in others for name in replaced(files, table, other)}
    return not taken.isdisjoint(inputs) or not set(inputs) <= set(files.names(table))


def abandoned(files: Files, table: str, after_s: float) -> list[str]:
    """Names of the notes of merges that died before they took effect, once they are so old."""
    folder, present = notes_folder(table), set(files.names(table))
    notes = [note_name(merged) for merged in _unfinished(files, table) if merged not in present]
    return [note for note in notes if files.age_s(folder, note) > after_s]


def _unfinished(files: Files, table: str) -> list[str]:
    """Merged files whose note is not marked as done, whether they are there or not."""
    notes = [name for name in files.names(notes_folder(table), NOTE) if not name.endswith(DONE)]
    return [note.removesuffix(NOTE) + PARQUET for note in notes]
