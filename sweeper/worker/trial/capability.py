"""A capability that is run on one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sweeper.checks.rules import Rules
from sweeper.messages.requests import ObjectSpec, Provenance, RunRequest, StoreLocation
from sweeper.vocabulary import Arity
from sweeper.worker.capability_run import run_capability

_NEEDED = {Arity.ZERO: 0, Arity.ONE: 1, Arity.TWO: 2, Arity.MANY: 1}
_WORDS = {Arity.ONE: "1", Arity.TWO: "2", Arity.MANY: "all"}
SUBSET = "sweeper.datasets.Subset"
MOST_ROWS = 20


@dataclass(frozen=True)
class CapabilitySpec:
    """What a capability takes beside what it is built from."""

    arity: Mapping[str, Arity]
    """By `datasets`, `models` and `metrics`."""
    config: object = None
    """What its `run` is given."""

    @property
    def text(self) -> str:
        """Its arity in words: `1 dataset, 1 model`."""
        said = [
            f"{_WORDS[n]} {key if n is not Arity.ONE else key[:-1]}" for key, n in self.arity.items() if n in _WORDS
        ]
        return ", ".join(said) or "nothing"

    def lacking(self, there: Mapping[str, int]) -> str:
        """What has to be named too, in words; empty where what is there suffices."""
        short = {key: _NEEDED[number] - there.get(key[:-1], 0) for key, number in self.arity.items()}
        return ", ".join(f"{n} {key if n > 1 else key[:-1]}" for key, n in short.items() if n > 0)

    def taken(self, axis: str, specs: Sequence[ObjectSpec]) -> tuple[ObjectSpec, ...]:
        """The parts on an axis that it is given: as many as it takes, the first ones."""
        number = self.arity[f"{axis}s"]
        return tuple(specs if number is Arity.MANY else specs[: _NEEDED[number]])


class Measured(NamedTuple):
    """What a run gave."""

    rows: list[dict[str, Any]]
    """The first of them, as they would be stored."""
    warnings: tuple[str, ...]


def run_on_one_batch(
    capability: CapabilitySpec,
    spec: ObjectSpec,
    parts: Mapping[str, Sequence[ObjectSpec]],
    allowed: Rules,
    batch_size: int,
) -> Measured:
    """Run a capability as a sweep does, on a batch of each dataset, and record nothing.

    Raises
    ------
    BaseException
        Whatever a part raises, and `PartError` where one returned what is not allowed.
    """
    datasets = [_limited(one, batch_size) for one in capability.taken("dataset", parts["dataset"])]
    output = run_capability(
        RunRequest(
            capability=spec,
            datasets=tuple(datasets),
            models=capability.taken("model", parts["model"]),
            metrics=capability.taken("metric", parts["metric"]),
            config=capability.config,
            store=StoreLocation(""),
            provenance=Provenance(),
            rules=allowed,
        ),
        None,
    )
    rows = [_plain(record) for record in output.run.extract()]
    return Measured(rows[:MOST_ROWS], output.warnings)


def _limited(dataset: ObjectSpec, limit: int) -> ObjectSpec:
    target = {"_target_": SUBSET, "dataset": dataset.target, "limit": limit}
    return ObjectSpec(target, f"{dataset.digest} {limit}", dataset.name)


def _plain(record: Any) -> dict[str, Any]:
    values = record.model_dump() if hasattr(record, "model_dump") else dict(vars(record))
    return {key: value for key, value in values.items() if value is not None}
