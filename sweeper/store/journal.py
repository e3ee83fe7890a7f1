"""Runs that end within moments of each other: their rows wait in a journal and become Parquet many at a time.

A Parquet file costs its writer a third of a millisecond. A run of seconds does not feel that; one of microseconds, a
metric on predictions that are there already, does, three times over. So a worker that records runs in quick succession
appends each of them, with all its rows, as one line to a segment of its own under `.sweeper/journal/`. From then on the
run is durable and in every answer of this package. `fold` makes one Parquet file per table of a whole segment; the
driver of a sweep does so every second and at its end, and whoever compacts or runs the next sweep after a crash.

Whoever appends to a segment or folds it holds its file lock, which ends with the process, so a segment is never folded
under a writer, and a writer whose segment was folded begins another. Folding again after a crash replaces the same
files, because their names come from the segment's; while a segment is there, its rows count and these files do not.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import time
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from sweeper.store.cells import KINDS, TIME, NotPlainError, are_plain, cells
from sweeper.store.files import PARQUET, PRIVATE, QUARANTINE, Files, LocalFiles
from sweeper.store.parquet import DamagedFileWarning, encode_large, new_name, union
from sweeper.store.schema import ATTEMPTS, Rows

FOLDER = f"{PRIVATE}/journal"
SEGMENT = ".jsonl"
FOLDED = "_folded.parquet"
"""How the name of a file that was made of a segment ends."""
PATIENCE_S = 5.0
"""How long `fold` waits for somebody who folds the same segment."""
_TYPES = {str(kind): kind for kind in KINDS}
_UNFIT = (ValueError, TypeError, OverflowError, pa.ArrowException)
"""What Arrow raises for a cell that does not fit its column."""


@cache
def kernel() -> str:
    """Which running kernel this is: its processes, in containers too, see each other's file locks; others may not."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        return platform.node()


class Journal:
    """What one process appends to: a segment of its own, begun anew whenever the last was folded."""

    def __init__(self, files: LocalFiles) -> None:
        self._files = files
        self._segment = ""
        self._handle = -1
        self._tables: dict[tuple[str, int], tuple[int, pa.Schema]] = {}
        """Number of each table in the segment, by its name and the identity of its columns."""

    def append(self, entry: Sequence[Rows]) -> str | None:
        """Add all rows of one run, or nothing of it; it outlives this process when this returns.

        Returns
        -------
        str or None
            Name of the Parquet files that will hold these rows; `None` where a value is not plain, and nothing was
            written.

        Raises
        ------
        OSError
            The disk is full or cannot be written.
        """
        if not all(are_plain(rows.schema) for rows in entry):
            return None
        try:
            said = [(rows.table, rows.schema, cells(rows.schema, rows.rows)) for rows in entry]
            with self._locked() as handle:
                _write(handle, self._line(said))
        except (NotPlainError, UnicodeEncodeError):
            return None
        return folded_name(self._segment)

    def _line(self, said: Sequence[tuple[str, pa.Schema, list[list[Any]]]]) -> bytes:
        new: list[Any] = []
        rows: list[Any] = []
        for table, schema, values in said:
            number, _ = self._tables.get((table, id(schema)), (None, None))
            if number is None:
                number = len(self._tables)
                self._tables[table, id(schema)] = number, schema
                new.append([table, [[column.name, str(column.type)] for column in schema]])
            rows.append([number, values])
        line = {"tables": new, "rows": rows} if new else {"rows": rows}
        return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    @contextmanager
    def _locked(self) -> Generator[int]:
        """The open segment, locked for one append."""
        while not (self._handle >= 0 and _lock(self._handle) and os.fstat(self._handle).st_nlink):
            self._begin()
        try:
            yield self._handle
        except BaseException:  # how much of it went out, and whether what it defined is known, is uncertain
            self._leave()
            raise
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def _leave(self) -> None:
        """Append no more to this segment, and let others have it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _begin(self) -> None:
        """A new segment; the one that there was is being folded, or gone, or an append to it failed."""
        self._leave()
        self._segment = new_name().removesuffix(PARQUET) + SEGMENT
        self._tables.clear()
        path = self._files.make(FOLDER, self._segment)
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(handle: int, line: bytes) -> None:
    """Append a line whole, or take back what went out of it."""
    written = os.write(handle, line)
    if written < len(line):
        os.ftruncate(handle, os.fstat(handle).st_size - written)
        raise OSError(f"only {written} of {len(line)} bytes could be written: the disk may be full")


# What waits


class Waiting(NamedTuple):
    """What one segment holds."""

    tables: Mapping[str, pa.Table]
    damaged: int
    """Lines that cannot be read."""


NOTHING = Waiting({}, 0)


def waiting(files: Files) -> dict[str, Waiting]:
    """What is in every segment, by the name of the Parquet files that it will become."""
    found = {folded_name(segment): look(files, segment) for segment in segments(files)}
    return {name: inside for name, inside in found.items() if inside != NOTHING}


def look(files: Files, segment: str) -> Waiting:
    """What one segment holds; `NOTHING` where it was folded since it was listed, or nothing is in it yet."""
    data = files.get(FOLDER, segment)
    return _parsed(data, f"{files.uri}/{FOLDER}/{segment}") if data else NOTHING


def segments(files: Files) -> list[str]:
    """Names of the segments; an object store has none, since nothing can be appended there."""
    return files.names(FOLDER, SEGMENT) if isinstance(files, LocalFiles) else []


def folded_name(segment: str) -> str:
    """The name, in every table, of the Parquet file that a segment becomes."""
    return segment.removesuffix(SEGMENT) + FOLDED


def fold(files: Files) -> int:
    """Make Parquet of every segment, completed attempts last; returns how many segments there were."""
    return sum(_fold(files, segment) for segment in segments(files))


def _fold(files: Files, segment: str) -> bool:
    path = str(files.source(FOLDER, segment))
    with _held(path) as held:
        if not held:
            return False
        inside = _parsed(Path(path).read_bytes(), path)
        for table in sorted(inside.tables, key=lambda name: name == ATTEMPTS):
            files.put(table, folded_name(segment), encode_large(inside.tables[table]))
        if inside.damaged:
            files.put(f"{QUARANTINE}/journal", segment, Path(path).read_bytes())
        files.remove(FOLDER, segment)
    return True


@contextmanager
def _held(path: str) -> Generator[bool]:
    """Whether this process alone has a segment that is still there."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield False
        return
    try:
        gives_up = time.monotonic() + PATIENCE_S
        while not (locked := _lock(handle)) and time.monotonic() < gives_up:
            time.sleep(0.001)  # a file lock can be waited for only without a limit
        yield locked and bool(os.fstat(handle).st_nlink)
    finally:
        os.close(handle)


