"""Scores a model while a condition, such as noise or rotation, gets stronger."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict, TypeVar

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.markdown import table
from sweeper.capabilities.predictions import BATCH_SIZE, Predictions, predict
from sweeper.capabilities.uncertainty import IntervalColumns, Sureness, Uncertainty, columns_of, weighted
from sweeper.checks import rules
from sweeper.errors import PartError
from sweeper.records import AREA, Record
from sweeper.statistics.bounds import Interval
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sweeper.common.maite_types import TaskAugmentation, TaskDataset, TaskMetric, TaskModel

T = TypeVar("T")


class RobustnessRecord(Record, table_name="sweeper_robustness"):
    """A metric's value at one severity, or the area under its curve."""

    dataset_id: str
    model_id: str
    metric_id: str
    output_key: str
    """The metric's key, followed by the severity (`accuracy@0.25`) or by `.area`."""
    output_value: float
    scope: str
    """`severity` for a point of the curve, `overall` for the area."""
    augmentation: str
    parameter: str
    metric_key: str
    severity_index: int | None = None
    """0 for the unchanged data, then 1, 2, ..."""
    severity: float | None = None
    higher_is_better: bool | None = None
    n: int | None = None
    """Number of data that were scored."""
    stderr: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str | None = None
    """How the bounds were computed; where there are none, `none: ` and the reason. See docs/statistics.md."""
    evidence: str | None = None
    """What the value was computed from, for comparisons: `sweeper.statistics.evidence.Evidence` as JSON."""


@dataclass(frozen=True)
class Curve:
    """One number of a metric as a function of the severity.

    Attributes
    ----------
    values
        The number at the baseline, then at each severity.
    area
        Area under the curve by the trapezoidal rule (`scipy.integrate.trapezoid`), divided by the range of severities.
        This is the mean value over that range: a curve that is v everywhere has area v.
    sure
        How sure the number is, at the baseline and at each severity; empty if that was not asked for.
    area_sure
        How sure the area is.
    """

    values: tuple[float, ...]
    area: float
    sure: tuple[Sureness, ...] = ()
    area_sure: Sureness | None = None


class _CommonColumns(TypedDict):
    """The columns that are equal in all rows of one curve."""

    run_uid: str
    dataset_id: str
    model_id: str
    metric_id: str
    augmentation: str
    parameter: str
    metric_key: str
    higher_is_better: bool | None


class _SureColumns(IntervalColumns):
    """The columns that say how sure a value is, and what it was computed from."""

    evidence: str | None


@dataclass(frozen=True, kw_only=True)
class RobustnessRun(CapabilityRun):
    """One curve per key of the metric."""

    augmentation: str
    parameter: str
    severities: tuple[float, ...]
    """The baseline, then each severity."""
    curves: Mapping[str, Curve]
    higher_is_better: bool | None
    labels: tuple[str, ...] = ()
    """The label of the augmentation at the baseline, then at each severity."""

    def extract(self) -> list[RobustnessRecord]:
        """A row per severity and key, and a row per key for the area."""
        return [row for key in self.curves for row in self._rows(key)]

    def _rows(self, key: str) -> list[RobustnessRecord]:
        curve, common = self.curves[key], self._common(key)
        points = [
            RobustnessRecord(
                **common,
                output_key=f"{key}@{severity:g}",
                output_value=value,
                scope="severity",
                severity_index=index,
                severity=severity,
                **_sure_columns(
                    curve.sure[index] if curve.sure else None, {self.labels[index]: 1.0} if self.labels else {}
                ),
            )
            for index, (severity, value) in enumerate(zip(self.severities, curve.values, strict=True))
        ]
        overall = RobustnessRecord(
            **common,
            output_key=f"{key}{AREA}",
            output_value=curve.area,
            scope="overall",
            **_sure_columns(curve.area_sure, dict(zip(self.labels, _weights(self.severities), strict=False))),
        )
        return [*points, overall]

    def _common(self, key: str) -> _CommonColumns:
        return {
            "run_uid": self.run_uid,
            "dataset_id": metadata_id(self.dataset_metadata[0]),
            "model_id": metadata_id(self.model_metadata[0]),
            "metric_id": metadata_id(self.metric_metadata[0]),
            "augmentation": self.augmentation,
            "parameter": self.parameter,
            "metric_key": key,
            "higher_is_better": self.higher_is_better,
        }

    def collect_md_report(self, threshold: float) -> str:
        """The curves, as a table. The threshold is written above it for comparison."""
        rows = [
            (f"{severity:g}", *(f"{curve.values[index]:.4f}" for curve in self.curves.values()))
            for index, severity in enumerate(self.severities)
        ]
        rows.append(("area", *(f"{curve.area:.4f}" for curve in self.curves.values())))
        return (
            f"# Robustness\n\n{self.model_metadata[0]['id']} on {self.dataset_metadata[0]['id']} under "
            f"{self.augmentation}; threshold {threshold:g}.\n\n" + table((self.parameter, *self.curves), rows)
        )


