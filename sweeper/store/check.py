"""Whether every file of a store is what it should be."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from sweeper.common.text import first_line
from sweeper.errors import DamagedFileWarning
from sweeper.store import formats, journal, live_files, private_check, rowless, sealed
from sweeper.store.files import PARQUET, QUARANTINE, Files
from sweeper.store.finding import Finding, Kind
from sweeper.store.parquet import ROWS_IN_SCHEMA_FILE, SCHEMA_FILE
from sweeper.store.quarantine import make_way, set_aside
from sweeper.store.rewriting import keep_only
from sweeper.store.schema_match import SchemaMatch, key_column, rows_with_key


@dataclass(frozen=True)
class CheckReport:
    """What a check found. Files are named `table/name`, with what is wrong with each."""

    files: int
    """How many files of tables were looked at."""
    damaged: tuple[str, ...]
    """Files that cannot be read, or do not hold what they should, and why."""
    foreign: tuple[str, ...]
    """Files in the folder of a table that are not Parquet files, or not files of this table, and why."""
    leftovers: tuple[str, ...]
    """Files that writers or merges left behind when they died; they are never read."""
    keyless: tuple[str, ...] = ()
    """Files with rows that do not say to which run they belong, and how many; their other rows count."""
    rowless: tuple[str, ...] = ()
    """Files with attempts that completed, whose rows in their payload table are gone, and which attempts."""
    repaired: bool = False

    @property
    def sound(self) -> bool:
        """Whether no file is damaged or foreign, every row says to what it belongs, and no attempt lacks its rows."""
        return not (self.damaged or self.foreign or self.keyless or self.rowless)

    def __str__(self) -> str:
        done = f" -> {QUARANTINE}" if self.repaired else ""
        lines = [f"damaged: {place}{done}" for place in self.damaged]
        lines += [f"foreign: {place}{done}" for place in self.foreign]
        lines += [f"rows left out: {place}{done}" for place in self.keyless]
        lines += [f"without its rows: {place}{done}" for place in self.rowless]
        lines += [f"left behind: {place}{' -> removed' if self.repaired else ''}" for place in self.leftovers]
        lines.append(f"{self.files} files, {len(self.damaged)} damaged, {len(self.foreign)} foreign")
        return "\n".join(lines)


def check(files: Files, *, repair: bool = False) -> CheckReport:
    """Open every file of every table, and every file beside them, far enough to know that it can be read.

    With `repair`, damaged and foreign files are moved to `.sweeper/quarantine/`, leftovers are removed, the format file
    is written again where it is damaged, rows that wait in journals become Parquet, and interrupted merges are ended.
    Attempts that completed and whose rows are gone are moved there too, so that `rerun=missing` runs them again.
    """
    files.look_anew()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)  # all of it is in the report
        return _checked(files, repair)


def _checked(files: Files, repair: bool) -> CheckReport:
    no_folders = private_check.no_folders(files)
    if repair:
        for finding in no_folders:
            make_way(files, finding.folder, finding.name)
    wrong = [*private_check.segments(files)]
    if repair:
        journal.flush(files)
    count, of_tables = _tables(files, repair)
    wrong += [*of_tables, *private_check.damaged(files), *private_check.left_behind(files)]
    if repair:
        _repair(files, wrong)
        formats.announce(files)
    gone = rowless.found(files, sure=repair)  # after the repair: what was damaged is no more
    if repair:
        for one in gone:
            rowless.take_out(files, one)
    return _report(count, [*no_folders, *wrong, *(one.finding() for one in gone)], repair)


def _report(count: int, wrong: Sequence[Finding], repaired: bool) -> CheckReport:
    places = {kind: tuple(str(finding) for finding in wrong if finding.kind is kind) for kind in Kind}
    return CheckReport(
        count,
        places[Kind.DAMAGED],
        places[Kind.FOREIGN],
        places[Kind.LEFT_BEHIND],
        places[Kind.KEYLESS],
        places[Kind.ROWLESS],
        repaired,
    )


def _tables(files: Files, repair: bool) -> tuple[int, list[Finding]]:
    """How many files the tables have, and what is wrong with them."""
    findings: list[Finding] = []
    count = 0
    for table in files.tables():
        if repair:
            live_files.finish(files, table)
        names = files.names(table, "")
        match = SchemaMatch(table, _schema_file(files, table) if SCHEMA_FILE in names else None)
        findings += filter(None, (_looked_at(files, table, name, match) for name in names))
        count += len(names)
    return count, findings


def _repair(files: Files, wrong: Iterable[Finding]) -> None:
    for finding in wrong:
        with suppress(FileNotFoundError):  # journals that were flushed, notes of merges that ended meanwhile
            _set_aside(files, finding)


def _set_aside(files: Files, finding: Finding) -> None:
    """Move a file to the quarantine, or remove what was left behind; of a file with some bad rows these are removed."""
    folder, name = finding.folder, finding.name
    if finding.kind is Kind.LEFT_BEHIND and finding.reason != private_check.CUT_OFF:
        _remove(files, folder, name)
    elif finding.kind is Kind.KEYLESS:
        keep_only(files, folder, name, partial(rows_with_key, folder))
    elif finding.kind is not Kind.LEFT_BEHIND:
        set_aside(files, folder, name)


def _remove(files: Files, folder: str, name: str) -> None:
    try:
        files.remove(folder, name)
    except OSError:  # a folder in the place of a file
        set_aside(files, folder, name)


def _looked_at(files: Files, table: str, name: str, match: SchemaMatch) -> Finding | None:
    """What is wrong with a file; it is read to its last page."""
    if not name.endswith(PARQUET):
        return Finding(table, name, "", Kind.FOREIGN)
    try:
        with sealed.opened(files, table, name) as file:
            if name == SCHEMA_FILE and file.metadata.num_rows:
                return Finding(table, name, ROWS_IN_SCHEMA_FILE)
            reason, lacking = match.mismatch(file.schema_arrow), 0
            for batch in sealed.batches(file):
                reason = reason or match.missing_key(batch)
                lacking += 0 if reason else len(batch) - len(rows_with_key(table, batch))
    except FileNotFoundError:
        return None  # a merge replaced it
    except sealed.UNREADABLE as error:
        return Finding(table, name, first_line(error))
    if lacking:
        return Finding(table, name, f"{lacking} rows without a {key_column(table)}", Kind.KEYLESS)
    return Finding(table, name, reason, Kind.FOREIGN) if reason else None


def _schema_file(files: Files, table: str) -> pa.Schema | None:
    """The columns in the schema file of a table; `None` where it cannot be read, which is reported later."""
    try:
        with sealed.opened(files, table, SCHEMA_FILE) as file:
            return file.schema_arrow
    except sealed.UNREADABLE:
        return None
