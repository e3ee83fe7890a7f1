"""Runs that end within moments of each other: their rows wait in a journal and become Parquet many at a time.

To write a run as Parquet files of its own takes a millisecond or more. That is little for a run of seconds, but for one
of microseconds, such as a metric on predictions that exist already, it is many times the work itself. So a worker that
records runs in quick succession appends each of them, with all its rows, as one line to a file of its own under
`.sweeper/journal/`, a segment. From then on the run is durable, and every reader of this package sees it. `flush` turns
a whole segment into one Parquet file per table. The driver of a sweep flushes every second and at its end; after a
crash, the next sweep or compaction does it.

A process holds the file lock of a segment while it appends to it or flushes it, and the lock ends with the process. So
a segment is never flushed while somebody appends to it, and a writer whose segment was flushed starts another. Flushing
again after a crash replaces the same files, because their names are made of the name of the segment. While a segment
exists, its rows count and these files do not.
"""

from __future__ import annotations

import fcntl
import os
import platform
import time
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path

import pyarrow as pa

from sweeper.errors import DamagedFileWarning
from sweeper.store import journal_lines, sealed
from sweeper.store.arrow_columns import NotPlainError, are_plain, stored_values
from sweeper.store.files import PARQUET, PRIVATE, Files, UnreadableFileError
from sweeper.store.journal_lines import NOTHING, Tail, Waiting
from sweeper.store.local_files import LocalFiles
from sweeper.store.parquet import encode_large, new_name
from sweeper.store.quarantine import put_aside
from sweeper.store.schema import ATTEMPTS, Rows

FOLDER = f"{PRIVATE}/journal"
SEGMENT = ".jsonl"
FROM_SEGMENT = "_folded.parquet"
"""The end of the name of a file that was made of a segment."""
PATIENCE_S = 5.0
"""How long `flush` waits for another process that flushes the same segment."""


@cache
def boot_id() -> str:
    """Which boot of which machine this is: its processes, in containers too, see each other's file locks."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        return platform.node()


class Journal:
    """What one process appends to: a segment of its own, and a new one after each flush."""

    def __init__(self, files: LocalFiles) -> None:
        self._files = files
        self._segment = ""
        self._handle = -1
        self._tables: dict[tuple[str, int], tuple[int, pa.Schema]] = {}
        """Number of each table in the segment, by its name and the identity of its columns."""

    def append(self, entry: Sequence[Rows]) -> str | None:
        """Add all rows of one run, or none. Once this returns, they outlive this process.

        Returns
        -------
        str or None
            Name of the Parquet files that will hold these rows; `None` where a value is not plain. Then nothing was
            written.

        Raises
        ------
        OSError
            The disk is full or cannot be written.
        """
        if not all(are_plain(rows.schema) for rows in entry):
            return None
        try:
            checked = [(rows.table, rows.schema, stored_values(rows.schema, rows.rows)) for rows in entry]
            with self._locked() as handle:
                _write(handle, self._line(checked))
        except (NotPlainError, UnicodeEncodeError):
            return None
        return parquet_name(self._segment)

    def _line(self, entry: Sequence[tuple[str, pa.Schema, list[list[object]]]]) -> bytes:
        known = len(self._tables)
        rows: list[tuple[int, list[list[object]]]] = []
        for table, schema, values in entry:
            number, _ = self._tables.setdefault((table, id(schema)), (len(self._tables), schema))
            rows.append((number, values))
        new = [(table, schema) for (table, _), (_, schema) in islice(self._tables.items(), known, None)]
        return journal_lines.line(known, new, rows)

    @contextmanager
    def _locked(self) -> Generator[int]:
        """The open segment, locked for one append."""
        while not (self._handle >= 0 and _lock(self._handle) and os.fstat(self._handle).st_nlink):
            self._begin()
        try:
            yield self._handle
        except BaseException:  # it is not known how much of the line was written
            self._leave()
            raise
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def _leave(self) -> None:
        """Close this segment, which also releases its lock."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _begin(self) -> None:
        """Start a new segment, because the last one is being flushed, or is gone, or an append to it failed."""
        self._leave()
        self._segment = new_name().removesuffix(PARQUET) + SEGMENT
        self._tables.clear()
        self._handle = self._files.open_new(FOLDER, self._segment, os.O_WRONLY | os.O_APPEND)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(handle: int, line: bytes) -> None:
    """Append a whole line, or remove the part of it that was written."""
    written = os.write(handle, line)
    if written < len(line):
        os.ftruncate(handle, os.fstat(handle).st_size - written)
        raise OSError(f"only {written} of {len(line)} bytes could be written: the disk may be full")


