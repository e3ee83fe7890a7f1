"""One analytics store: what workers write, what the driver looks up, what people read."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sweeper.errors import StoreError
from sweeper.request import AttemptInfo, Provenance
from sweeper.store import catalog, compaction, names, views
from sweeper.store.check import CheckReport, check
from sweeper.store.compaction import Compacted
from sweeper.store.files import PRIVATE, Files, open_files
from sweeper.store.parquet import SCHEMA_FILE, VanishedError, encode, new_name, read
from sweeper.store.schema import RUNS, AttemptRow, attempts_schema, payload_table, to_table

if TYPE_CHECKING:
    from sweeper.store.views import AttemptState

ATTEMPTS = "attempts"
RUN_TABLE = "runs"


class Store:
    """An analytics store at a URI; `open_store` makes one."""

    def __init__(self, uri: str, storage_options: Mapping[str, Any] | None = None) -> None:
        self.files: Files = open_files(uri, storage_options or {})
        self._announced: dict[str, pa.Schema] = {}

    @property
    def uri(self) -> str:
        """Where it is; a local store as an absolute path."""
        return self.files.uri

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
        host: str | None = None,
    ) -> str | None:
        """Write one completed run: its payload, then `runs`, then the completed attempt.

        The order is the promise: a completed attempt implies that its rows are there. Nothing that is stored is read.

        Returns
        -------
        str or None
            URI of the payload file, `None` where the run measured nothing.

        Raises
        ------
        SchemaError
            The records of the run do not fit one table.
        OSError
            The store cannot be written.
        """
        records = list(run.extract())
        table = records[0].table_name if records else None
        uri = None
        if table is not None:
            fingerprint = attempt.fingerprint if attempt else None
            uri = self._put(table, payload_table(records, fingerprint, provenance.job_id), own_columns=True)
        self._write_entities(run, table or "", provenance)
        if attempt is not None:
            row = AttemptRow.of(
                attempt,
                status="completed",
                submitted_at=provenance.submitted_at,
                started_at=started_at,
                finished_at=finished_at,
                host=host,
                result_run_uid=run.run_uid,
                job_id=provenance.job_id,
                payload_table=table,
            )
            self.write_attempts([row])
        return uri

    def write_attempts(self, rows: Sequence[AttemptRow]) -> None:
        """Write attempts, a file for each, so that its name can say what became of it."""
        for row in rows:
            data = encode(to_table(attempts_schema(), [vars(row)]))
            self.files.put(ATTEMPTS, names.attempt_name(row.status, row.fingerprint), data)

    def write_artifact(self, path: str, data: bytes) -> str:
        """Write a file that is no table beside the tables; returns its URI."""
        folder, _, name = path.rpartition("/")
        return self.files.put(f"{PRIVATE}/{folder}", name, data)

    def read_artifact(self, path: str) -> bytes | None:
        """What `write_artifact` wrote under a path; `None` where there is nothing."""
        folder, _, name = path.rpartition("/")
        return self.files.get(f"{PRIVATE}/{folder}", name) or None

    def _write_entities(self, run: Any, table: str, provenance: Provenance) -> None:
        entities = [
            (kind, str(metadata["id"]))
            for kind in ("dataset", "model", "metric")
            for metadata in getattr(run, f"{kind}_metadata", None) or ()
        ]
        if not entities or not table:
            return  # as checkmaite: a run without rows leaves none in `runs`
        common = {
            **vars(provenance),
            "run_uid": run.run_uid,
            "created_at": provenance.completed_at or provenance.submitted_at,
            "capability_id": run.capability_id,
            "capability_table": table,
        }
        rows = [{**common, "entity_type": kind, "entity_id": entity} for kind, entity in entities]
        self._put(RUN_TABLE, to_table(RUNS, rows))

    def _put(self, table: str, rows: pa.Table, *, own_columns: bool = False) -> str:
        if own_columns:
            self._announce(table, rows.schema)
        return self.files.put(table, new_name(), encode(rows))

    def _announce(self, table: str, schema: pa.Schema) -> None:
        """See that the first file of a table has every column; once per process, table and schema."""
        if self._announced.get(table) == schema:
            return
        try:
            known = read(self.files, table, [SCHEMA_FILE])
        except VanishedError:  # the first write to this table
            known = None
        merged = _merged(table, known.schema if known is not None else None, schema)
        if known is None or merged != known.schema:
            self.files.put(table, SCHEMA_FILE, encode(merged.empty_table()))
        self._announced[table] = schema

    # What the driver looks up

    def check_reachable(self) -> None:
        """Raise a StoreError, in seconds, where the store cannot be written."""
        self.files.check()

    def attempt_states(self, fingerprints: Collection[str], *, details: bool = False) -> dict[str, AttemptState]:
        """What is known of each of these fingerprints that was ever attempted.

        `details` adds revisions and durations of small files that were not merged yet, which means opening them.
        """
        wanted = set(fingerprints)
        return views.states(self.files, wanted, details=details) if wanted else {}

    def log_dir(self, sweep_id: str) -> str:
        """A local folder for what the combinations of a sweep print."""
        return self.files.log_dir(sweep_id)

    # What people read

    def tables(self) -> list[str]:
        """Names of the tables."""
        return self.files.tables()

    def table(self, name: str) -> pa.Table:
        """All rows of a table, every attempt's.

        Raises
        ------
        StoreError
            There is no such table.
        """
        found = catalog.read_live(self.files, name)
        if found is None:
            if name == ATTEMPTS:
                return attempts_schema().empty_table()
            has = ", ".join(self.tables()) or "none"
            raise StoreError(f"The store {self.uri} has no table {name!r}; it has {has}.")
        return found

    def attempts(self) -> pa.Table:
        """Every attempt, whatever its end."""
        return self.table(ATTEMPTS)

    def results(self, fingerprints: Collection[str] | None = None, sweep_id: str | None = None) -> pa.Table:
        """One flat row per measured value of the newest completed attempt of each combination.

        Columns: capability, dataset, model, metric (names of choices), key, value, scope, higher_is_better, sweep,
        fingerprint, finished_at, duration_s.
        """
        return views.results(self, fingerprints, sweep_id)

    def entities(self, fingerprints: Collection[str]) -> set[tuple[str, str, str]]:
        """Axis, name of the choice and `metadata["id"]` of what these combinations ran on."""
        return views.entities(self, fingerprints)

    def sql(self, query: str) -> pa.Table:
        """The answer of DuckDB over every table and the view `results`."""
        from sweeper.store.query import run_sql

        return run_sql(self, query)

    # What keeps it in order

    def compact(self, *, grace_s: float = compaction.GRACE_S) -> Compacted:
        """Merge the small files of each table; safe while others write, read and compact."""
        return compaction.compact(self.files, grace_s=grace_s)

    def compact_if_needed(self) -> Compacted:
        """Merge the small files of tables that have many."""
        return compaction.compact(self.files, at_least=compaction.ENOUGH)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Look at every file for damage; `repair` moves what is no data aside and clears what crashes left."""
        return check(self.files, repair=repair)


def _merged(table: str, known: pa.Schema | None, new: pa.Schema) -> pa.Schema:
    if known is None:
        return new
    try:
        return pa.unify_schemas([known, new])
    except pa.ArrowException as error:
        raise StoreError(f"Table {table!r} has a column of another type than what is to be written: {error}") from error


def open_store(uri: str | os.PathLike[str], storage_options: Mapping[str, Any] | None = None) -> Store:
    """The analytics store at a path or URI (`s3://`, `gs://`, `abfs://`). Reads nothing.

    Raises
    ------
    StoreError
        The URI is of a kind that cannot hold a store, or needs a package that is not installed.
    """
    return Store(os.fspath(uri), storage_options)
