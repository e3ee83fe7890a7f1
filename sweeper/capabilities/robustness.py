"""How a model's score falls as a condition gets harder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun
from sweeper.capabilities.markdown import table
from sweeper.capabilities.predictions import BATCH_SIZE, Predictions, predict
from sweeper.checks import rules
from sweeper.errors import PartError
from sweeper.records import Record
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from maite.protocols import generic as gen

    Augmentation = gen.Augmentation[Any, Any, Any, Any, Any, Any]


class RobustnessRecord(Record, table_name="sweeper_robustness"):
    """A metric's value at one severity, or the area under its curve."""

    dataset_id: str
    model_id: str
    metric_id: str
    output_key: str
    """The metric's key, with the severity (`accuracy@0.25`) or `.area` behind it."""
    output_value: float
    scope: str
    """`severity` for a point of the curve, `overall` for the area."""
    augmentation: str
    parameter: str
    metric_key: str
    severity_index: int | None = None
    """0 for the data as they are, then 1, 2, ..."""
    severity: float | None = None
    higher_is_better: bool | None = None


@dataclass(frozen=True)
class Curve:
    """One number of a metric along the severities.

    Attributes
    ----------
    values
        At the baseline and at each severity.
    area
        Area under the curve by the trapezoidal rule, divided by the range of severities: the mean value over that
        range, so that a curve that stays at v has area v.
    """

    values: tuple[float, ...]
    area: float


@dataclass(frozen=True, kw_only=True)
class RobustnessRun(CapabilityRun):
    """One curve per key of the metric."""

    augmentation: str
    parameter: str
    severities: tuple[float, ...]
    """The baseline and then each severity."""
    curves: Mapping[str, Curve]
    higher_is_better: bool | None

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
            )
            for index, (severity, value) in enumerate(zip(self.severities, curve.values, strict=True))
        ]
        return [*points, RobustnessRecord(**common, output_key=f"{key}.area", output_value=curve.area, scope="overall")]

    def _common(self, key: str) -> dict[str, Any]:
        return {
            "run_uid": self.run_uid,
            "dataset_id": self.dataset_metadata[0]["id"],
            "model_id": self.model_metadata[0]["id"],
            "metric_id": self.metric_metadata[0]["id"],
            "augmentation": self.augmentation,
            "parameter": self.parameter,
            "metric_key": key,
            "higher_is_better": self.higher_is_better,
        }

    def collect_md_report(self, threshold: float) -> str:
        """The curves; the threshold is given for comparison."""
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
        Makes a MAITE augmentation of a severity: `augmentation(**{parameter: severity})`. In a config
        `augmentation: {_target_: sweeper.augmentations.Rotation, _partial_: true}`.
    severities
        The severities in order, each further from the baseline than the one before.
    parameter
        Name of the argument that is varied.
    baseline
        The severity at which the augmentation changes nothing; the data as they are stand for it.
    batch_size
        Data per call of the model. Part of the identity, since a model's answer may depend on it.
    soft_targets
        Whether targets may be distributions over the classes, of which the largest entry is the class; without it they
        must be one-hot.

    Raises
    ------
    PartError
        Where `augmentation` is no factory of MAITE augmentations or the severities are not in order.
    """

    id = "sweeper.robustness"
    supports_datasets = Arity.ONE
    supports_models = Arity.ONE
    supports_metrics = Arity.ONE
    reads_predictions = True

    def __init__(
        self,
        augmentation: Callable[..., Augmentation],
        severities: Sequence[float],
        *,
        parameter: str = "severity",
        baseline: float = 0.0,
        batch_size: int = BATCH_SIZE,
        soft_targets: bool = False,
    ) -> None:
        if not callable(augmentation) or (hasattr(augmentation, "metadata") and not isinstance(augmentation, type)):
            raise PartError(
                "augmentation of Robustness must make an augmentation of a given severity; got "
                f"{augmentation!r}. In a config add _partial_: true beside its _target_, and leave {parameter} out."
            )
        _check_order(severities, baseline)
        self.soft_targets = soft_targets
        self._severities = tuple(float(severity) for severity in severities)
        self._parameter, self._baseline, self.batch_size = parameter, float(baseline), batch_size
        self._made = {f"{parameter}={s!r}": _made(augmentation, parameter, s) for s in self._severities}
        self._name = getattr(getattr(augmentation, "func", augmentation), "__name__", type(augmentation).__name__)

    def augmentations(self) -> dict[str, Augmentation | None]:
        """The inference passes that are needed, by their label: the data as they are, and each severity."""
        return {"": None, **self._made}

    def run(
        self,
        models: Sequence[Any] | None = None,
        datasets: Sequence[Any] | None = None,
        metrics: Sequence[Any] | None = None,
        config: Any = None,
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
            Predictions that were made before, under the labels of `augmentations`; made here where it is `None`.

        Raises
        ------
        PartError
            Where the parts are wrong in number or kind, what they return fails a check (`sweeper.checks`), or the
            metric gives no number.
        """
        parts = self.check(models, datasets, metrics, config, use_cache)
        (model,), (dataset,), (metric,) = parts.models, parts.datasets, parts.metrics
        scores: list[dict[str, float]] = []
        warnings: dict[str, None] = {}
        with rules.under(rules.allowed_by(rules.current(), self, [metric])):
            for label, augmentation in self.augmentations().items():
                made = predictions[label] if predictions else predict(model, dataset, augmentation, self.batch_size)
                warnings |= dict.fromkeys(made.verify())
                scores.append(made.score(metric))
        severities = (self._baseline, *self._severities)
        return RobustnessRun(
            capability_id=self.id,
            **parts.metadata(),
            warnings=tuple(warnings),
            augmentation=self._name,
            parameter=self._parameter,
            severities=severities,
            curves={key: _curve(severities, [score.get(key, float("nan")) for score in scores]) for key in scores[0]},
            higher_is_better=getattr(metric, "higher_is_better", None),
        )


def _check_order(severities: Sequence[float], baseline: float) -> None:
    distances = [abs(severity - baseline) for severity in severities]
    one_side = len({severity > baseline for severity in severities}) == 1
    if not one_side or any(far <= near for near, far in zip([0.0, *distances], distances, strict=False)):
        raise PartError(
            f"severities of Robustness are {list(severities)}; there must be one or more, all on one side of "
            f"the baseline {baseline:g}, each further from it than the one before."
        )


def _made(factory: Callable[..., Augmentation], parameter: str, severity: float) -> Augmentation:
    from maite.protocols import generic as gen

    try:
        made: Any = factory(**{parameter: severity})
    except TypeError as error:
        raise PartError(f"{factory!r} makes no augmentation of {parameter}={severity}: {error}.") from error
    if not isinstance(made, gen.Augmentation):
        raise PartError(f"{factory!r} gave a {type(made).__name__}, which is no MAITE Augmentation (call, metadata).")
    return made


def _curve(severities: Sequence[float], values: Sequence[float]) -> Curve:
    from scipy.integrate import trapezoid

    distances = [abs(severity - severities[0]) for severity in severities]
    return Curve(tuple(values), float(trapezoid(values, distances)) / distances[-1])
