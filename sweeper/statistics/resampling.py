"""The bootstrap over data: how often each datum counts in each resample."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.statistics.bounds import Interval, Level
from sweeper.statistics.clusters import INDEPENDENT, Clusters

FEWEST_RESAMPLES = 100
"""With fewer resamples the quantiles are arbitrary."""
FEWEST_DATA = 30
"""With fewer data a resample is too unlike a sample of the population."""

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.confusion import Floats

    Weights = npt.NDArray[np.uint8]

BYTES_OF_A_CHUNK = 32 * 2**20
"""How much of the weights is in memory at once."""


@dataclass(frozen=True, eq=False)
class Resamples:
    """Which data each of R resamples has, as weights: the number of times that it has them.

    Attributes
    ----------
    identity
        What the random numbers are drawn by, such as the id of a dataset. Two models on one dataset get the same
        resamples, so that what is particular to these data drops out of their difference.
    size
        Number N of data.
    clusters
        Which data belong together: their cluster is drawn, or not, as a whole.

    Notes
    -----
    Each resample has N data, or C clusters, drawn with replacement: Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993, chapters 6 and 13. Poisson weights, drawn for each datum alone, cover equally often where a metric
    divides by the number of data (tests/statistics/test_resampling.py), and wrongly where it does not: a sum over the
    data would get an interval for how many data there are. A resample is a stream of its own of a counter-based
    generator (Philox; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), so resamples can be made
    in any parts and any order.
    """

    identity: str
    size: int
    clusters: Clusters = INDEPENDENT

    def weights(self, first: int, last: int) -> Weights:
        """(last - first) x N weights: those of the resamples from `first` up to `last`, without it."""
        count = self.size if self.clusters.of is None else self.clusters.count
        rows = np.stack([self._row(number, count) for number in range(first, last)])
        return rows if self.clusters.of is None else rows[:, self.clusters.of]

    def chunks(self, resamples: int) -> Iterator[Weights]:
        """The weights of resamples 0 to `resamples` - 1, in parts that take bounded memory."""
        step = max(1, BYTES_OF_A_CHUNK // max(self.size, 1))
        for first in range(0, resamples, step):
            yield self.weights(first, min(first + step, resamples))

    def _row(self, number: int, count: int) -> Weights:
        key = int.from_bytes(hashlib.sha256(self.identity.encode()).digest()[:16], "little")
        stream = np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, number]))
        return np.bincount(stream.integers(0, count, count, np.int32), minlength=count).astype(np.uint8)


def bootstrap_interval(value: float, resampled: Floats, size: int, level: Level) -> Interval:
    """The interval of any metric, from its value and its values on R resamples.

    The percentile interval, at levels that widen it as Student's t distribution widens a normal one: Hesterberg, "What
    Teachers Should Know About the Bootstrap", The American Statistician 69, 2015, section 5.2. It needs no knowledge of
    the metric, so it cannot correct its bias, and how often it covers the truth depends on the metric. A value outside
    of its own interval is biased in small samples, and then there are no bounds. `size` is the number of data, or of
    clusters.
    """
    from scipy.special import ndtr

    if size < FEWEST_DATA:
        return Interval.none(size, f"{size} data or clusters; at least {FEWEST_DATA} are needed for a bootstrap")
    finite = resampled[np.isfinite(resampled)]
    if len(finite) < 0.95 * len(resampled) or len(finite) < FEWEST_RESAMPLES:
        return Interval.none(size, f"{len(finite)} of {len(resampled)} resamples have a value")
    tail = float(ndtr(-math.sqrt(size / (size - 1)) * level.t(size - 1)))
    low, high = np.quantile(finite, [tail, 1 - tail])
    stderr = float(finite.std(ddof=1))
    if not low <= value <= high or stderr == 0:
        return Interval.none(size, "the value is not inside the values of its resamples, or they are all equal")
    return Interval(size, stderr, float(low), float(high), "bootstrap_percentile")
