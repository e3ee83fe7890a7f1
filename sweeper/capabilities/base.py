"""What the built-in capabilities share: their contract, and the frame of a typed run result."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from sweeper.errors import PartError
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sweeper.records import Record

_COUNTS = {Arity.ZERO: 0, Arity.ONE: 1, Arity.TWO: 2}
_WORDS = {Arity.ZERO: "no {0}", Arity.ONE: "one {0}", Arity.TWO: "two {0}s", Arity.MANY: "one {0} or more"}


@dataclass(frozen=True, kw_only=True)
class CapabilityRun(ABC):
    """The result of one run: what was measured on what. Subclasses add their measurements."""

    capability_id: str
    dataset_metadata: list[dict[str, Any]]
    model_metadata: list[dict[str, Any]]
    metric_metadata: list[dict[str, Any]]
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Fresh for every run, so that two attempts of one combination stay apart."""
    warnings: tuple[str, ...] = ()
    """What must be known beside the measured values, a line each; stored in `attempts.warnings`."""

    @abstractmethod
    def extract(self) -> Sequence[Record]:
        """Flat rows for the payload table of this capability."""

    @abstractmethod
    def collect_md_report(self, threshold: float) -> str:
        """A short Markdown report; `threshold` is the smallest acceptable score."""


@dataclass(frozen=True)
class Parts:
    """What a capability was given, counted and checked."""

    models: Sequence[Any]
    datasets: Sequence[Any]
    metrics: Sequence[Any]

    def metadata(self) -> dict[str, Any]:
        """The keyword arguments of a `CapabilityRun` that say what it ran on."""
        return {
            "dataset_metadata": [dict(part.metadata) for part in self.datasets],
            "model_metadata": [dict(part.metadata) for part in self.models],
            "metric_metadata": [dict(part.metadata) for part in self.metrics],
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
        models: Sequence[Any] | None = None,
        datasets: Sequence[Any] | None = None,
        metrics: Sequence[Any] | None = None,
        config: Any = None,
        use_cache: bool = False,
    ) -> CapabilityRun:
        """Measure.

        Parameters
        ----------
        models, datasets, metrics
            MAITE objects, as many as `supports_models`, `supports_datasets` and `supports_metrics` say.
        config
            Must be `None`: built-ins are set up by their constructor.
        use_cache
            Must be false: results are kept in the analytics store.

        Raises
        ------
        PartError
            Where the number or the kind of the parts is wrong.
        """

    def check(
        self,
        models: Sequence[Any] | None,
        datasets: Sequence[Any] | None,
        metrics: Sequence[Any] | None,
        config: Any,
        use_cache: bool,
    ) -> Parts:
        """The arguments of `run`, counted and checked against the MAITE protocols.

        Raises
        ------
        PartError
            Where something is not as `run` says.
        """
        if config is not None:
            raise PartError(
                f"{self.id} takes no config; got a {type(config).__name__}. "
                "Give its settings to the constructor: in a choice file, beside _target_."
            )
        if use_cache:
            raise PartError(f"{self.id} keeps no cache: call run(..., use_cache=False) and read the analytics store.")
        from maite.protocols import generic as gen

        return Parts(
            models=self._parts("model", models, self.supports_models, gen.Model),
            datasets=self._parts("dataset", datasets, self.supports_datasets, gen.Dataset),
            metrics=self._parts("metric", metrics, self.supports_metrics, gen.Metric),
        )

    def _parts(self, axis: str, parts: Sequence[Any] | None, arity: Arity, protocol: Any) -> Sequence[Any]:
        given = list(parts or ())
        fits = len(given) >= 1 if arity is Arity.MANY else len(given) == _COUNTS[arity]
        if not fits:
            raise PartError(f"{self.id} takes {_WORDS[arity].format(axis)}; got {len(given)}.")
        for part in given:
            metadata = getattr(part, "metadata", None)
            if not isinstance(part, protocol) or not isinstance(metadata, Mapping) or "id" not in metadata:
                raise PartError(
                    f"{self.id} got a {type(part).__name__} as its {axis}, which is no MAITE {protocol.__name__}: "
                    f"see maite.protocols for its methods, and give it metadata = {{'id': ...}}."
                )
        return given
