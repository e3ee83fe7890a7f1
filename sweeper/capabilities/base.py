"""What the built-in capabilities share: how they are called, and the common fields of a run's result."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypedDict, TypeVar

from sweeper.errors import PartError
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel
    from sweeper.records import Record

T = TypeVar("T")
_COUNTS = {Arity.ZERO: 0, Arity.ONE: 1, Arity.TWO: 2}
_WORDS = {Arity.ZERO: "no {0}", Arity.ONE: "one {0}", Arity.TWO: "two {0}s", Arity.MANY: "one {0} or more"}


@dataclass(frozen=True, kw_only=True)
class CapabilityRun(ABC):
    """The result of one run: what was measured on what. Subclasses add their measurements."""

    capability_id: str
    dataset_metadata: list[dict[str, object]]
    model_metadata: list[dict[str, object]]
    metric_metadata: list[dict[str, object]]
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)
    """New for every run, so that two attempts of one combination can be told apart."""
    warnings: tuple[str, ...] = ()
    """What a reader of the values must know, one line each; stored in `attempts.warnings`."""

    @abstractmethod
    def extract(self) -> Sequence[Record]:
        """Flat rows for the payload tables of this capability; `results` shows the values of the table of the first."""

    @abstractmethod
    def collect_md_report(self, threshold: float) -> str:
        """A short Markdown report; `threshold` is the smallest acceptable score."""


class RunMetadata(TypedDict):
    """The fields of a `CapabilityRun` that say what it ran on."""

    dataset_metadata: list[dict[str, object]]
    model_metadata: list[dict[str, object]]
    metric_metadata: list[dict[str, object]]


def metadata_id(metadata: Mapping[str, object]) -> str:
    """The id in the metadata of a dataset, model or metric."""
    return str(metadata["id"])


@dataclass(frozen=True)
class RunInputs:
    """The models, datasets and metrics of one run, after their number and kind were checked."""

    models: Sequence[TaskModel]
    datasets: Sequence[TaskDataset]
    metrics: Sequence[TaskMetric]

    def metadata(self) -> RunMetadata:
        """The keyword arguments of a `CapabilityRun` that say what it ran on."""
        return {
            "dataset_metadata": [dict(dataset.metadata) for dataset in self.datasets],
            "model_metadata": [dict(model.metadata) for model in self.models],
            "metric_metadata": [dict(metric.metadata) for metric in self.metrics],
        }


class BuiltinCapability(ABC):
    """Base of the built-in capabilities."""

    id: ClassVar[str]
    supports_datasets: ClassVar[Arity] = Arity.ZERO
    supports_models: ClassVar[Arity] = Arity.ZERO
    supports_metrics: ClassVar[Arity] = Arity.ZERO
    reads_predictions: ClassVar[bool] = False

    @abstractmethod
    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
    ) -> CapabilityRun:
        """Measure.

        Parameters
        ----------
        models, datasets, metrics
            MAITE objects. `supports_models`, `supports_datasets` and `supports_metrics` say how many of each.
        config
            Must be `None`: built-in capabilities get their settings in their constructor.
        use_cache
            Must be false: results are kept in the analytics store.

        Raises
        ------
        PartError
            The number or the kind of the arguments is wrong.
        """

    def check(
        self,
        models: Sequence[TaskModel] | None,
        datasets: Sequence[TaskDataset] | None,
        metrics: Sequence[TaskMetric] | None,
        config: object,
        use_cache: bool,
    ) -> RunInputs:
        """Count the arguments of `run`, and check them against the MAITE protocols.

        Raises
        ------
        PartError
            An argument is not as `run` asks.
        """
        self._check_settings(config, use_cache)
        from maite.protocols import generic as gen

        return RunInputs(
            models=self._checked("model", models, self.supports_models, gen.Model),
            datasets=self._checked("dataset", datasets, self.supports_datasets, gen.Dataset),
            metrics=self._checked("metric", metrics, self.supports_metrics, gen.Metric),
        )

    def _check_settings(self, config: object, use_cache: bool) -> None:
        if config is not None:
            raise PartError(
                f"{self.id} takes no config; got a {type(config).__name__}. "
                "Give its settings to the constructor: in a choice file, beside _target_."
            )
        if use_cache:
            raise PartError(f"{self.id} keeps no cache: call run(..., use_cache=False) and read the analytics store.")

    def _checked(self, axis: str, parts: Sequence[T] | None, arity: Arity, protocol: type) -> Sequence[T]:
        """The parts of one axis, if their number fits the arity and each one the protocol."""
        listed = list(parts or ())
        fits = len(listed) >= 1 if arity is Arity.MANY else len(listed) == _COUNTS[arity]
        if not fits:
            raise PartError(f"{self.id} takes {_WORDS[arity].format(axis)}; got {len(listed)}.")
        for part in listed:
            metadata: object = getattr(part, "metadata", None)
            if not isinstance(part, protocol) or not isinstance(metadata, Mapping) or "id" not in metadata:
                raise PartError(
                    f"{self.id} got a {type(part).__name__} as its {axis}, which is not a MAITE {protocol.__name__}: "
                    f"see maite.protocols for its methods, and give it metadata = {{'id': ...}}."
                )
        return listed