# Rows that wait


def waiting(files: Files) -> dict[str, Waiting]:
    """The rows in every segment, by the name of the Parquet files that it will become."""
    rows = {parquet_name(segment): read_segment(files, segment) for segment in segments(files)}
    return {name: segment for name, segment in rows.items() if segment != NOTHING}


class Tails:
    """What is appended to the segments of a store: rows of one table, each once.

    Those of a segment that is flushed before anybody looks are not seen here, but in the file that it becomes.
    """

    def __init__(self, files: Files, table: str, names: Sequence[str]) -> None:
        self._files, self._table, self._names = files, table, names
        self._tails: dict[str, Tail] = {}

    def take(self) -> list[list[object]]:
        """The values of the columns `names` in each row that was appended since the last time."""
        self._tails = {segment: self._tails.get(segment) or Tail() for segment in segments(self._files)}
        return [row for segment, tail in self._tails.items() for row in self._rows(segment, tail)]

    def _rows(self, segment: str, tail: Tail) -> list[list[object]]:
        with suppress(OSError), open(str(self._files.source(FOLDER, segment)), "rb") as file:
            file.seek(tail.taken)
            return tail.take(file.read(), self._table, self._names)
        return []


def read_segment(files: Files, segment: str) -> Waiting:
    """The rows in one segment; `NOTHING` where it is empty, or was flushed since it was listed. Damage is warned of."""
    place = f"{files.uri}/{FOLDER}/{segment}"
    try:
        rows = journal_lines.parsed(files.get(FOLDER, segment))
    except UnreadableFileError as error:
        warnings.warn(f"{place} {error.reason} (`sweeper check --repair` moves it aside)", DamagedFileWarning, 2)
        return NOTHING
    if rows.damaged:
        warnings.warn(f"{place} has {rows.damaged} lines that cannot be read", DamagedFileWarning, stacklevel=2)
    return rows


def segments(files: Files) -> list[str]:
    """Names of the segments; an object store has none, since files cannot be appended to there."""
    return files.names(FOLDER, SEGMENT) if isinstance(files, LocalFiles) else []


def parquet_name(segment: str) -> str:
    """The name, in every table, of the Parquet file that a segment becomes."""
    return segment.removesuffix(SEGMENT) + FROM_SEGMENT


def flush(files: Files) -> int:
    """Make Parquet of every segment, completed attempts last; returns how many segments there were."""
    return sum(_flush(files, segment) for segment in segments(files))


def _flush(files: Files, segment: str) -> bool:
    with _held(str(files.source(FOLDER, segment))) as held:
        if not held:
            return False
        rows = read_segment(files, segment)
        for table in sorted(rows.tables, key=lambda name: name == ATTEMPTS):
            sealed.put(files, table, parquet_name(segment), encode_large(rows.tables[table]))
        if rows.damaged:
            put_aside(files, FOLDER, segment, files.get(FOLDER, segment))
        files.remove(FOLDER, segment)  # not moved: its writer sees by the missing link that it must start another
    return True


@contextmanager
def _held(path: str) -> Generator[bool]:
    """Yields whether this process holds the lock of a segment that still exists."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:  # flushed by another process, or no file that can be read, of which readers warn
        yield False
        return
    try:
        gives_up = time.monotonic() + PATIENCE_S
        while not (locked := _lock(handle)) and time.monotonic() < gives_up:
            time.sleep(0.001)  # `flock` cannot wait with a time limit
        yield locked and bool(os.fstat(handle).st_nlink)
    finally:
        os.close(handle)