# What a segment says


@dataclass
class _Columns:
    """Rows of one table as they are read."""

    table: str
    schema: pa.Schema
    rows: list[list[Any]] = field(default_factory=list[list[Any]])

    def to_table(self) -> pa.Table:
        columns = list(zip(*self.rows, strict=True))
        return pa.table([_array(values, c.type) for values, c in zip(columns, self.schema, strict=True)], self.schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.int64()).cast(kind) if kind == TIME else pa.array(values, kind)


def _parsed(data: bytes, place: str) -> Waiting:
    lines = data[: data.rfind(b"\n") + 1].splitlines()  # a torn last line belongs to a run that was not recorded
    try:
        tables, damaged = _together(lines)
    except _UNFIT:  # some line has a cell that does not fit its column: find out which, line by line
        tables, damaged = _together(lines, wary=True)
    if damaged:
        warnings.warn(f"{place} has {damaged} lines that cannot be read", DamagedFileWarning, stacklevel=2)
    return Waiting(tables, damaged)


def _together(lines: Sequence[bytes], *, wary: bool = False) -> tuple[dict[str, pa.Table], int]:
    """The rows of all lines by table, and how many lines cannot be read; the wary way converts each line by itself."""
    read: list[_Columns] = []
    damaged = sum(not _take(line, read, wary) for line in lines)
    return dict(_tables(read)), damaged


def _take(line: bytes, read: list[_Columns], wary: bool) -> bool:
    """Add what one line says; whether it could be read."""
    try:
        said = json.loads(line)
        for table, columns in said.get("tables", ()):
            read.append(_Columns(table, pa.schema([(name, _TYPES[kind]) for name, kind in columns])))
        rows = [(read[number], cells) for number, cells in said["rows"]]
        if any(len(row) != len(table.schema) for table, cells in rows for row in cells):
            return False
        if wary:
            for table, cells in filter(lambda row: row[1], rows):
                _Columns(table.table, table.schema, cells).to_table()
    except (*_UNFIT, LookupError, AttributeError):
        return False
    for table, cells in rows:
        table.rows.extend(cells)
    return True


def _tables(read: Sequence[_Columns]) -> Iterator[tuple[str, pa.Table]]:
    for name in dict.fromkeys(columns.table for columns in read):
        mine = [columns.to_table() for columns in read if columns.table == name and columns.rows]
        if mine:
            yield name, union(name, mine)
