"""A capability that does nothing and measures one number."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from sweeper.records import Record


class NoopRecord(Record, table_name="noop"):
    """The one row of a run."""

    value: float


@dataclass
class NoopRun:
    """What the no-op returns."""

    run_uid: str
    capability_id: str = "bench.noop"
    dataset_metadata: list[dict[str, str]] = field(default_factory=lambda: [{"id": "none"}])
    model_metadata: list[dict[str, str]] = field(default_factory=list)
    metric_metadata: list[dict[str, str]] = field(default_factory=list)

    def extract(self) -> list[NoopRecord]:
        return [NoopRecord(run_uid=self.run_uid, value=1.0)]


class Noop:
    """A capability that does nothing."""

    id = "bench.noop"

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> NoopRun:
        return NoopRun(os.urandom(16).hex())
