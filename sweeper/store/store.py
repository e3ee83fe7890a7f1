"""The analytics store: what workers write, what the driver looks up and what people read."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

import pyarrow as pa

from sweeper.messages.receipts import HandedRows
from sweeper.messages.requests import MACHINE, PROCESS, AttemptInfo, Provenance, StoreLocation
from sweeper.store import (
    accepted_files,
    attempt_states,
    compaction,
    formats,
    handed_over,
    journal,
    newest_attempts,
    outcome_arrays,
    outcome_files,
    sweep_files,
    views,
)
from sweeper.store.artifacts import artifact_path, read_artifact
from sweeper.store.check import CheckReport, check
from sweeper.store.compaction import Compacted
from sweeper.store.files import PRIVATE, Files
from sweeper.store.opening import open_files
from sweeper.store.payload import records_of
from sweeper.store.recorder import Recorder
from sweeper.store.run_rows import RunFacts, completed_rows, measured_rows
from sweeper.store.schema import AttemptRow, RecordedRun, attempt_rows
from sweeper.store.store_html import store_html
from sweeper.store.tables import Tables

if TYPE_CHECKING:
    from sweeper.messages.asked import AskedSweep, SweepHeader
    from sweeper.store.arrow_columns import Row
    from sweeper.store.attempt_states import AttemptState


class Store:
    """An analytics store at a URI; made by `open_store`."""

    def __init__(self, uri: str, storage_options: Mapping[str, object] | None, durability: str) -> None:
        self._files: Files = open_files(uri, storage_options or {}, durable=durability == MACHINE)

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

    @cached_property
    def _recorder(self) -> Recorder:
        return Recorder(self.files)

    def __repr__(self) -> str:
        return f"Store({self.uri!r})"

    def _repr_html_(self) -> str:
        return store_html(self.uri, self.sweep_ids(), self.tables())

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
        inference_id: str | None = None,
        logs: tuple[str | None, str | None] = (None, None),
        may_wait: bool = False,
        hand_over: Callable[[HandedRows], None] | None = None,
    ) -> str | None:
        """Write one completed run: its payload, then `runs`, then the completed attempt.

        Because of this order, the rows of a completed attempt are always there. Nothing in the store is read.
        `logs` are the files with what the run printed, and with what the inference did that it read.
        With `may_wait`, a run that follows another within moments is appended to a journal instead, and becomes
        Parquet at the next `flush_journals`. Use it only where a process on this machine calls that later.
        In an object store, where nothing can be appended, the rows of such a run are given to `hand_over` instead:
        whoever gets them writes a `batch_of` them, and until then the run is not recorded.

        Returns
        -------
        str or None
            URI of the payload file (of the first table, if there are several), or of its folder where the rows are
            handed over; `None` where the run measured nothing.

        Raises
        ------
        SchemaError
            The `run_uid` of the run is not a text, or its records do not fit their tables.
        OSError
            The store cannot be written.
        """
        self._recorder.announce_format()
        records = records_of(run, same_uid=attempt is not None)
        facts = RunFacts(started_at, finished_at, inference_s, host, report_uri, warnings, inference_id, *logs)
        measured = measured_rows(run, records, provenance, attempt.fingerprint if attempt else None)
        entry = [
            *map(self._recorder.announce_schema, measured),
            *completed_rows(run, records, provenance, attempt, facts),
        ]
        place = self._recorder.record(entry, may_wait=may_wait, hand_over=hand_over)
        return place if records else None

    def write_attempts(self, rows: Sequence[AttemptRow]) -> None:
        """Write attempts, each in a file of its own, whose name says how the attempt ended."""
        self._recorder.announce_format()
        for row in rows:
            self._recorder.put(attempt_rows(row))

    def write_outcomes(self, conditions: Mapping[str, Mapping[str, outcome_files.Column]]) -> str:
        """Write what became of each datum of an inference; returns its `inference_id`.

        Parameters
        ----------
        conditions
            By the label of the augmentation, `""` for none: the columns of the view `outcomes` from `datum_id` on, and
            further ones of metadata, each with a value for each datum. Negative integers are absent values.
        """
        self._recorder.announce_format()
        return outcome_files.write(self.files, conditions)

    def write_artifact(self, path: str, data: bytes) -> str:
        """Write a file that is not a table; returns its URI."""
        self._recorder.announce_format()
        folder, _, name = path.rpartition("/")
        return self.files.put(f"{PRIVATE}/{folder}", name, data)

    def read_artifact(self, path: str) -> bytes | None:
        """What `write_artifact` wrote under this path; `None` where there is nothing that can be read."""
        return read_artifact(self.files, path)

    def artifact_names(self, folder: str) -> list[str]:
        """The names of the files that `write_artifact` wrote into a folder."""
        return self.files.names(f"{PRIVATE}/{folder}", "")

    def remove_artifacts(self, folder: str, names: Sequence[str]) -> None:
        """Remove files that `write_artifact` wrote."""
        self.files.remove_all(f"{PRIVATE}/{folder}", names)

    def linked_artifact(self, uri: str) -> bytes | None:
        """The artifact that a `report_uri` names; `None` where this store does not have it.

        Only files below `.sweeper/` of this store are read. The part of the URI before that is ignored: it says where
        the store was when the URI was written, and the store may have been copied since.
        """
        path = artifact_path(uri)
        return None if path is None else self.read_artifact(path)

    @property
    def hands_over(self) -> bool:
        """Whether `record` may hand over the rows of a run."""
        return self._recorder.hands_over

    def batch_of(self, runs: Sequence[HandedRows]) -> handed_over.Batch:
        """What `record` handed over, ready to be written together; once it is, these runs are recorded."""
        return handed_over.Batch(self.files, runs)

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
        wanted = fingerprints if isinstance(fingerprints, Sequence) else list(fingerprints)
        chosen = set(wanted if details is True else details or ())
        return attempt_states.read_states(self.files, wanted, details=chosen, versions=versions) if wanted else {}

    def write_asked(self, sweep: AskedSweep) -> str:
        """Write what a sweep asks for, before anything of it runs; returns the URI of the file."""
        self._recorder.announce_format()
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

    def run_uids(self, attempt_ids: Collection[str]) -> dict[str, str]:
        """The `run_uid` of each of these attempts that has completed."""
        attempts = self.attempts(("attempt_id", "status", "result_run_uid"))
        return newest_attempts.run_uids(attempts, attempt_ids)

    def completed(self) -> pa.Table:
        """The newest completed attempt of each combination that has one, with the columns of `attempts`.

        A further column, `newest_status`, says how its newest attempt ended, lost and cancelled ones not counted.
        """
        return views.completed(self._tables, None, None)

    def results(self, fingerprints: Collection[str] | None = None, sweep_id: str | None = None) -> pa.Table:
        """One flat row per measured value of the newest completed attempt of each combination.

        Columns: capability, dataset, model, metric (names of choices), key, value, n, stderr, ci_low, ci_high,
        ci_method (how sure the value is; null where that was not measured), scope, higher_is_better, sweep,
        fingerprint, finished_at, duration_s, caveat (why the value must not be called the best), warning (what else a
        reader must know about it), inference_id (which table by datum it can be computed from again) and evidence (how,
        as JSON). Caveat and warning are mostly null.
        """
        return views.results(self._tables, fingerprints, sweep_id)

    def results_at(self, until: datetime) -> pa.Table:
        """The rows of `results` as they were at a time: without attempts that ended later."""
        return views.results_at(self._tables, until)

    def results_of(
        self,
        combinations: Iterable[tuple[str, ...]],
        caveats: Mapping[str, str] | None = None,
        until: datetime | None = None,
    ) -> pa.Table:
        """The rows of `results` for these combinations, in their order and under their names.

        A combination is a fingerprint and the names of capability, dataset, model and metric. A fingerprint may have
        been measured under other names before, and these may stand for something else now. So the names given here are
        used. `caveats` are further reasons, by fingerprint, why a value must not be called the best. `until` leaves
        out attempts that ended later.
        """
        return views.results_of(self._tables, views.planned(combinations), caveats or {}, until)

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

    def asked_combinations(self, sweep_id: str) -> list[tuple[str, ...]]:
        """Fingerprint and the four names of each combination that a sweep asked for."""
        from sweeper.store.asked_view import combinations

        return combinations(self._tables, sweep_id)

    def accepted(self) -> pa.Table:
        """What was accepted of results, by whom, when and why: a row for each combination and time."""
        return accepted_files.table(self.files)

    def outcomes(self, inference_ids: Collection[str] | None = None) -> pa.Table:
        """What became of each datum of inferences, a row each: those of these ids, or all that completed attempts read.

        Columns: inference_id (as in `attempts`), condition (the label of the augmentation, empty for none), datum_id,
        label, prediction (classes), boxes, boxes_found (how many, of a detector), confidence, log_loss, brier (of a
        classifier that gives probabilities), and what the setting `outcomes` names of the metadata.
        """
        if inference_ids is None:
            inference_ids = {one for one in self.completed()["inference_id"].to_pylist() if one}
        return outcome_files.read(self.files, inference_ids)

    def outcome_arrays(
        self, inference_ids: Collection[str], keys: Sequence[str] = ()
    ) -> dict[str, Mapping[str, outcome_arrays.OutcomeArrays]]:
        """The outcomes of inferences of classifiers as arrays, by id and condition; see `outcome_arrays.read`."""
        return outcome_arrays.read(self.files, inference_ids, keys)

    def entities(self, combinations: Iterable[tuple[str, ...]]) -> set[tuple[str, str, str]]:
        """Axis, name of the choice and `metadata["id"]` of the parts of combinations, given as to `results_of`."""
        return views.entities(self._tables, views.planned(combinations))

    def sql(self, query: str, *, allow_files: bool = False) -> pa.Table:
        """The answer of DuckDB over all tables and views, and files and extensions where `allow_files` lets it."""
        from sweeper.store.query import run_sql

        readers = {name: partial(self.table, name) for name in self.tables()}
        of_people = (self.completed, self.results, self.asked, self.outcomes, self.accepted)
        readers |= {view.__name__: view for view in of_people}
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
