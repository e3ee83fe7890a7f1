"""Arrow schemas of the tables, and the rows that go into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from sweeper.common.text import escaped
from sweeper.errors import SchemaError
from sweeper.messages.requests import AttemptInfo, Provenance
from sweeper.records import columns
from sweeper.store.arrow_columns import TIME, NotPlainError, Row, batch, conversion_imports_pandas

ARROW: Mapping[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    datetime: TIME,
}
"""The type of a column for each Python type that it can hold."""
MAX_ROWS_WITHOUT_PANDAS = 1000
"""Above this number of rows `pa.array` is faster, the import of pandas that comes with it included."""
ATTEMPTS = "attempts"
TABLE_SEPARATOR = ", "
"""Between the names of several tables in one column; no name has it."""
RUN_TABLE = "runs"
PROVENANCE_TEXT = ("user_id", "workspace_id", "job_id", "backend")
RUNS = pa.schema(
    [
        *((name, pa.string()) for name in ("run_uid",)),
        ("created_at", TIME),
        *((name, pa.string()) for name in ("capability_id", "capability_table", "entity_type", "entity_id")),
        *((name, pa.string()) for name in PROVENANCE_TEXT),
        ("submitted_at", TIME),
        ("completed_at", TIME),
        *((name, pa.string()) for name in ("environment", "executor", "cluster_id", "request_id", "run_event_id")),
    ]
)
"""One row per entity of a run; checkmaite's columns in its order."""
ADDED_COLUMNS = (("fingerprint", pa.string()), ("job_id", pa.string()))
"""The columns that sweeper adds to every payload table."""


class RecordedRun(Protocol):
    """What a capability returned, as far as the store reads it; `extract()` gives its records."""

    @property
    def run_uid(self) -> str: ...

    @property
    def capability_id(self) -> str: ...

    def extract(self) -> Iterable[PayloadRecord]: ...


class PayloadRecord(Protocol):
    """A row of a payload table, as far as every kind of record has the same attributes."""

    @property
    def table_name(self) -> str: ...

    @property
    def run_uid(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...


class Rows(NamedTuple):
    """Rows of Python values for one table; a column that a row lacks is null."""

    table: str
    schema: pa.Schema
    rows: Sequence[Row]

    def to_table(self) -> pa.Table:
        """See the function `to_table`."""
        return to_table(self.schema, self.rows)


@dataclass(frozen=True)
class AttemptRow:
    """One attempt of one combination, whatever its end: each field is a column, in this order. Times are UTC.

    The fields of `AttemptInfo` are among them, with the same names and types: what was known before it ran.
    `duration_s` is the duration of its own run. `inference_s` is that of the inference whose predictions it read, which
    other runs may have read too; it is null where there was none, or where no worker reported it. `warnings` are lines
    of text: what a reader must know about the value, though it may still be the best. `inference_id` names the table by
    datum of the inference that it read; it is null where there is none. `payload_table` has the values of the run.
    `further_tables` names the others that it filled, joined by `TABLE_SEPARATOR`; null where there are none.
    """

    attempt_id: str
    fingerprint: str
    sweep_id: str
    sweep_name: str
    capability: str
    dataset: str
    model: str
    metric: str
    status: str
    error_type: str | None = None
    error_message: str | None = None
    traceback: str | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_s: float | None = None
    host: str | None = None
    number: int = 1
    result_run_uid: str | None = None
    job_id: str | None = None
    payload_table: str | None = None
    spec: str | None = None
    sweeper_version: str | None = None
    code_revision: str | None = None
    data_revision: str | None = None
    log_uri: str | None = None
    report_uri: str | None = None
    inference_s: float | None = None
    warnings: str | None = None
    working_folder: str | None = None
    libraries_revision: str | None = None
    inference_id: str | None = None
    further_tables: str | None = None
    inference_log_uri: str | None = None

    @classmethod
    def of(cls, info: AttemptInfo, *, status: str, **more: Any) -> AttemptRow:
        """The row of an attempt that ended with `status`; `more` are further columns."""
        started, finished = more.get("started_at"), more.get("finished_at")
        duration = (finished - started).total_seconds() if started and finished else None
        values: dict[str, Any] = {**vars(info), "duration_s": duration, **more, "status": status}
        return cls(**values)


@cache
def attempts_schema() -> pa.Schema:
    """The columns of `attempts`, from the fields of `AttemptRow`."""
    return pa.schema([(name, ARROW[kind]) for name, (kind, _) in columns(AttemptRow).items()])


def entity_rows(run: RecordedRun, table: str, provenance: Provenance) -> Rows:
    """The `runs` rows of one run: one for each dataset, model and metric that it names."""
    entities = [
        (kind, str(metadata["id"]))
        for kind in ("dataset", "model", "metric")
        for metadata in getattr(run, f"{kind}_metadata", None) or ()
    ]
    common = {
        **vars(provenance),
        "run_uid": run.run_uid,
        "created_at": provenance.completed_at or provenance.submitted_at,
        "capability_id": run.capability_id,
        "capability_table": table,
    }
    return Rows(RUN_TABLE, RUNS, [{**common, "entity_type": kind, "entity_id": entity} for kind, entity in entities])


def attempt_rows(row: AttemptRow) -> Rows:
    """The `attempts` row of one attempt."""
    return Rows(ATTEMPTS, attempts_schema(), [vars(row)])


_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError)
"""What Arrow raises for a value that its column cannot hold."""


@cache
def _row_type(schema: pa.Schema) -> pa.DataType:
    return pa.struct(list(schema))


def to_table(schema: pa.Schema, rows: Sequence[Row]) -> pa.Table:
    """Rows of Python values as an Arrow table of exactly this schema; a column that a row lacks is null.

    Raises
    ------
    SchemaError
        A value does not fit its column.
    """
    try:
        return pa.Table.from_batches([_batch(schema, rows)], schema)
    except _UNFIT as error:
        raise SchemaError(_misfit(schema, rows, error)) from error


def _batch(schema: pa.Schema, rows: Sequence[Row]) -> pa.RecordBatch:
    if len(rows) <= MAX_ROWS_WITHOUT_PANDAS and conversion_imports_pandas():
        with suppress(NotPlainError):
            return batch(schema, rows)
    # One conversion of all columns takes a third of the time of one for each column.
    try:
        return _converted(schema, rows)
    except UnicodeEncodeError:
        return _converted(schema, [{name: _unicode(value) for name, value in row.items()} for row in rows])


def _converted(schema: pa.Schema, rows: Sequence[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_struct_array(pa.array(rows, _row_type(schema)))


def _unicode(value: object) -> object:
    return escaped(value) if isinstance(value, str) else value


def _misfit(schema: pa.Schema, rows: Sequence[Row], error: Exception) -> str:
    """A message that names the value which does not fit its column."""
    for field in schema:
        for value in (row.get(field.name) for row in rows):
            try:
                pa.array([_unicode(value)], field.type)
            except _UNFIT:
                got = f"{value!r:.100} ({type(value).__name__})"
                return f"A value does not fit its column: {field.name!r} holds {field.type}, and got {got}."
    return f"A value does not fit its column: {error}."
