"""Merges many small files into one; safe against a crash at any step, and beside writers and other compactions."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pyarrow as pa

from sweeper.store import journal, json_files, live_files, merge_lock, sealed
from sweeper.store.files import Files
from sweeper.store.merge_lock import MergeLock
from sweeper.store.parquet import SCHEMA_FILE, encode_large, new_name, read_all, union

GRACE_S = 10.0
"""Younger files are not merged: somebody may be about to open them by name."""
BATCH = 5_000
"""The most files in one merge, which limits its memory and the time until the lock is renewed."""


@dataclass(frozen=True)
class Compacted:
    """What a compaction did."""

    merged: dict[str, int]
    """How many files became one, by table."""
    skipped: str = ""
    """Why nothing was done, where another compaction was running."""

    def __str__(self) -> str:
        if self.skipped:
            return self.skipped
        done = ", ".join(f"{count} files of {table}" for table, count in self.merged.items())
        return f"merged {done}" if done else "nothing to merge"


def compact(files: Files, *, grace_s: float = GRACE_S, at_least: int = 2) -> Compacted:
    """Merge the small files of each table that has `at_least` of them, and finish merges that were interrupted."""
    journal.flush(files)
    tables = [table for table in files.tables() if at_least <= 2 or len(files.names(table)) >= at_least]
    if not tables:
        return Compacted({})
    files.refuse_unconditional()
    with merge_lock.held(files) as lock:
        if lock is None:
            return Compacted({}, "another compaction is at work; nothing was done")
        done: dict[str, int] = {}
        for table in tables:
            live_files.finish(files, table)
            for note in live_files.abandoned(files, table, merge_lock.EXPIRES_S):
                files.remove(live_files.notes_folder(table), note)
            while (count := _merge(files, table, lock, grace_s, at_least)) > 0:
                done[table] = done.get(table, 0) + count
        return Compacted(done)


def _merge(files: Files, table: str, lock: MergeLock, grace_s: float, at_least: int) -> int:
    inputs = _old_enough(files, table, grace_s)[:BATCH]
    readable = _readable(files, table, inputs) if len(inputs) >= at_least else {}
    if len(readable) < at_least:
        return 0
    merged = new_name(live_files.MERGED.removesuffix(".parquet"))
    data = encode_large(union(table, readable.values()))
    folder, note = live_files.notes_folder(table), live_files.note_name(merged)
    files.put(folder, note, json_files.listed([*readable], merged))
    if not lock.renew() or live_files.is_contested(files, table, merged, readable):
        files.remove(folder, note)
        return 0
    sealed.put(files, table, merged, data)
    live_files.finish(files, table)
    return len(readable)


def _readable(files: Files, table: str, inputs: list[str]) -> dict[str, pa.Table]:
    """The files that belong to this table by its schema file, and whose rows all say to which run they belong."""
    schema_file = [SCHEMA_FILE] if SCHEMA_FILE in files.names(table) else []
    read = read_all(files, table, [*schema_file, *inputs], whole=True)
    return {name: rows for name, rows in read.items() if name != SCHEMA_FILE}


def _old_enough(files: Files, table: str, grace_s: float) -> list[str]:
    """Names begin with the time of writing in milliseconds; a file with another name is not merged."""
    before = (time.time() - grace_s) * 1000
    names = [name for name in live_files.mergeable(files, table) if name.split("_")[0].isdigit()]
    return [name for name in names if int(name.split("_")[0]) <= before and _is_settled(files, table, name, grace_s)]


def _is_settled(files: Files, table: str, name: str, grace_s: float) -> bool:
    """A file made of a segment is named after the segment, which may be much older, so its real age is looked up."""
    return not name.endswith(journal.FROM_SEGMENT) or files.age_s(table, name) >= grace_s
