"""Scores a model on a dataset by a metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.markdown import table
from sweeper.capabilities.predictions import BATCH_SIZE, Predictions, predict
from sweeper.capabilities.uncertainty import Sureness, Uncertainty, columns_of, interval_text
from sweeper.checks import rules
from sweeper.checks.labels import names_of
from sweeper.metrics.detection_metric import DetectionMetric
from sweeper.records import OVERALL, Record
from sweeper.statistics.bounds import Interval
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel


CLASS = "class"
"""The scope of a value that is for one class."""


class EvaluationRecord(Record, table_name="maite_evaluation"):
    """One number that a metric computed. The columns up to `class_name` are those of checkmaite's table."""

    dataset_id: str
    model_id: str
    metric_id: str
    output_key: str
    output_value: float
    scope: str = "overall"
    class_name: str | None = None
    higher_is_better: bool | None = None
    """What the metric says about its direction; `None` if it says nothing."""
    n_items: int | None = None
    """Number of data that were scored."""
    n: int | None = None
    """The same, as other tables have it beside an interval."""
    stderr: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None
    """How the bounds were computed; where there are none, `none: ` and the reason. See docs/statistics.md."""
    evidence: str | None = None
    """What the value was computed from, for comparisons: `sweeper.statistics.evidence.Evidence` as JSON."""


@dataclass(frozen=True, kw_only=True)
class EvaluateRun(CapabilityRun):
    """The numbers of one metric for one model on one dataset."""

    values: Mapping[str, float]
    higher_is_better: bool | None
    n_items: int
    sure: Mapping[str, Sureness] = field(default_factory=dict[str, Sureness])
    """How sure each value is, by its key."""
    classes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of a value that is for one class, the name of that class, by its key."""

    @property
    def intervals(self) -> Mapping[str, Interval]:
        """The interval of each value, by its key."""
        return {key: one.interval for key, one in self.sure.items()}

    def extract(self) -> list[EvaluationRecord]:
        """One row per number."""
        return [
            EvaluationRecord(
                run_uid=self.run_uid,
                dataset_id=metadata_id(self.dataset_metadata[0]),
                model_id=metadata_id(self.model_metadata[0]),
                metric_id=metadata_id(self.metric_metadata[0]),
                output_key=key,
                output_value=value,
                scope=CLASS if key in self.classes else OVERALL,
                class_name=self.classes.get(key),
                higher_is_better=self.higher_is_better,
                n_items=self.n_items,
                **columns_of(self.intervals.get(key)),
                evidence=_text(self.sure.get(key)),
            )
            for key, value in self.values.items()
        ]

    def collect_md_report(self, threshold: float) -> str:
        """The numbers, each compared with `threshold` in the metric's direction."""
        rows = [
            (key, f"{value:.4f}", interval_text(self.intervals.get(key)), self._verdict(value, threshold))
            for key, value in self.values.items()
        ]
        return (
            f"# Evaluation\n\n{self.model_metadata[0]['id']} on {self.dataset_metadata[0]['id']} "
            f"({self.n_items} items), {self.metric_metadata[0]['id']}.\n\n"
            + table(("output", "value", "interval", f"threshold {threshold:g}"), rows)
        )

    def _verdict(self, value: float, threshold: float) -> str:
        if self.higher_is_better is None:
            return ""
        return "met" if (value >= threshold if self.higher_is_better else value <= threshold) else "not met"


def _text(sure: Sureness | None) -> str | None:
    return sure.evidence.text() if sure is not None and sure.evidence is not None else None


def _classes(metric: TaskMetric, keys: Iterable[str], dataset: Mapping[str, object]) -> dict[str, str]:
    """The name of the class that a value is for, by the keys that are for one."""
    if not isinstance(metric, DetectionMetric):
        return {}
    names = names_of(dataset, "Dataset")
    found = {key: metric.class_of(key) for key in keys}
    return {key: names.get(label, str(label)) for key, label in found.items() if label is not None}


class Evaluate(BuiltinCapability):
    """Score a model on a dataset by a metric; any MAITE task.

    Parameters
    ----------
    batch_size
        Number of data per call of the model. It belongs to the identity of the run, since a model's predictions may
        depend on it.
    soft_targets
        Whether a target may be a distribution over the classes. Its largest entry is then the class. Otherwise targets
        must be one-hot.
    confidence, resamples, cluster_by
        How sure values are, as `sweeper.capabilities.uncertainty.Uncertainty` says: the probability with which an
        interval contains the truth, the number of bootstrap resamples for a metric of which no interval is known, and
        the key of the metadata that says which data belong together.

    Notes
    -----
    Inference is `maite.tasks.predict`, scoring `maite.tasks.evaluate_from_predictions`.
    """

    id = "sweeper.evaluate"
    supports_datasets = Arity.ONE
    supports_models = Arity.ONE
    supports_metrics = Arity.ONE
    reads_predictions = True

    def __init__(
        self,
        batch_size: int = BATCH_SIZE,
        *,
        soft_targets: bool = False,
        confidence: float = 0.95,
        resamples: int = 0,
        cluster_by: str | None = None,
    ) -> None:
        self.batch_size, self.soft_targets = batch_size, soft_targets
        self._uncertainty = Uncertainty(confidence, resamples, cluster_by)

    def augmentations(self) -> dict[str, None]:
        """The inference passes that are needed, by their label: one, on the unchanged data."""
        return {"": None}

    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
        *,
        predictions: Mapping[str, Predictions] | None = None,
    ) -> EvaluateRun:
        """Evaluate one model on one dataset by one metric.

        Parameters
        ----------
        models, datasets, metrics, config, use_cache
            As `BuiltinCapability.run` says.
        predictions
            Predictions that were made before, under the key `""`. If it is `None`, they are made here.

        Raises
        ------
        PartError
            The arguments are wrong in number or kind, what they return fails a check (`sweeper.checks`), or the metric
            computes no number.
        """
        inputs = self.check(models, datasets, metrics, config, use_cache)
        (model,), (dataset,), (metric,) = inputs.models, inputs.datasets, inputs.metrics
        used = predict(model, dataset, batch_size=self.batch_size) if predictions is None else predictions[""]
        with rules.applying(rules.allowed_by(rules.current(), self, [metric])):
            warnings, values = used.verify(), used.score(metric)
            return EvaluateRun(
                capability_id=self.id,
                **inputs.metadata(),
                warnings=warnings,
                values=values,
                sure=self._uncertainty.measured(metric, used, values, metadata_id(dict(dataset.metadata))),
                classes=_classes(metric, values, dataset.metadata),
                higher_is_better=getattr(metric, "higher_is_better", None),
                n_items=len(used),
            )
