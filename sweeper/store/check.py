"""Whether every file of a store is what it should be."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from sweeper.store import asked, catalog, journal
from sweeper.store.files import PARQUET, PRIVATE, QUARANTINE, Files
from sweeper.store.foreign import Judge, key_of, of_a_run
from sweeper.store.parquet import SCHEMA_FILE, DamagedFileWarning, encode_large

TEMPORARY = f"{PRIVATE}/tmp"
LEFT_BEHIND_S = 3600.0
"""A temporary file this old belongs to a writer that died."""


@dataclass(frozen=True)
class CheckReport:
    """What a check found; places are `table/name`."""

    files: int
    """How many files of tables were looked at."""
    damaged: tuple[str, ...]
    """Parquet files that cannot be read, and why."""
    foreign: tuple[str, ...]
    """Files in the folder of a table that are no Parquet files, or no files of this table, and why."""
    leftovers: tuple[str, ...]
    """What writers or merges left behind when they died; never read."""
    keyless: tuple[str, ...] = ()
    """Files with rows that do not say to which run they belong, and how many; the others of their rows count."""
    repaired: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged or foreign, and every row says what it is of."""
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

    With `repair`, damaged and foreign files go to `.sweeper/quarantine/<table>/`, leftovers are removed, rows that wait
    in journals become Parquet, and merges that were interrupted are finished.
    """
    torn = _torn(files)
    if repair:
        journal.fold(files)
    found: list[_Finding] = []
    seen = 0
    for table in files.tables():
        if repair:
            catalog.finish(files, table)
        names = files.names(table, "")
        judge = Judge(table, _announced(files, table) if SCHEMA_FILE in names else None)
        found += filter(None, (_looked_at(files, table, name, judge) for name in names))
        seen += len(names)
    found += [_Finding(asked.FOLDER, name, reason, "damaged") for name, reason in asked.damaged(files).items()]
    leftovers = _leftovers(files)
    if repair:
        for finding in found:
            _set_aside(files, finding)
        for folder, name in leftovers:
            files.remove(folder, name)
    return CheckReport(
        seen,
        (*_places(found, "damaged"), *torn),
        _places(found, "foreign"),
        tuple(f"{folder}/{name}" for folder, name in leftovers),
        _places(found, "keyless"),
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


def _places(found: Sequence[_Finding], kind: str) -> tuple[str, ...]:
    return tuple(str(finding) for finding in found if finding.kind == kind)


def _set_aside(files: Files, finding: _Finding) -> None:
    """Move a file away; where only some of its rows are to go, a copy of it, and it goes on without them."""
    table, name, aside = finding.table, finding.name, f"{QUARANTINE}/{finding.table.removeprefix(f'{PRIVATE}/')}"
    if finding.kind != "keyless":
        files.move(table, name, aside)
        return
    data = files.get(table, name)
    files.put(aside, name, data)
    rows = of_a_run(table, pq.read_table(pa.BufferReader(data)))
    if len(rows):
        files.put(table, name, encode_large(rows))
    else:
        files.remove(table, name)


def _looked_at(files: Files, table: str, name: str, judge: Judge) -> _Finding | None:
    """What is wrong with a file, which is read to its last page."""
    if not name.endswith(PARQUET):
        return _Finding(table, name, "", "foreign")
    try:
        with pq.ParquetFile(files.source(table, name)) as file:
            reason, lacking = judge.against(file.schema_arrow), 0
            for batch in file.iter_batches():
                batch.validate()
                reason = reason or judge.without_key(batch)
                lacking += 0 if reason else len(batch) - len(of_a_run(table, batch))
    except FileNotFoundError:
        return None  # a merge took it
    except (pa.ArrowException, OSError, ValueError) as error:
        return _Finding(table, name, str(error).strip().splitlines()[0], "damaged")
    if lacking:
        return _Finding(table, name, f"{lacking} rows without a {key_of(table)}", "keyless")
    return _Finding(table, name, reason, "foreign") if reason else None


def _announced(files: Files, table: str) -> pa.Schema | None:
    """What the schema file of a table says; `None` where it cannot be read, which is found when its turn comes."""
    try:
        with pq.ParquetFile(files.source(table, SCHEMA_FILE)) as file:
            return file.schema_arrow
    except (pa.ArrowException, OSError, ValueError):
        return None


def _torn(files: Files) -> list[str]:
    """Segments of journals with lines that cannot be read; folding sets them aside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)  # they are in the report
        found = {segment: journal.look(files, segment) for segment in journal.segments(files)}
    return [
        f"{journal.FOLDER}/{segment}: {inside.damaged} lines" for segment, inside in found.items() if inside.damaged
    ]


def _leftovers(files: Files) -> list[tuple[str, str]]:
    old = [(TEMPORARY, n) for n in files.names(TEMPORARY, "") if files.age_s(TEMPORARY, n) > LEFT_BEHIND_S]
    for table in files.tables():
        old += [(catalog.notes_folder(table), note) for note in catalog.abandoned(files, table, LEFT_BEHIND_S)]
    return old
