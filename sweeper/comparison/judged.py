"""What requirements come to: a verdict on each model, as frozen plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.statistics.requirements import Outcome


@dataclass(frozen=True)
class JudgedValue:
    """One value that a requirement is for, and what it alone comes to.

    Attributes
    ----------
    capability, dataset, metric, key
        Which value.
    outcome, further, reason
        As `sweeper.statistics.requirements.Verdict` has them.
    value
        What was measured; `None` where there is no value.
    bound
        The bound that stands between the value and the limit, or should: with a tolerance that of the difference.
    n
        The number of data.
    other
        With a tolerance the value that this one is compared with.
    """

    capability: str
    dataset: str
    metric: str
    key: str
    outcome: Outcome
    value: float | None = None
    bound: float | None = None
    n: int | None = None
    further: int | None = None
    reason: str = ""
    other: float | None = None

    @property
    def place(self) -> str:
        """Where it was measured, in words: `accuracy on digits`."""
        return f"{self.key or self.metric} on {self.dataset}" if self.dataset else self.key or self.metric


@dataclass(frozen=True)
class JudgedModel:
    """The verdict of one requirement on one model.

    Attributes
    ----------
    requirement
        The name of the requirement.
    asks
        What it asks for, in words: `accuracy >= 0.95 on digits*, 95 %`.
    outcome
        `met` if it is met by each value, `not met` if by one it is not, otherwise `undecided`.
    further
        If undecided: the number of further data that would about decide it, on the dataset that needs most; `None`
        where that is not known, or no number would.
    reason
        If undecided: why, in words.
    values
        What it was judged by.
    """

    requirement: str
    asks: str
    model: str
    outcome: Outcome
    further: int | None
    reason: str
    values: tuple[JudgedValue, ...]

    def to_dict(self) -> dict[str, object]:
        return asdict(self)
