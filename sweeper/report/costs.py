"""What models cost in time, as frozen plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelCost:
    """The time that the shown values of one model took."""

    model: str
    passes: int
    """Inferences, each counted once however many combinations read it."""
    inference_s: float
    datum_s: float | None
    """Seconds for each datum, over the passes that go once over a dataset of known size; `None` where there is none."""
    runs: int
    run_s: float
    hosts: tuple[str, ...]

    @property
    def rate(self) -> float | None:
        """Data per second."""
        return 1 / self.datum_s if self.datum_s else None


@dataclass(frozen=True)
class Costs:
    """Those of all models; the number tells how many more there are."""

    models: tuple[ModelCost, ...] = ()
    more: int = 0

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every machine that measured something of these."""
        return tuple(sorted({host for one in self.models for host in one.hosts}))
