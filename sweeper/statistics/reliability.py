"""How often a model is right where it is about so sure: what a reliability diagram shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics.bounds import STANDARD, Level
from sweeper.statistics.by_class import Estimate, estimate
from sweeper.statistics.calibration import bin_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Floats


@dataclass(frozen=True)
class CalibrationBin:
    """The data of one range of confidences.

    Attributes
    ----------
    number
        Of the bin, from 0.
    low, high
        Its confidences are above `low` and at most `high`; the first bin has a confidence of 0 too.
    n
        Number of data.
    confidence
        Their mean confidence; `None` where there are none.
    accuracy
        The share of right predictions among them.
    """

    number: int
    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: Estimate

    @property
    def gap(self) -> float | None:
        """Accuracy less confidence: below 0 where the model is too sure. `None` where there are no data."""
        if self.accuracy.value is None or self.confidence is None:
            return None
        return self.accuracy.value - self.confidence


def calibration_bins(
    confidence: Floats, right: npt.NDArray[np.bool_], bins: int, level: Level = STANDARD
) -> tuple[CalibrationBin, ...]:
    """All bins, of equal width, from N confidences in [0, 1] and which of the N data are right.

    They are those of the expected calibration error (`sweeper.statistics.calibration.error_of`), which is the mean of
    their absolute gaps, weighted by their numbers of data. Intervals are of each bin by itself.
    """
    places, edges = bin_of(confidence, bins), np.linspace(0, 1, bins + 1).tolist()
    sizes = np.bincount(places, minlength=bins).tolist()
    hits = np.bincount(places[right], minlength=bins).tolist()
    sums = np.bincount(places, confidence, bins).tolist()
    return tuple(
        CalibrationBin(
            number,
            edges[number],
            edges[number + 1],
            n,
            sums[number] / n if n else None,
            estimate(hits[number], n, level, "in this bin"),
        )
        for number, n in enumerate(sizes)
    )
