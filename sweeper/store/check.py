"""Whether every file of a store is what it should be."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.store import journal, live_files, sweep_files
from sweeper.store.files import PARQUET, PRIVATE, QUARANTINE, Files
from sweeper.store.parquet import SCHEMA_FILE, DamagedFileWarning, encode_large
from sweeper.store.schema_match import SchemaMatch, key_column, rows_with_key

TEMPORARY = f"{PRIVATE}/tmp"
LEFT_BEHIND_S = 3600.0
"""A temporary file this old belongs to a writer that died."""


@dataclass(frozen=True)
class CheckReport:
    """What a check found. Files are named `table/name`, with what is wrong with each."""

    files: int
    """How many files of tables were looked at."""
    damaged: tuple[str, ...]
    """Parquet files that cannot be read, and why."""
    foreign: tuple[str, ...]
    """Files in the folder of a table that are not Parquet files, or not files of this table, and why."""
    leftovers: tuple[str, ...]
    """Files that writers or merges left behind when they died; they are never read."""
    keyless: tuple[str, ...] = ()
    """Files with rows that do not say to which run they belong, and how many; their other rows count."""
    repaired: bool = False

    @property
    def sound(self) -> bool:
        """Whether no file is damaged or foreign, and every row says to what it belongs."""
        return not (self.damaged or self.foreign or self.keyless)

    def __str__(self) -> str:
        done = f" -> {QUARANTINE}" if self.repaired else ""
        lines = [f"damaged: {place}{done}" for place in self.damaged]
        lines += [f"foreign: {place}{done}" for place in self.foreign]
        lines += [f"rows left out: {place}{done}" for place in self.keyless]
        lines += [f"left behind: {place}{' -> removed' if self.repaired else ''}" for place in self.leftovers]
        lines.append(f"{self.files} files, {len(self.damaged)} damaged, {len(self.foreign)} foreign")
        return "\n".join(lines)


def check(files: Files, *, repair: bool = False) -> CheckReport:
    """Open every file of every table far enough to know that it can be read.

    With `repair`, damaged and foreign files are moved to `.sweeper/quarantine/<table>/`, leftovers are removed, rows
    that wait in journals become Parquet, and interrupted merges are finished.
    """
    torn = _torn(files)
    if repair:
        journal.flush(files)
    findings: list[_Finding] = []
    checked = 0
    for table in files.tables():
        if repair:
            live_files.finish(files, table)
        names = files.names(table, "")
        match = SchemaMatch(table, _schema_file(files, table) if SCHEMA_FILE in names else None)
        findings += filter(None, (_looked_at(files, table, name, match) for name in names))
        checked += len(names)
    findings += [
        _Finding(sweep_files.FOLDER, name, reason, "damaged") for name, reason in sweep_files.damaged(files).items()
    ]
    leftovers = _leftovers(files)
    if repair:
        for finding in findings:
            _set_aside(files, finding)
        for folder, name in leftovers:
            files.remove(folder, name)
    return CheckReport(
        checked,
        (*_places(findings, "damaged"), *torn),
        _places(findings, "foreign"),
        tuple(f"{folder}/{name}" for folder, name in leftovers),
        _places(findings, "keyless"),
        repair,
    )


@dataclass(frozen=True)
class _Finding:
    """A file that is not what it should be."""

    table: str
    name: str
    reason: str
    kind: str
    """`damaged`, `foreign` or `keyless`."""

    def __str__(self) -> str:
        return f"{self.table}/{self.name}{': ' if self.reason else ''}{self.reason}"


def _places(findings: Sequence[_Finding], kind: str) -> tuple[str, ...]:
    return tuple(str(finding) for finding in findings if finding.kind == kind)


def _set_aside(files: Files, finding: _Finding) -> None:
    """Move a file to the quarantine; where only some of its rows are bad, move a copy and remove these rows."""
    table, name, aside = finding.table, finding.name, f"{QUARANTINE}/{finding.table.removeprefix(f'{PRIVATE}/')}"
    if finding.kind != "keyless":
        files.move(table, name, aside)
        return
    data = files.get(table, name)
    files.put(aside, name, data)
    rows = rows_with_key(table, pq.read_table(pa.BufferReader(data)))
    if len(rows):
        files.put(table, name, encode_large(rows))
    else:
        files.remove(table, name)


def _looked_at(files: Files, table: str, name: str, match: SchemaMatch) -> _Finding | None:
    """What is wrong with a file; it is read to its last page."""
    if not name.endswith(PARQUET):
        return _Finding(table, name, "", "foreign")
    try:
        with pq.ParquetFile(files.source(table, name)) as file:
            reason, lacking = match.mismatch(file.schema_arrow), 0
            for batch in file.iter_batches():
                batch.validate()
                reason = reason or match.missing_key(batch)
                lacking += 0 if reason else len(batch) - len(rows_with_key(table, batch))
    except FileNotFoundError:
        return None  # a merge replaced it
    except (pa.ArrowException, OSError, ValueError) as error:
        return _Finding(table, name, str(error).strip().splitlines()[0], "damaged")
    if lacking:
        return _Finding(table, name, f"{lacking} rows without a {key_column(table)}", "keyless")
    return _Finding(table, name, reason, "foreign") if reason else None


def _schema_file(files: Files, table: str) -> pa.Schema | None:
    """The columns in the schema file of a table; `None` where it cannot be read, which is reported later."""
    try:
        with pq.ParquetFile(files.source(table, SCHEMA_FILE)) as file:
            return file.schema_arrow
    except (pa.ArrowException, OSError, ValueError):
        return None


def _torn(files: Files) -> list[str]:
    """Segments of journals with lines that cannot be read; a flush moves them to the quarantine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)  # they are in the report
        rows = {segment: journal.read_segment(files, segment) for segment in journal.segments(files)}
    return [f"{journal.FOLDER}/{name}: {segment.damaged} lines" for name, segment in rows.items() if segment.damaged]


def _leftovers(files: Files) -> list[tuple[str, str]]:
    old = [(TEMPORARY, n) for n in files.names(TEMPORARY, "") if files.age_s(TEMPORARY, n) > LEFT_BEHIND_S]
    for table in files.tables():
        old += [(live_files.notes_folder(table), note) for note in live_files.abandoned(files, table, LEFT_BEHIND_S)]
    return old
