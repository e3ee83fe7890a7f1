"""The analytics store: what workers write, what the driver looks up and what people read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

import pyarrow as pa

from sweeper.common.clock import EPOCH
from sweeper.messages.outcome import Status
from sweeper.messages.receipts import HandedRows
from sweeper.messages.requests import MACHINE, PROCESS, AttemptInfo, Provenance, StoreLocation
from sweeper.store import attempt_states, compaction, formats, handed_over, journal, sweep_files, views
from sweeper.store.artifacts import artifact_path, read_artifact
from sweeper.store.attempt_names import attempt_name
from sweeper.store.check import CheckReport, check
from sweeper.store.compaction import Compacted
from sweeper.store.files import PRIVATE, Files
from sweeper.store.journal import Journal
from sweeper.store.local_files import LocalFiles
from sweeper.store.opening import open_files
from sweeper.store.parquet import encode, new_name
from sweeper.store.payload import payload_rows, records_of
from sweeper.store.schema import (
    ATTEMPTS,
    AttemptRow,
    PayloadRecord,
    RecordedRun,
    Rows,
    attempt_rows,
    entity_rows,
)
from sweeper.store.schema_file import SchemaFiles
from sweeper.store.tables import Tables

if TYPE_CHECKING:
    from sweeper.messages.asked import AskedSweep, SweepHeader
    from sweeper.store.arrow_columns import Row
    from sweeper.store.attempt_states import AttemptState

MOMENT_S = 0.05
"""A run that is recorded at least this long after the last one gets files of its own: they are then a small cost."""


class Store:
    """An analytics store at a URI; made by `open_store`."""

    def __init__(self, uri: str, storage_options: Mapping[str, object] | None, durability: str) -> None:
        self._files: Files = open_files(uri, storage_options or {}, durable=durability == MACHINE)
        self._says_format = False
        self._schema_files = SchemaFiles()
        self._journal: Journal | None = None
        self._recorded_at = float("-inf")

    @property
    def uri(self) -> str:
        """Where it is; a local store as an absolute path."""
        return self._files.uri

    @cached_property
    def files(self) -> Files:
        """The folders of the store. The first use checks that this version of sweeper can read them.

        Raises
        ------
        StoreError
            A newer version of sweeper wrote them, or they cannot be reached.
        """
        formats.refuse_newer(self._files)
        return self._files

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.files)

    def __repr__(self) -> str:
        return f"Store({self.uri!r})"

    # Writing, by workers

    def record(
        self,
        run: RecordedRun,
        *,
        provenance: Provenance,
        attempt: AttemptInfo | None = None,
        started_at: datetime | None = None,
        finished_at: datetime | None = None,
        inference_s: float | None = None,
        host: str | None = None,
        report_uri: str | None = None,
        warnings: str | None = None,
        may_wait: bool = False,
        hand_over: Callable[[HandedRows], None] | None = None,
    ) -> str | None:
        """Write one completed run: its payload, then `runs`, then the completed attempt.

        Because of this order, the rows of a completed attempt are always there. Nothing in the store is read.
        With `may_wait`, a run that follows another within moments is appended to a journal instead, and becomes
        Parquet at the next `flush_journals`. Use it only where a process on this machine calls that later.
        In an object store, where nothing can be appended, the rows of such a run are given to `hand_over` instead:
        whoever gets them writes a `batch_of` them, and until then the run is not recorded.

        Returns
        -------
        str or None
            URI of the payload file, or of its folder where the rows are handed over; `None` where the run measured
            nothing.

        Raises
        ------
        SchemaError
            The `run_uid` of the run is not a text, or its records do not fit one table.
        OSError
            The store cannot be written.
        """
        self._announce_format()
        records = records_of(run, same_uid=attempt is not None)
        entry = self._entry(run, records, provenance, attempt)
        if attempt is not None:
            row = AttemptRow.of(
                attempt,
                status=Status.COMPLETED.value,
                submitted_at=provenance.submitted_at,
                started_at=started_at,
                finished_at=finished_at,
                inference_s=inference_s,
                host=host,
                report_uri=report_uri,
                warnings=warnings,
                result_run_uid=run.run_uid,
                job_id=provenance.job_id,
                payload_table=records[0].table_name if records else None,
            )
            entry.append(attempt_rows(row))
        place = self._write_run(entry, may_wait, hand_over)
        self._recorded_at = time.monotonic()
        return place if records else None

    def _write_run(
        self, entry: Sequence[Rows], may_wait: bool, hand_over: Callable[[HandedRows], None] | None
    ) -> str | None:
        """Write the rows of one run in the cheapest way that is allowed; returns where those of the first table are."""
        if not entry:
            return None
        place = self._append(entry) if may_wait and self._in_succession(MOMENT_S) else None
        if place is None and hand_over is not None and self.hands_over and self._in_succession(handed_over.MOMENT_S):
            place = handed_over.give(entry, hand_over, self.uri)
        uris = [self._put(rows) for rows in entry] if place is None else [place]
        return uris[0]

    def _entry(
        self, run: RecordedRun, records: Sequence[PayloadRecord], provenance: Provenance, attempt: AttemptInfo | None
    ) -> list[Rows]:
        """The payload rows and `runs` rows of a run; without payload there are none, as with checkmaite."""
        if not records:
            return []
        payload = payload_rows(records, attempt.fingerprint if attempt else None, provenance.job_id)
        entities = entity_rows(run, payload.table, provenance)
        filled = [payload, entities] if entities.rows else [payload]
        return [
            rows._replace(schema=self._schema_files.announce(self.files, rows.table, rows.schema)) for rows in filled
        ]

    def write_attempts(self, rows: Sequence[AttemptRow]) -> None:
        """Write attempts, each in a file of its own, whose name says how the attempt ended."""
        self._announce_format()
        for row in rows:
            self._put(attempt_rows(row))

    def write_artifact(self, path: str, data: bytes) -> str:
        """Write a file that is not a table; returns its URI."""
        self._announce_format()
        folder, _, name = path.rpartition("/")
        return self.files.put(f"{PRIVATE}/{folder}", name, data)

    def read_artifact(self, path: str) -> bytes | None:
        """What `write_artifact` wrote under this path; `None` where there is nothing that can be read."""
        return read_artifact(self.files, path)

    def linked_artifact(self, uri: str) -> bytes | None:
        """The artifact that a `report_uri` names; `None` where this store does not have it.

        Only files below `.sweeper/` of this store are read. The part of the URI before that is ignored: it says where
        the store was when the URI was written, and the store may have been copied since.
        """
        path = artifact_path(uri)
        return None if path is None else self.read_artifact(path)

    def _put(self, rows: Rows) -> str:
        """Write a file of its own; returns its URI."""
        data = encode(rows.table, rows.to_table())
        row = rows.rows[0]
        if rows.table != ATTEMPTS:
            return self.files.put(rows.table, new_name(), data)
        status, fingerprint, version = (row[name] for name in ("status", "fingerprint", "sweeper_version"))
        known, ended = version if isinstance(version, str) else None, row["finished_at"]
        when = ended if isinstance(ended, datetime) else EPOCH
        return self.files.put(rows.table, attempt_name(len(data), str(status), str(fingerprint), known, when), data)

    def _in_succession(self, moment_s: float) -> bool:
        """Whether the last run was recorded a moment ago, so that writing files is most of the cost of a run."""
        return time.monotonic() - self._recorded_at < moment_s

    @property
    def hands_over(self) -> bool:
        """Whether `record` may hand over the rows of a run."""
        return not isinstance(self._files, LocalFiles)

    def batch_of(self, runs: Sequence[HandedRows]) -> handed_over.Batch:
        """What `record` handed over, ready to be written together; once it is, these runs are recorded."""
        return handed_over.Batch(self.files, runs)

    def _append(self, entry: Sequence[Rows]) -> str | None:
        """Append rows to a journal; returns the URI of the file that will hold those of the first table, or `None`."""
        if self._journal is None:
            if not isinstance(self.files, LocalFiles):
                return None
            self._journal = Journal(self.files)
        name = self._journal.append(entry)
        return None if name is None else str(self.files.source(entry[0].table, name))

    def _announce_format(self) -> None:
        """Write the format file of the store where it is missing; looked at once per process."""
        if not self._says_format:
            formats.announce(self.files)
            self._says_format = True

    # Looking up, by the driver

    def attempt_states(
        self,
        fingerprints: Collection[str],
        *,
        details: bool | Collection[str] = False,
        versions: Callable[[], Collection[str]] = lambda: (),
    ) -> dict[str, AttemptState]:
        """The state of each of these fingerprints that was ever attempted.

        The names of small files tell most of it. `details` adds revisions and durations, for all fingerprints or for
        those that it names; the files of these are opened. `versions()` names the fingerprints whose version of
        sweeper must be known; only the files of sweeper 0.1, whose names do not tell it, are opened for that.
        """
        wanted = list(fingerprints)
        chosen = set(wanted if details is True else details or ())
        return attempt_states.read_states(self.files, wanted, details=chosen, versions=versions) if wanted else {}

    def write_asked(self, sweep: AskedSweep) -> str:
        """Write what a sweep asks for, before anything of it runs; returns the URI of the file."""
        self._announce_format()
        return sweep_files.write(self.files, sweep)

    def asked_sweep(self, sweep_id: str) -> AskedSweep:
        """What the sweep of this id asked for, specs included.

        Raises
        ------
        StoreError
            Its file cannot be read.
        """
        return sweep_files.read(self.files, sweep_id)

    def sweep_ids(self) -> list[str]:
        """Ids of the sweeps that wrote what they asked for, the newest last."""
        return sweep_files.ids(self.files)

    def attempted_sweeps(self) -> list[str]:
        """Ids of the sweeps that attempted something, including those of older versions."""
        return sorted({sweep_id for sweep_id in self.attempts(("sweep_id",))["sweep_id"].to_pylist() if sweep_id})

    def same_names(self, sweep_ids: Iterable[str]) -> list[tuple[str, str, str]]:
        """An axis, a name that one of these sweeps dropped as a duplicate, and the name that stands for it."""
        return sweep_files.same_names(self.files, sweep_ids)

    def completed_since(self, sweep: SweepHeader) -> set[tuple[str, ...]]:
        """Fingerprint and names of each combination that this sweep, or one that began later, has completed."""
        return sweep_files.completed_since(self.files, sweep)

    def newest_failures(self, fingerprints: Collection[str]) -> dict[str, Row]:
        """The newest attempt of each fingerprint that failed or timed out, if any, without its traceback."""
        return views.newest_failures(self._tables, fingerprints)

    def log_dir(self, sweep_id: str) -> str:
        """A local folder for what the combinations of a sweep print."""
        return self._files.log_dir(sweep_id)

    # Reading, by people

    def tables(self) -> list[str]:
        """Names of the tables."""
        return self._tables.names()

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of a table, of every attempt. `columns` names the columns to read; those that it lacks are left out.

        Raises
        ------
        StoreError
            There is no such table.
        """
        return self._tables.table(name, columns)

    def attempts(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Every attempt, however it ended. `columns` names the columns to read."""
        return self._tables.attempts(columns)

    def completed(self) -> pa.Table:
        """The newest completed attempt of each combination that has one, with the columns of `attempts`.

        A further column, `newest_status`, says how its newest attempt ended, lost and cancelled ones not counted.
        """
        return views.completed(self._tables, None, None)

    def results(self, fingerprints: Collection[str] | None = None, sweep_id: str | None = None) -> pa.Table:
        """One flat row per measured value of the newest completed attempt of each combination.

        Columns: capability, dataset, model, metric (names of choices), key, value, scope, higher_is_better, sweep,
        fingerprint, finished_at, duration_s, caveat (why the value must not be called the best) and warning (what else
        a reader must know about it). Caveat and warning are mostly null.
        """
        return views.results(self._tables, fingerprints, sweep_id)

    def results_of(self, combinations: Iterable[tuple[str, ...]], caveats: Mapping[str, str] | None = None) -> pa.Table:
        """The rows of `results` for these combinations, in their order and under their names.

        A combination is a fingerprint and the names of capability, dataset, model and metric. A fingerprint may have
        been measured under other names before, and these may stand for something else now. So the names given here are
        used. `caveats` are further reasons, by fingerprint, why a value must not be called the best.
        """
        return views.results_of(self._tables, views.planned(combinations), caveats or {})

    def measured(self, attempts: pa.Table) -> pa.Table:
        """The values that these completed attempts measured, with the columns of `results`."""
        return views.measured(self._tables, attempts)

    def asked(self, sweep_id: str | None = None) -> pa.Table:
        """What each sweep asked for, under the names that it used, with the newest values of any sweep.

        One row per sweep, combination and value, and one row for a combination without values. Columns: sweep_id,
        sweep, began, capability, dataset, model, metric, key, value, scope, higher_is_better, decision (run or skip),
        reason, status (how its newest attempt ended), fingerprint, finished_at, duration_s, caveat, warning.
        """
        from sweeper.store.asked_view import asked_values

        return asked_values(self._tables, sweep_id)

    def entities(self, combinations: Iterable[tuple[str, ...]]) -> set[tuple[str, str, str]]:
        """Axis, name of the choice and `metadata["id"]` of the parts of combinations, given as to `results_of`."""
        return views.entities(self._tables, views.planned(combinations))

    def sql(self, query: str, *, allow_files: bool = False) -> pa.Table:
        """The answer of DuckDB over all tables and views, and files and extensions where `allow_files` lets it."""
        from sweeper.store.query import run_sql

        readers = {name: partial(self.table, name) for name in self.tables()}
        readers |= {"completed": self.completed, "results": self.results, "asked": self.asked}
        return run_sql(readers, query, allow_files=allow_files)

    # Maintenance

    def flush_journals(self) -> int:
        """Make Parquet of the rows that wait in journals; returns of how many. Safe while others write."""
        return journal.flush(self.files)

    def compact(self, *, grace_s: float = compaction.GRACE_S) -> Compacted:
        """Merge the small files of each table; safe while others write, read and compact."""
        return compaction.compact(self.files, grace_s=grace_s)

    def compact_if_needed(self) -> Compacted:
        """Merge the small files of tables that have many of them; journals are flushed first."""
        return compaction.compact(self.files, at_least=self.files.many_files)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Check every file for damage. `repair` moves bad files aside and removes what crashes left behind."""
        return check(self.files, repair=repair)


def open_store(
    uri: str | os.PathLike[str], storage_options: Mapping[str, object] | None = None, *, durability: str = PROCESS
) -> Store:
    """The analytics store at a path or URI (`s3://`, `gs://`, `abfs://`). Reads nothing yet.

    With `durability="machine"`, what is written to a disk is forced there, so that it outlives the machine too.

    Raises
    ------
    StoreError
        The URI is of a kind that cannot hold a store, or needs a package that is not installed.
    """
    return Store(os.fspath(uri), storage_options, durability)


def open_at(location: StoreLocation) -> Store:
    """The same for a location as settings and requests name it."""
    return open_store(location.uri, location.storage_options, durability=location.durability)
