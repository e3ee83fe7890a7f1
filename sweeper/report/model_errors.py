"""Where each model errs, on each dataset, as frozen plain data: what the error analyses found, the clearest first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Weak:
    """A class or a slice on which a model does badly."""

    name: str
    value: float | None
    """The recall of the class, or the share of the slice that is right."""
    low: float | None
    high: float | None
    """The bounds of its interval."""
    support: int
    """Number of data, or of objects."""


@dataclass(frozen=True)
class Taken:
    """A class that is taken for another one."""

    label: str
    predicted: str
    n: int
    """How often."""


@dataclass(frozen=True)
class WrongDatum:
    """A datum that a model is sure of and wrong about."""

    datum_id: str
    label: str
    predicted: str
    confidence: float | None


@dataclass(frozen=True)
class DatasetErrors:
    """What one analysis found of a model on a dataset."""

    capability: str
    """The name of the choice."""
    dataset: str
    classes: tuple[Weak, ...]
    taken: tuple[Taken, ...]
    slices: tuple[Weak, ...]
    wrong: tuple[WrongDatum, ...]


@dataclass(frozen=True)
class ModelErrors:
    """What the analyses found of one model."""

    model: str
    datasets: tuple[DatasetErrors, ...]

    @property
    def has_slices(self) -> bool:
        """Whether an analysis looked at slices of the data."""
        return any(one.slices for one in self.datasets)