class Robustness(BuiltinCapability):
    """A metric against rising severity of an augmentation, and the normalised area under that curve; any MAITE task.

    Parameters
    ----------
    augmentation
        Called as `augmentation(**{parameter: severity})`; must return a MAITE augmentation. In a config
        `augmentation: {_target_: sweeper.augmentations.Rotation, _partial_: true}`.
    severities
        The severities in order: each is further from the baseline than the one before.
    parameter
        Name of the argument that gets the severity.
    baseline
        The severity at which the augmentation changes nothing. The unchanged data are used for it.
    batch_size
        Number of data per call of the model. It belongs to the identity of the run, since a model's predictions may
        depend on it.
    soft_targets
        Whether a target may be a distribution over the classes. Its largest entry is then the class. Otherwise targets
        must be one-hot.
    confidence, resamples, cluster_by
        How sure the value at each severity is: see `sweeper.capabilities.uncertainty.Uncertainty`.

    Values
    ------
    <metric> area, <metric>.area
        The area under the curve of the metric over the severities, divided by their range: its mean over the whole
        range, in the unit of the metric.
    <metric>@<severity>
        The metric on the data with the condition at that severity.

    Raises
    ------
    PartError
        `augmentation` does not make MAITE augmentations, or the severities are not in order.
    """

    id = "sweeper.robustness"
    supports_datasets = Arity.ONE
    supports_models = Arity.ONE
    supports_metrics = Arity.ONE
    reads_predictions = True

    def __init__(
        self,
        augmentation: Callable[..., TaskAugmentation],
        severities: Sequence[float],
        *,
        parameter: str = "severity",
        baseline: float = 0.0,
        batch_size: int = BATCH_SIZE,
        soft_targets: bool = False,
        confidence: float = 0.95,
        resamples: int = 0,
        cluster_by: str | None = None,
    ) -> None:
        if not callable(augmentation) or (hasattr(augmentation, "metadata") and not isinstance(augmentation, type)):
            raise PartError(
                "augmentation of Robustness must make an augmentation of a given severity; got "
                f"{augmentation!r}. In a config add _partial_: true beside its _target_, and leave {parameter} out."
            )
        _check_order(severities, baseline)
        self.soft_targets = soft_targets
        self._uncertainty = Uncertainty(confidence, resamples, cluster_by)
        self._severities = tuple(float(severity) for severity in severities)
        self._parameter, self._baseline, self.batch_size = parameter, float(baseline), batch_size
        self._augmentations = {f"{parameter}={s!r}": _make(augmentation, parameter, s) for s in self._severities}
        self._name = getattr(getattr(augmentation, "func", augmentation), "__name__", type(augmentation).__name__)

    def augmentations(self) -> dict[str, TaskAugmentation | None]:
        """The inference passes that are needed, by their label: the unchanged data, and each severity."""
        return {"": None, **self._augmentations}

    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
        *,
        predictions: Mapping[str, Predictions] | None = None,
    ) -> RobustnessRun:
        """Score one model on one dataset at every severity.

        Parameters
        ----------
        models, datasets, metrics, config, use_cache
            As `BuiltinCapability.run` says.
        predictions
            Predictions that were made before, under the labels of `augmentations`. If it is `None`, they are made here.

        Raises
        ------
        PartError
            The arguments are wrong in number or kind, what they return fails a check (`sweeper.checks`), or the metric
            computes no number.
        """
        inputs = self.check(models, datasets, metrics, config, use_cache)
        (model,), (dataset,), (metric,) = inputs.models, inputs.datasets, inputs.metrics
        scores: list[dict[str, float]] = []
        sure: list[dict[str, Sureness]] = []
        warnings: dict[str, None] = {}
        with rules.applying(rules.allowed_by(rules.current(), self, [metric])):
            for label, augmentation in self.augmentations().items():
                used = predictions[label] if predictions else predict(model, dataset, augmentation, self.batch_size)
                warnings |= dict.fromkeys(used.verify())
                scores.append(used.score(metric))
                sure.append(self._uncertainty.measured(metric, used, scores[-1], metadata_id(dict(dataset.metadata))))
        severities = (self._baseline, *self._severities)
        nothing = Sureness(Interval.none(len(dataset), "not computed at this severity"))
        return RobustnessRun(
            capability_id=self.id,
            **inputs.metadata(),
            warnings=tuple(warnings),
            augmentation=self._name,
            parameter=self._parameter,
            severities=severities,
            curves={key: _curve(severities, _at(scores, key, math.nan), _at(sure, key, nothing)) for key in scores[0]},
            higher_is_better=getattr(metric, "higher_is_better", None),
            labels=tuple(self.augmentations()),
        )


