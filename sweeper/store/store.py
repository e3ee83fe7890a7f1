"""One analytics store: what workers write, what the driver looks up, what people read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sweeper.messages.requests import AttemptInfo, Provenance
from sweeper.store import asked, compaction, formats, journal, states, views
from sweeper.store.announced import Announced
from sweeper.store.check import CheckReport, check
from sweeper.store.compaction import Compacted
from sweeper.store.files import PRIVATE, Files, LocalFiles, open_files
from sweeper.store.journal import Journal
from sweeper.store.names import attempt_name
from sweeper.store.parquet import encode, new_name
from sweeper.store.payload import payload_rows, records_of
from sweeper.store.schema import ATTEMPTS, AttemptRow, Rows, attempt_rows, entity_rows
from sweeper.store.tables import Tables

if TYPE_CHECKING:
    from sweeper.messages.asked import AskedSweep, SweepHeader
    from sweeper.store.states import AttemptState

MOMENT_S = 0.05
"""Runs that are recorded at least so far apart have files of their own: writing them is then little of the time."""


class Store:
    """An analytics store at a URI; `open_store` makes one."""

    def __init__(self, uri: str, storage_options: Mapping[str, Any] | None = None) -> None:
        self._files: Files = open_files(uri, storage_options or {})
        self._says_format = False
        self._announced = Announced()
        self._journal: Journal | None = None
        self._recorded_at = float("-inf")

    @property
    def uri(self) -> str:
        """Where it is; a local store as an absolute path."""
        return self._files.uri

    @cached_property
    def files(self) -> Files:
        """Its folders; whoever asks for them first learns whether this sweeper can read them.

        Raises
        ------
        StoreError
            A newer sweeper wrote them, or they cannot be reached.
        """
        formats.refuse_newer(self._files)
        return self._files

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.files)

    def __repr__(self) -> str:
        return f"Store({self.uri!r})"

    # What workers write

    def record(
        self,
        run: Any,
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
    ) -> str | None:
        """Write one completed run: its payload, then `runs`, then the completed attempt.

        The order is the promise: a completed attempt implies that its rows are there. Nothing that is stored is read.
        With `may_wait`, a run that follows another within moments is appended to a journal instead, and becomes
        Parquet at the next `fold`; only for who is sure that somebody folds on this machine.

        Returns
        -------
        str or None
            URI of the payload file, `None` where the run measured nothing.

        Raises
        ------
        SchemaError
            The run has no `run_uid` that is text, or its records do not fit one table.
        OSError
            The store cannot be written.
        """
        self._announce_format()
        records = records_of(run, same_uid=attempt is not None)
        entry = self._entry(run, records, provenance, attempt)
        if attempt is not None:
            row = AttemptRow.of(
                attempt,
                status="completed",
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
        places = self._append(entry) if may_wait and self._in_succession() else None
        if places is None:
            places = [self._put(rows) for rows in entry]
        self._recorded_at = time.monotonic()
        return places[0] if records else None

    def _entry(self, run: Any, records: list[Any], provenance: Provenance, attempt: AttemptInfo | None) -> list[Rows]:
        """The payload and `runs` rows of a run; as with checkmaite, one without payload leaves none in `runs`."""
        if not records:
            return []
        payload = payload_rows(records, attempt.fingerprint if attempt else None, provenance.job_id)
        entities = entity_rows(run, payload.table, provenance)
        found = [payload, entities] if entities.rows else [payload]
        return [rows._replace(schema=self._announced.see(self.files, rows.table, rows.schema)) for rows in found]

    def write_attempts(self, rows: Sequence[AttemptRow]) -> None:
        """Write attempts, a file for each, so that its name can say what became of it."""
        self._announce_format()
        for row in rows:
            self._put(attempt_rows(row))

    def write_artifact(self, path: str, data: bytes) -> str:
        """Write a file that is no table beside the tables; returns its URI."""
        self._announce_format()
        folder, _, name = path.rpartition("/")
        return self.files.put(f"{PRIVATE}/{folder}", name, data)

    def read_artifact(self, path: str) -> bytes | None:
        """What `write_artifact` wrote under a path; `None` where there is nothing."""
        folder, _, name = path.rpartition("/")
        return self.files.get(f"{PRIVATE}/{folder}", name) or None

    def linked_artifact(self, uri: str) -> bytes | None:
        """The artifact that a `report_uri` names; `None` where this store has none such.

        Only what lies below `.sweeper/` of this store is read, whatever the URI says: what comes before that is where
        the store was when the URI was written, and a store may have been copied since.
        """
        path = artifact_path(uri)
        return None if path is None else self.read_artifact(path)

    def _put(self, rows: Rows) -> str:
        """Write a file of its own; returns its URI."""
        data = encode(rows.to_table())
        row = rows.rows[0]
        if rows.table != ATTEMPTS:
            return self.files.put(rows.table, new_name(), data)
        name = attempt_name(len(data), row["status"], row["fingerprint"], row["sweeper_version"])
        return self.files.put(rows.table, name, data)

    def _in_succession(self) -> bool:
        """Whether the last run was recorded a moment ago, so that files of its own are most of what a run costs."""
        return time.monotonic() - self._recorded_at < MOMENT_S

    def _append(self, entry: Sequence[Rows]) -> list[str] | None:
        """Let rows wait in a journal; returns the URIs of the files that they will be in, or `None`."""
        if self._journal is None:
            if not isinstance(self.files, LocalFiles):
                return None
            self._journal = Journal(self.files)
        name = self._journal.append(entry)
        return None if name is None else [str(self.files.source(rows.table, name)) for rows in entry]

    def _announce_format(self) -> None:
        """See that the store says its format; once per process."""
        if not self._says_format:
            formats.announce(self.files)
            self._says_format = True

    # What the driver looks up

    def attempt_states(
        self,
        fingerprints: Collection[str],
        *,
        details: bool | Collection[str] = False,
        versions: Callable[[], Collection[str]] = lambda: (),
    ) -> dict[str, AttemptState]:
        """What is known of each of these fingerprints that was ever attempted.

        `details` adds revisions and durations of small files that were not merged yet, which means opening them: of
        all, or of those that it names. `versions()` names those whose version must be known: the names of files say it,
        but for those of sweeper 0.1, which are opened.
        """
        wanted = list(fingerprints)
        chosen = set(wanted if details is True else details or ())
        return states.states(self.files, wanted, details=chosen, versions=versions) if wanted else {}

    def write_asked(self, sweep: AskedSweep) -> str:
        """Write what a sweep asks for, before it runs anything; returns the URI of the file."""
        self._announce_format()
        return asked.write(self.files, sweep)

    def asked_sweep(self, sweep_id: str) -> AskedSweep:
        """What the sweep of this id asked for, specs included.

        Raises
        ------
        StoreError
            Its file cannot be read.
        """
        return asked.read(self.files, sweep_id)

    def sweep_ids(self) -> list[str]:
        """Ids of the sweeps that wrote down what they asked for, the newest last."""
        return asked.ids(self.files)

    def attempted_sweeps(self) -> list[str]:
        """Ids of the sweeps that attempted something, those of older versions too."""
        return sorted({found for found in self.attempts(("sweep_id",))["sweep_id"].to_pylist() if found})

    def same_names(self, sweep_ids: Iterable[str]) -> list[tuple[str, str, str]]:
        """An axis, a name that one of these sweeps dropped as a duplicate, and the name that stands for it."""
        return asked.same_names(self.files, sweep_ids)

    def completed_since(self, sweep: SweepHeader) -> set[tuple[str, ...]]:
        """Fingerprint and the names on the four axes of what this sweep, or one that began later, has completed."""
        return asked.completed_since(self.files, sweep)

    def newest_failures(self, fingerprints: Collection[str]) -> dict[str, dict[str, Any]]:
        """Of each of these fingerprints, its newest attempt that failed or timed out, if any, without its traceback."""
        return views.newest_failures(self._tables, fingerprints)

    def log_dir(self, sweep_id: str) -> str:
        """A local folder for what the combinations of a sweep print."""
        return self._files.log_dir(sweep_id)

    # What people read

    def tables(self) -> list[str]:
        """Names of the tables."""
        return self._tables.names()

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of a table, every attempt's; `columns` names those to read, of which it may lack some.

        Raises
        ------
        StoreError
            There is no such table.
        """
        return self._tables.table(name, columns)

    def attempts(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Every attempt, whatever its end; `columns` names those to read."""
        return self._tables.attempts(columns)

    def completed(self) -> pa.Table:
        """The newest completed attempt of each combination that has one, with the columns of `attempts`.

        A further one, `newest_status`, says how its newest attempt ended; lost and cancelled ones are passed over.
        """
        return views.counting(self._tables, None, None)

    def results(self, fingerprints: Collection[str] | None = None, sweep_id: str | None = None) -> pa.Table:
        """One flat row per measured value of the newest completed attempt of each combination.

        Columns: capability, dataset, model, metric (names of choices), key, value, scope, higher_is_better, sweep,
        fingerprint, finished_at, duration_s, caveat (why the value must not be called the best) and warning (what else
        must be known of it); both are null for most.
        """
        return views.results(self._tables, fingerprints, sweep_id)

    def results_of(self, combinations: Iterable[tuple[str, ...]], caveats: Mapping[str, str] | None = None) -> pa.Table:
        """Columns as `results`, of each of these combinations that completed, in their order and under their names.

        Each is a fingerprint and the names of capability, dataset, model and metric. A fingerprint may have been
        measured under other names before, which may mean something else by now; so the names given here are used.
        `caveats` are further reasons, by fingerprint, why a value must not be called the best.
        """
        return views.results_of(self._tables, views.planned(combinations), caveats or {})

    def measured(self, attempts: pa.Table) -> pa.Table:
        """What these completed attempts measured, with the columns of `results`; each payload table is read once."""
        return views.measured(self._tables, attempts)

    def asked(self, sweep_id: str | None = None) -> pa.Table:
        """What sweeps asked for, under the names that each used, with the newest values of that, whoever measured them.

        One row per sweep, combination and value; one without a value where the combination has none. Columns: sweep_id,
        sweep, began, capability, dataset, model, metric, key, value, scope, higher_is_better, decision (run or skip),
        reason, status (how its newest attempt ended), fingerprint, finished_at, duration_s, caveat, warning.
        """
        from sweeper.store.asked_values import asked_values

        return asked_values(self._tables, sweep_id)

    def entities(self, combinations: Iterable[tuple[str, ...]]) -> set[tuple[str, str, str]]:
        """Axis, name of the choice and `metadata["id"]` of what these ran on; combinations as for `results_of`."""
        return views.entities(self._tables, views.planned(combinations))

    def sql(self, query: str) -> pa.Table:
        """The answer of DuckDB over every table and the views `completed`, `results` and `asked`."""
        from sweeper.store.query import run_sql

        readers = {name: partial(self.table, name) for name in self.tables()}
        return run_sql(readers | {"completed": self.completed, "results": self.results, "asked": self.asked}, query)

    # What keeps it in order

    def fold(self) -> int:
        """Make Parquet of the rows that wait in journals, for readers other than this package; safe beside writers."""
        return journal.fold(self.files)

    def compact(self, *, grace_s: float = compaction.GRACE_S) -> Compacted:
        """Merge the small files of each table; safe while others write, read and compact."""
        return compaction.compact(self.files, grace_s=grace_s)

    def compact_if_needed(self) -> Compacted:
        """Merge the small files of tables that have many, after making Parquet of what waits in journals."""
        return compaction.compact(self.files, at_least=compaction.ENOUGH)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Look at every file for damage; `repair` moves what is no data aside and clears what crashes left."""
        return check(self.files, repair=repair)


def artifact_path(uri: str) -> str | None:
    """The path under which `Store.write_artifact` wrote what a URI names; `None` where no store wrote it."""
    _, below, path = uri.rpartition(f"/{PRIVATE}/")
    return path if below and not {"", ".", ".."} & set(path.split("/")) else None


def open_store(uri: str | os.PathLike[str], storage_options: Mapping[str, Any] | None = None) -> Store:
    """The analytics store at a path or URI (`s3://`, `gs://`, `abfs://`). Reads nothing yet.

    Raises
    ------
    StoreError
        The URI is of a kind that cannot hold a store, or needs a package that is not installed.
    """
    return Store(os.fspath(uri), storage_options)
