"""What tests of the store write: runs without a sweep around them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sweeper.messages.requests import AttemptInfo, Provenance
from sweeper.records import Record
from sweeper.store import AttemptRow, Store

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class ScoreRecord(Record, table_name="scores"):
    """One number."""

    dataset_id: str
    output_key: str
    output_value: float


@dataclass
class ScoreRun:
    """A run that measured some numbers."""

    values: list[float]
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)
    capability_id: str = "score"
    dataset_metadata: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "data"}])
    model_metadata: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "model"}])
    metric_metadata: list[dict[str, Any]] = field(default_factory=list)

    def extract(self) -> list[ScoreRecord]:
        return [
            ScoreRecord(run_uid=self.run_uid, dataset_id="data", output_key=f"k{i}", output_value=value)
            for i, value in enumerate(self.values)
        ]


def fingerprint(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def attempt(name: object, **more: Any) -> AttemptInfo:
    names = {"capability": str(name), "dataset": "data", "model": "model", "metric": ""}
    return AttemptInfo(
        fingerprint=fingerprint(name),
        sweep_id="sweep",
        sweep_name="test",
        **{"attempt_id": uuid.uuid4().hex, "spec": "{}", **names, **more},
    )


def record(
    store: Store,
    name: object,
    *values: float,
    second: float = 0,
    may_wait: bool = False,
    inference_id: str | None = None,
    **more: Any,
) -> str | None:
    """Write a completed attempt of the combination `name` that ended `second` seconds after the beginning of time."""
    ended = BEGAN + timedelta(seconds=second)
    job = Provenance(job_id=uuid.uuid4().hex, run_event_id="event", submitted_at=BEGAN, completed_at=ended)
    return store.record(
        ScoreRun(list(values)),
        provenance=job,
        attempt=attempt(name, **more),
        started_at=BEGAN,
        finished_at=ended,
        inference_id=inference_id,
        may_wait=may_wait,
    )


def fail(store: Store, name: object, status: str = "failed", second: float = 0) -> None:
    ended = BEGAN + timedelta(seconds=second)
    row = AttemptRow.of(attempt(name), status=status, finished_at=ended, error_type="ValueError", error_message="no")
    store.write_attempts([row])


def values(store: Store) -> list[tuple[str, str, float]]:
    """The results view, short and sorted."""
    return sorted((row["capability"], row["key"], row["value"]) for row in store.results().to_pylist())
