"""Which files of a table count.

A merge writes one file in the place of many. What it replaces is written down first, as a note under
`.sweeper/merged/<table>/`; the merge then takes effect in one step, when its file appears. From then on readers leave
out what the note lists, so that a row is never seen twice or not at all, whenever the process that merges dies. Once
what was replaced is gone, the note is marked as done and no reader opens it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import pyarrow as pa

from sweeper.store.files import PRIVATE, Files
from sweeper.store.parquet import SCHEMA_FILE, VanishedError, read

MERGED = "_merged.parquet"
"""How the name of a file that a merge wrote ends."""
NOTE, DONE = ".json", ".done.json"
TRIES = 10


def notes_folder(table: str) -> str:
    """Where the notes of a table's merges are."""
    return f"{PRIVATE}/merged/{table}"


def note_name(merged: str) -> str:
    """Name of the note of a merge that is not done."""
    return merged.removesuffix(".parquet") + NOTE


def open_merges(files: Files, table: str, present: Sequence[str]) -> dict[str, list[str]]:
    """Merged files that took effect and whose inputs may still be there, with the names of these inputs."""
    merged = {name for name in present if name.endswith(MERGED)}
    notes = set(files.names(notes_folder(table), NOTE)) if merged else set[str]()
    return {name: replaced(files, table, name) for name in sorted(merged) if note_name(name) in notes}


def replaced(files: Files, table: str, merged: str) -> list[str]:
    """What a merge replaced, by its note."""
    return json.loads(files.get(notes_folder(table), note_name(merged)))


def live(files: Files, table: str) -> list[str]:
    """Names of the files of a table whose rows count, in the order of their names."""
    present = files.names(table)
    gone = {name for inputs in open_merges(files, table, present).values() for name in inputs}
    return [name for name in present if name not in gone]


def read_live(
    files: Files, table: str, wanted: Sequence[str] | None = None, names: Sequence[str] | None = None
) -> pa.Table | None:
    """The rows that count of a table; listed anew where a merge replaced a file between listing and reading."""
    for attempt in range(TRIES):
        chosen = live(files, table) if names is None or attempt else names
        try:
            return read(files, table, chosen, wanted)
        except VanishedError:
            continue
    raise VanishedError(f"{files.uri}/{table} changes faster than it can be read; try again.")


def finish(files: Files, table: str) -> None:
    """Remove what merges that took effect replaced, and mark these as done."""
    for merged, inputs in open_merges(files, table, files.names(table)).items():
        for name in inputs:
            files.remove(table, name)
        folder, note = notes_folder(table), note_name(merged)
        files.move(folder, note, folder, note.removesuffix(NOTE) + DONE)


def small(names: Iterable[str]) -> list[str]:
    """Those that a merge may take: neither the schema file nor already merged ones."""
    return [name for name in names if name != SCHEMA_FILE and not name.endswith(MERGED)]
