"""One stored value, and what is known of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.evidence import Evidence, confidence_of, parsed
from sweeper.statistics.repeats import interval_of_mean

NOT_KEPT = "it has no table by datum (outcomes: false, a backend that shares no predictions, or an older version)"
NOT_KNOWN = "no comparison is known for this metric"
NOT_RESAMPLED = f"{NOT_KNOWN} without resamples: set resamples: 1000 in the choice of its capability"


@dataclass(frozen=True)
class Measured:
    """One row of the view `results`.

    Attributes
    ----------
    names
        The choices of capability, dataset, model and metric, and the key of the value.
    value
        `None` where the run could compute none.
    interval
        As it is stored; `None` where none was measured. Of a mean over runs, that for other runs and other data.
    confidence
        With which probability that interval contains the truth; `None` where that is not stored.
    repeats
        The runs of which it is the mean; none where it is no mean.
    warning
        What must be known beside it, a line each; `None` where that is nothing.
    finished_at
        When the attempt ended that measured it, of a mean that of its first run.
    """

    capability: str
    dataset: str
    model: str
    metric: str
    key: str
    value: float | None
    higher_is_better: bool | None
    interval: Interval | None = None
    inference_id: str | None = None
    evidence: Evidence | None = None
    caveat: str | None = None
    fingerprint: str = ""
    confidence: float | None = None
    repeats: tuple[Measured, ...] = ()
    finished_at: datetime | None = None
    warning: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether there is a value, and not NaN."""
        return self.value is not None and not math.isnan(self.value)

    @property
    def missing(self) -> str | None:
        """Why it cannot be compared datum by datum, as far as its row tells."""
        if self.evidence is not None and self.evidence.resamples is not None:
            return None
        if self.evidence is None:
            return NOT_RESAMPLED if self.inference_id else NOT_KEPT
        return None if self.inference_id else NOT_KEPT


def measured_of(row: Mapping[str, Any]) -> Measured:
    """A row of the view as a value."""
    return Measured(
        *(row[name] or "" for name in ("capability", "dataset", "model", "metric", "key")),
        value=row["value"],
        higher_is_better=row["higher_is_better"],
        interval=interval_of(row),
        inference_id=row.get("inference_id"),
        evidence=parsed(row.get("evidence")),
        caveat=row.get("caveat"),
        fingerprint=row.get("fingerprint") or "",
        confidence=confidence_of(row.get("evidence")),
        repeats=_repeats(row),
        finished_at=row.get("finished_at"),
        warning=row.get("warning"),
    )


def interval_of(row: Mapping[str, Any]) -> Interval | None:
    """The interval of a row of the view; of a mean over runs, that for other runs and other data."""
    return _of_repeats(_repeats(row)) if row.get("repeats") else _interval(row)


def _repeats(row: Mapping[str, Any]) -> tuple[Measured, ...]:
    return tuple(map(measured_of, row.get("repeats") or ()))


def _of_repeats(repeats: Sequence[Measured]) -> Interval | None:
    runs = [(one.value, one.interval) for one in repeats if one.value is not None and one.interval is not None]
    levels = {one.confidence for one in repeats}
    if len(runs) < len(repeats) or len(levels) > 1:
        return None
    return interval_of_mean(runs, Level(levels.pop() or 0.95))


def _interval(row: Mapping[str, Any]) -> Interval | None:
    if row.get("ci_method") is None or row.get("n") is None:
        return None
    return Interval(row["n"], row["stderr"], row["ci_low"], row["ci_high"], row["ci_method"])
