"""Shares of things that come in clusters, such as boxes in images, from a few sums over the clusters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sweeper.statistics.bounds import STANDARD, Interval, Level
from sweeper.statistics.by_class import Estimate
from sweeper.statistics.clusters import FEWEST, design_effect
from sweeper.statistics.shares import effective_interval

if TYPE_CHECKING:
    import numpy.typing as npt

    Sums: TypeAlias = npt.NDArray[np.int64]


@dataclass
class ShareSums:
    """How many things of each of K kinds there are, and how they are spread over the clusters.

    Memory does not grow with the number of clusters.

    Attributes
    ----------
    kinds
        Number K of kinds; each thing is of one.
    size, clusters
        Number of things, and of clusters that have one.
    hits
        K numbers of things.
    """

    kinds: int
    size: int = 0
    clusters: int = 0
    _squares: int = 0
    """Of the number of things in a cluster."""
    hits: Sums = field(default_factory=lambda: np.zeros(0, np.int64))
    _hit_squares: Sums = field(default_factory=lambda: np.zeros(0, np.int64))
    _products: Sums = field(default_factory=lambda: np.zeros(0, np.int64))
    """Of the number of things of a kind and of all things in a cluster."""
    _with: Sums = field(default_factory=lambda: np.zeros(0, np.int64))
    """Clusters with a thing of a kind."""
    _beside: Sums = field(default_factory=lambda: np.zeros(0, np.int64))
    """Clusters with a thing of another kind."""

    def __post_init__(self) -> None:
        self.hits, self._hit_squares, self._products, self._with, self._beside = np.zeros((5, self.kinds), np.int64)

    def add(self, counts: Sums) -> None:
        """Add a cluster with so many things of each kind; one without things tells nothing."""
        size = int(counts.sum())
        if size:
            self.size, self.clusters, self._squares = self.size + size, self.clusters + 1, self._squares + size**2
            self.hits += counts
            self._hit_squares += counts**2
            self._products += counts * size
            self._with += counts > 0
            self._beside += counts < size

    def share(self, kind: int, level: Level = STANDARD) -> Estimate:
        """The share of one kind with its interval, as `sweeper.statistics.shares.share_interval` has it for clusters.

        Parameters
        ----------
        kind
            From 0.
        level
            Of this interval by itself.
        """
        value = int(self.hits[kind]) / self.size if self.size else None
        if value is None or self.clusters < FEWEST:
            return Estimate(value, Interval.none(self.size, f"{self.clusters} clusters; at least {FEWEST} are needed"))
        interval = effective_interval(value, self.size, self._effect(kind, value, level), level)
        return Estimate(value, replace(interval, method=f"{interval.method}, {self.clusters} clusters"))

    def _effect(self, kind: int, share: float, level: Level) -> float:
        squares, products = int(self._hit_squares[kind]), int(self._products[kind])
        return design_effect(
            alone=self.size * share * (1 - share),
            together=max(0.0, squares - 2 * share * products + share**2 * self._squares),
            most=self._squares / self.size,
            clusters=self.clusters,
            rarer=int(min(self._with[kind], self._beside[kind])),
            level=level,
        )
