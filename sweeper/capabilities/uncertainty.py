"""How sure the values of a metric are: an interval for each, from the predictions that it was computed from."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from sweeper.capabilities.resampled import metadata_of, resampled
from sweeper.errors import PartError
from sweeper.metrics.collected import CollectedMetric
from sweeper.metrics.detection_metric import DetectionMetric
from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.evidence import RESAMPLED, Evidence, name_of
from sweeper.statistics.resampled import Resampled, weighted_value
from sweeper.statistics.resampling import FEWEST_RESAMPLES, Resamples
from sweeper.statistics.stored_values import StoredValues

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatumMetadata

    from sweeper.capabilities.predictions import Predictions
    from sweeper.common.maite_types import TaskMetric
    from sweeper.statistics.kinds import ByDatum, Kind

TOO_LARGE = "the predictions are larger than memory, so they cannot be resampled"
NOT_ASKED = "resamples: 1000 gives one, in seconds: images are drawn again, and what they match is reused"
OTHER_MATCHES = "the value is another one than its matches give"
NO_AREA = "no interval is known for the area under a curve"
NOT_FINITE = "the value is not finite"
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


def verdict(interval: Interval, threshold: float) -> str:
    """Whether a value is at least the threshold, as far as its interval tells; empty where there are no bounds."""
    low, high = interval.low, interval.high
    if low is None or high is None:
        return ""
    return "met" if low >= threshold else "not met" if high < threshold else "undecided"


@dataclass(frozen=True)
class Sureness:
    """How sure one value is.

    Attributes
    ----------
    interval
        Its interval, or why there is none.
    evidence
        What later comparisons must know of it; `None` where none is possible.
    resampled
        What it is on resamples, where it was computed on some.
    """

    interval: Interval
    evidence: Evidence | None = None
    resampled: Resampled | None = field(default=None, compare=False)


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

    def measured(
        self, metric: TaskMetric, predictions: Predictions, values: Mapping[str, float], dataset_id: str
    ) -> dict[str, Sureness]:
        """How sure each value of a metric is, by its key.

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
        without = metric.undefined() if isinstance(metric, DetectionMetric) else {}
        found = {key: Sureness(Interval.none(n, without.get(key, NOT_FINITE))) for key in values}
        known = metric.by_datum() if isinstance(metric, CollectedMetric) and len(values) == 1 else None
        if known is not None:
            return found | self._closed(*known, finite, clusters)
        reason = self._why_not_resampled(metric, predictions) or clusters.too_few
        if reason is not None:
            return found | {key: Sureness(Interval.none(n, reason)) for key in finite}
        return found | self._bootstrapped(metric, predictions, finite, Resamples(dataset_id, n, clusters))

    def _why_not_resampled(self, metric: TaskMetric, predictions: Predictions) -> str | None:
        reuses = isinstance(metric, DetectionMetric)
        if predictions.is_in_blocks and not reuses:
            return TOO_LARGE
        if self.resamples:
            return None
        return NOT_ASKED if reuses else UNKNOWN

    def _closed(
        self, kind: Kind, data: ByDatum, values: Mapping[str, float], clusters: Clusters
    ) -> dict[str, Sureness]:
        name, interval = name_of(kind), kind.interval(data, Level(self.confidence), clusters)
        evidence = Evidence(name, cluster_by=self.cluster_by, confidence=self.confidence) if name is not None else None
        if not interval.is_known:
            return dict.fromkeys(values, Sureness(interval, evidence))
        mine = kind.value(data)
        other = Interval.none(interval.n, "the value is another one than its kind says")
        return {key: Sureness(interval if _equal(value, mine) else other, evidence) for key, value in values.items()}

    def _bootstrapped(
        self, metric: TaskMetric, predictions: Predictions, values: Mapping[str, float], resamples: Resamples
    ) -> dict[str, Sureness]:
        n = len(predictions)
        size, data = resamples.clusters.count or n, data_of(resamples, predictions)
        again, missing = self._values_again(metric, predictions, resamples), np.full(self.resamples, math.nan)
        found = {
            key: self._resampled(Resampled(value, again.get(key, missing), size, _is_envelope(metric, key)), data)
            for key, value in values.items()
        }
        return found | dict.fromkeys(_given_otherwise(metric, values, n), Sureness(Interval.none(n, OTHER_MATCHES)))

    def _values_again(
        self, metric: TaskMetric, predictions: Predictions, resamples: Resamples
    ) -> Mapping[str, npt.NDArray[np.float64]]:
        """R values of each key."""
        if isinstance(metric, DetectionMetric):
            parts = list(map(metric.resampler(), resamples.chunks(self.resamples)))
            return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        rows = list(resampled(metric, predictions, resamples, self.resamples))
        keys = dict.fromkeys(key for row in rows for key in row)
        return {key: np.array([row.get(key, math.nan) for row in rows]) for key in keys}

    def _resampled(self, value: Resampled, data: str) -> Sureness:
        return Sureness(
            value.interval(Level(self.confidence)),
            Evidence(
                RESAMPLED,
                cluster_by=self.cluster_by,
                confidence=self.confidence,
                resamples=StoredValues(data, value.size, value.values, value.is_envelope),
            ),
            value,
        )

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


def weighted(weights: Sequence[float], sure: Sequence[Sureness]) -> Sureness:
    """Of a sum of values under several conditions, each with a weight. Resamples are the same under all of them."""
    evidence, parts = sure[0].evidence, [one.resampled for one in sure]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or evidence is None or evidence.resamples is None:
        return Sureness(Interval.none(sure[0].interval.n, NO_AREA), evidence)
    whole = weighted_value(list(zip(weights, known, strict=True)))
    kept = replace(evidence, resamples=replace(evidence.resamples, values=whole.values))
    return Sureness(whole.interval(Level(evidence.confidence)), kept, whole)


def _is_envelope(metric: TaskMetric, key: str) -> bool:
    return isinstance(metric, DetectionMetric) and metric.is_envelope(key)


def _given_otherwise(metric: TaskMetric, values: Mapping[str, float], n: int) -> list[str]:
    """The keys of which the matches that are resampled give another value than the metric has."""
    if not isinstance(metric, DetectionMetric):
        return []
    once = metric.resampler()(np.ones((1, n), np.uint8))
    return [key for key, value in values.items() if not _equal(float(once[key][0]), value)]


def data_of(resamples: Resamples, predictions: Predictions) -> str:
    """A hash of what resamples are drawn from: values with the same one are of the same resamples."""
    ids = [str(dict(each).get("id")) for each in metadata_of(predictions)]
    clusters = resamples.clusters.of
    text = json.dumps([resamples.identity, ids, None if clusters is None else clusters.tolist()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _equal(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-6, abs_tol=1e-9)
