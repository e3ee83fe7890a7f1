"""How sure the values of a metric are: an interval for each, from the predictions that it was computed from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from sweeper.capabilities.resampled import metadata_of, resampled
from sweeper.errors import PartError
from sweeper.metrics.collected import CollectedMetric
from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.evidence import RESAMPLED, Evidence, name_of
from sweeper.statistics.resampling import FEWEST_RESAMPLES, Resamples, bootstrap_interval

if TYPE_CHECKING:
    from maite.protocols import DatumMetadata

    from sweeper.capabilities.predictions import Predictions
    from sweeper.common.maite_types import TaskMetric
    from sweeper.statistics.kinds import ByDatum, Kind

TOO_LARGE = "the predictions are larger than memory, so they cannot be resampled"
UNKNOWN = "no interval is known for this metric; resamples: 1000 gives one, at the cost of 1000 scorings"


class IntervalColumns(TypedDict):
    """The columns of a record that say how sure its value is; `None` where that is not known."""

    n: int | None
    stderr: float | None
    ci_low: float | None
    ci_high: float | None
    ci_method: str | None


def columns_of(interval: Interval | None) -> IntervalColumns:
    """The columns of one value."""
    if interval is None:
        return {"n": None, "stderr": None, "ci_low": None, "ci_high": None, "ci_method": None}
    return {
        "n": interval.n,
        "stderr": interval.stderr,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "ci_method": interval.method,
    }


def interval_text(interval: Interval | None) -> str:
    """An interval for a reader; empty where there is none."""
    if interval is None or interval.low is None or interval.high is None:
        return ""
    return f"{interval.low:.4f} to {interval.high:.4f}"


@dataclass(frozen=True)
class Uncertainty:
    """What a user asks of the intervals.

    Attributes
    ----------
    confidence
        The probability with which an interval contains the truth.
    resamples
        Number of bootstrap resamples for metrics of which no interval is known; 0 for none.
    cluster_by
        Key of the metadata: data with equal values belong together, such as the frames of one video.

    Raises
    ------
    PartError
        A setting is not possible.
    """

    confidence: float = 0.95
    resamples: int = 0
    cluster_by: str | None = None

    def __post_init__(self) -> None:
        Level(self.confidence)
        if self.resamples and self.resamples < FEWEST_RESAMPLES:
            raise PartError(f"resamples is {self.resamples}; it must be 0 for none, or at least {FEWEST_RESAMPLES}.")

    def intervals(
        self, metric: TaskMetric, predictions: Predictions, values: Mapping[str, float], dataset_id: str
    ) -> dict[str, Interval]:
        """The interval of each value of a metric, by its key.

        Parameters
        ----------
        metric
            What computed the values, as the last thing that it did.
        predictions
            What it computed them from.
        values
            By their key.
        dataset_id
            Two metrics, or models, on one dataset are given the same resamples.

        Raises
        ------
        PartError
            A datum has no metadata of the key `cluster_by`.
        """
        n, clusters = len(predictions), self._clusters(predictions)
        finite = {key: value for key, value in values.items() if math.isfinite(value)}
        found = {key: Interval.none(n, "the value is not finite") for key in values}
        known = metric.by_datum() if isinstance(metric, CollectedMetric) and len(values) == 1 else None
        if known is not None:
            return found | self._closed(*known, finite, clusters)
        if predictions.is_in_blocks:
            return found | {key: Interval.none(n, TOO_LARGE) for key in finite}
        if not self.resamples:
            return found | {key: Interval.none(n, UNKNOWN) for key in finite}
        if clusters.too_few is not None:
            return found | {key: Interval.none(n, clusters.too_few) for key in finite}
        return found | self._bootstrapped(metric, predictions, finite, Resamples(dataset_id, n, clusters))

    def evidence(self, metric: TaskMetric, values: Mapping[str, float]) -> Evidence | None:
        """What later comparisons must know of these values of a metric; `None` where its kind is not known."""
        kind = metric.kind() if isinstance(metric, CollectedMetric) and len(values) == 1 else None
        name = name_of(kind) if kind is not None else None
        if name is None and not self.resamples:
            return None
        return Evidence(name or RESAMPLED, cluster_by=self.cluster_by, confidence=self.confidence)

    def _closed(
        self, kind: Kind, data: ByDatum, values: Mapping[str, float], clusters: Clusters
    ) -> dict[str, Interval]:
        interval = kind.interval(data, Level(self.confidence), clusters)
        if not interval.is_known:
            return dict.fromkeys(values, interval)
        mine = kind.value(data)
        other = Interval.none(interval.n, "the value is another one than its kind says")
        return {key: interval if _equal(value, mine) else other for key, value in values.items()}

    def _bootstrapped(
        self, metric: TaskMetric, predictions: Predictions, values: Mapping[str, float], resamples: Resamples
    ) -> dict[str, Interval]:
        rows = list(resampled(metric, predictions, resamples, self.resamples))
        level, size = Level(self.confidence), resamples.clusters.count or len(predictions)
        return {
            key: bootstrap_interval(value, np.array([row.get(key, math.nan) for row in rows]), size, level)
            for key, value in values.items()
        }

    def _clusters(self, predictions: Predictions) -> Clusters:
        key = self.cluster_by
        if key is None:
            return INDEPENDENT
        return Clusters.by([_keyed(each, key, number) for number, each in enumerate(metadata_of(predictions))])


def _keyed(metadata: DatumMetadata, key: str, number: int) -> object:
    value = dict(metadata).get(key)
    if value is None:
        raise PartError(
            f"cluster_by is {key!r}, and datum {number} has no such metadata; its keys: {sorted(dict(metadata))}."
        )
    return value if isinstance(value, str | int | float | bool) else str(value)


def _equal(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-6, abs_tol=1e-9)