def _sure_columns(sure: Sureness | None, conditions: Mapping[str, float]) -> _SureColumns:
    """The columns of a value that was measured under these conditions."""
    evidence = sure.evidence if sure is not None else None
    return {
        **columns_of(sure.interval if sure is not None else None),
        "evidence": replace(evidence, conditions=conditions).text() if evidence is not None and conditions else None,
    }


def _check_order(severities: Sequence[float], baseline: float) -> None:
    distances = [abs(severity - baseline) for severity in severities]
    one_side = len({severity > baseline for severity in severities}) == 1
    if not one_side or any(far <= near for near, far in zip([0.0, *distances], distances, strict=False)):
        raise PartError(
            f"severities of Robustness are {list(severities)}; there must be one or more, all on one side of "
            f"the baseline {baseline:g}, each further from it than the one before."
        )


def _make(factory: Callable[..., object], parameter: str, severity: float) -> TaskAugmentation:
    from maite.protocols import generic as gen

    try:
        augmentation = factory(**{parameter: severity})
    except TypeError as error:
        raise PartError(f"{factory!r} does not make an augmentation of {parameter}={severity}: {error}.") from error
    if not isinstance(augmentation, gen.Augmentation):
        raise PartError(
            f"{factory!r} gave a {type(augmentation).__name__}, which is not a MAITE Augmentation (call, metadata)."
        )
    return augmentation


def _at(found: Sequence[Mapping[str, T]], key: str, missing: T) -> list[T]:
    """The entry of a key at each severity."""
    return [each.get(key, missing) for each in found]


def _weights(severities: Sequence[float]) -> list[float]:
    """The weight of the value at each severity in the area under the curve; they add up to 1."""
    from scipy.integrate import trapezoid

    distances = [abs(severity - severities[0]) for severity in severities]
    unit = [[float(row == column) for column in range(len(distances))] for row in range(len(distances))]
    return [float(trapezoid(row, distances)) / distances[-1] for row in unit]


def _curve(severities: Sequence[float], values: Sequence[float], sure: Sequence[Sureness]) -> Curve:
    from scipy.integrate import trapezoid

    distances = [abs(severity - severities[0]) for severity in severities]
    area = float(trapezoid(values, distances)) / distances[-1]
    return Curve(tuple(values), area, tuple(sure), weighted(_weights(severities), sure))
