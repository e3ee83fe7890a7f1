"""Data that belong together, such as the frames of one video: they count as fewer than they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.statistics.bounds import Level

FEW = 5
"""With fewer clusters that have a wrong datum, or a right one, the dependence inside a cluster cannot be estimated."""
FEWEST = 10
"""With fewer clusters there are no bounds."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which cluster each datum is in; without any, each datum is one of its own.

    Attributes
    ----------
    of
        N indices of clusters, 0 to `count` - 1; `None` if the data are independent.
    count
        Number C of clusters.
    """

    of: npt.NDArray[np.intp] | None = None
    count: int = 0

    @classmethod
    def by(cls, keys: Sequence[object]) -> Clusters:
        """Data with equal keys belong together."""
        places: dict[object, int] = {}
        of = np.array([places.setdefault(key, len(places)) for key in keys], np.intp)
        return cls(of, len(places))

    @property
    def too_few(self) -> str | None:
        """Why there can be no bounds, if so."""
        if self.of is not None and self.count < FEWEST:
            return f"{self.count} clusters; at least {FEWEST} are needed"
        return None

    def named(self, method: str) -> str:
        """The name of a method, with the number of clusters if there are any."""
        return method if self.of is None else f"{method}, {self.count} clusters"

    def sums(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The sums of N or N x M values over each cluster; the values themselves if the data are independent."""
        if self.of is None:
            return values
        if values.ndim == 1:
            return np.bincount(self.of, values, self.count).astype(np.float64)
        return np.stack([self.sums(column) for column in values.T], axis=1)

    def effect(self, influence: npt.NDArray[np.float64], wrong: npt.NDArray[np.bool_], level: Level) -> float:
        """The design effect: how many clustered data tell as much as one independent datum, for this value.

        Parameters
        ----------
        influence
            N influences of a datum on the value, with mean 0: its standard error with independent data is the root of
            their sum of squares, divided by N.
        wrong
            Which of the data are wrong. What few clusters have, all data of a cluster may share by chance; then each
            cluster counts as one datum.
        level
            With C clusters the variance itself is uncertain, by a t distribution with C - 1 degrees of freedom.

        Notes
        -----
        The variance of sums over clusters as in Miller, "Adding Error Bars to Evals", arXiv 2411.00640, 2024, section
        2.2, times C / (C - 1); the effective sample size with the ratio of quantiles as in Korn and Graubard 1998 (see
        `sweeper.statistics.shares.exact`).
        """
        if self.of is None:
            return 1.0
        alone, together = float((influence**2).sum()), float((self.sums(influence) ** 2).sum())
        most = float((np.bincount(self.of, minlength=self.count) ** 2).sum()) / len(influence)
        rarer = min(len(np.unique(self.of[wrong])), len(np.unique(self.of[~wrong])))
        return design_effect(alone, together, most, self.count, rarer, level)


INDEPENDENT = Clusters()
"""No datum belongs to another one."""


def design_effect(alone: float, together: float, most: float, clusters: int, rarer: int, level: Level) -> float:
    """As `Clusters.effect` says, from sums.

    Parameters
    ----------
    alone
        Sum of the squared influences of the data.
    together
        Sum of the squared sums of influences over each cluster.
    most
        The effect where all data of a cluster agree: the sum of their squared sizes by the number of data.
    clusters
        How many there are, 2 or more.
    rarer
        How many clusters have a wrong datum, or a right one, whichever are fewer.
    level
        See there.
    """
    effect = max(1.0, together / alone * clusters / (clusters - 1)) if alone > 0 else most
    if rarer < FEW:
        effect = max(effect, most)
    return effect * (level.t(clusters - 1) / level.z) ** 2
