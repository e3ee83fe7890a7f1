"""Which of several models cannot be told apart from the best."""

from __future__ import annotations

from collections.abc import Sequence

from sweeper.statistics.clusters import INDEPENDENT, Clusters
from sweeper.statistics.compared import Comparable, chance_if_not_better


def among_the_best(
    models: Sequence[Comparable],
    *,
    higher_is_better: bool = True,
    confidence: float = 0.95,
    clusters: Clusters = INDEPENDENT,
) -> list[bool]:
    """For each of k models on the same data, whether it may be the best one.

    The truly best one is among them with a probability of at least `confidence`, however many are equal to it or nearly
    so. A model is left out only if one of the others is better by a test at the level (1 - `confidence`) / (k - 1).

    Notes
    -----
    This is the question of Hsu, "Constrained simultaneous confidence intervals for multiple comparisons with the best",
    Annals of Statistics 12, 1984. For the truly best model all k - 1 tests have a true null hypothesis, and by the
    inequality of Bonferroni one of them rejects with a probability of at most 1 - `confidence`. Other models need no
    correction: it is no error to leave them out. A joint quantile of the k - 1 statistics, as Hsu has it, would need a
    difference that is 5 % smaller for ten models, and be approximate where `chance_if_not_better` is exact.
    """
    if len(models) < 2:
        return [True] * len(models)
    level = (1 - confidence) / (len(models) - 1)
    best_first = sorted(models, key=lambda model: model.value, reverse=higher_is_better)  # it beats most by itself
    return [not _is_beaten(mine, best_first, higher_is_better, level, clusters) for mine in models]


def _is_beaten(
    mine: Comparable, others: Sequence[Comparable], higher_is_better: bool, level: float, clusters: Clusters
) -> bool:
    if higher_is_better:
        return any(chance_if_not_better(other, mine, clusters) <= level for other in others if other.value > mine.value)
    return any(chance_if_not_better(mine, other, clusters) <= level for other in others if other.value < mine.value)
