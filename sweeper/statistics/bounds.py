"""What an interval is, how sure it shall be, and the quantiles that this takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sweeper.errors import PartError

Sides = Literal["both", "one"]


@dataclass(frozen=True)
class Interval:
    """How sure a value is.

    Attributes
    ----------
    n
        Number of data that the value was computed from.
    stderr
        Its standard error, in the unit of the value; `None` where there are no bounds.
    low, high
        The bounds; `None` where the data are too few for bounds that can be trusted.
    method
        How the bounds were computed; where there are none, `none: ` and the reason.
    """

    n: int
    stderr: float | None
    low: float | None
    high: float | None
    method: str

    @classmethod
    def none(cls, n: int, reason: str) -> Interval:
        """No bounds, and why."""
        return cls(n, None, None, None, f"none: {reason}")

    @property
    def is_known(self) -> bool:
        """Whether there are bounds."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Level:
    """How sure bounds shall be.

    Attributes
    ----------
    confidence
        The probability with which the truth is inside, in (0.5, 1).
    sides
        `both`: below `low` with half of the rest, and above `high` with the other half. `one`: each bound is meant to
        be read alone, and the truth is beyond it with the whole rest. A verdict that "it is at least so much" reads one
        bound. One-sided bounds of shares are exact: those of Wilson hold their level on both sides together, not on
        each (Cai, "One-sided confidence intervals in discrete distributions", J. Statist. Plann. Inference 131, 2005).

    Raises
    ------
    PartError
        The confidence is not between 0.5 and 1.
    """

    confidence: float = 0.95
    sides: Sides = "both"

    def __post_init__(self) -> None:
        if not 0.5 < self.confidence < 1:
            raise PartError(f"confidence is {self.confidence}; it must be above 0.5 and below 1, for example 0.95.")

    @property
    def tail(self) -> float:
        """The probability that the truth is beyond one of the bounds."""
        return (1 - self.confidence) / (2 if self.sides == "both" else 1)

    @property
    def exact(self) -> bool:
        """Whether each bound must hold its level alone."""
        return self.sides == "one"

    @property
    def z(self) -> float:
        """The quantile of the standard normal distribution that belongs to `tail`."""
        from scipy.special import ndtri

        return float(ndtri(1 - self.tail))

    def t(self, degrees_of_freedom: float) -> float:
        """The quantile of Student's t distribution that belongs to `tail`."""
        from scipy.special import stdtrit

        return float(stdtrit(degrees_of_freedom, 1 - self.tail))


STANDARD = Level()
"""95 %, both sides."""
