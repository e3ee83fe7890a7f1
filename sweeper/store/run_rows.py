"""The rows that one completed run leaves in the store: what it measured, its parts, and the completed attempt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sweeper.messages.outcome import Status
from sweeper.messages.requests import AttemptInfo, Provenance
from sweeper.store.payload import payload_rows, tables_of
from sweeper.store.schema import (
    TABLE_SEPARATOR,
    AttemptRow,
    PayloadRecord,
    RecordedRun,
    Rows,
    attempt_rows,
    entity_rows,
)


class RunFacts(NamedTuple):
    """What is known of a run beside what it measured; each is a column of `attempts`, where it is described."""

    started_at: datetime | None
    finished_at: datetime | None
    inference_s: float | None
    host: str | None
    report_uri: str | None
    warnings: str | None
    inference_id: str | None = None
    log_uri: str | None = None
    inference_log_uri: str | None = None


def measured_rows(
    run: RecordedRun, records: Sequence[PayloadRecord], provenance: Provenance, fingerprint: str | None
) -> list[Rows]:
    """The payload rows and `runs` rows of a run; without records there are none, as with checkmaite.

    Raises
    ------
    SchemaError
        The records do not fit their tables.
    """
    if not records:
        return []
    payload = payload_rows(records, fingerprint, provenance.job_id)
    entities = entity_rows(run, payload[0].table, provenance)
    return [*payload, entities] if entities.rows else payload


def completed_rows(
    run: RecordedRun,
    records: Sequence[PayloadRecord],
    provenance: Provenance,
    attempt: AttemptInfo | None,
    facts: RunFacts,
) -> list[Rows]:
    """The `attempts` row of a run that completed; a job outside a sweep is no attempt and has none."""
    if attempt is None:
        return []
    tables = tables_of(records)
    row = AttemptRow.of(
        attempt,
        status=Status.COMPLETED.value,
        submitted_at=provenance.submitted_at,
        result_run_uid=run.run_uid,
        job_id=provenance.job_id,
        payload_table=tables[0] if tables else None,
        further_tables=TABLE_SEPARATOR.join(tables[1:]) or None,
        **facts._asdict(),
    )
    return [attempt_rows(row)]
