"""Tests of whether two samples have the same distribution: feature by feature, class by class, and by a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Features = npt.NDArray[np.float32]

LEAST_EXPECTED = 5.0
"""With fewer expected in a cell the distribution of the chi-square statistic is another one (Cochran, "Some methods for
strengthening the common chi-square tests", Biometrics 10, 1954)."""


@dataclass(frozen=True)
class FeatureTest:
    """Two-sample test of one feature.

    Attributes
    ----------
    feature
        Its name.
    statistic
        Of Kolmogorov and Smirnov: the largest distance of the distribution functions. Of classes: Cramér's V.
    p_value, adjusted_p_value
        Before and after the correction of Benjamini and Hochberg.
    shifted
        Whether the adjusted p-value is below the level.
    """

    feature: str
    statistic: float
    p_value: float
    adjusted_p_value: float
    shifted: bool


@dataclass(frozen=True)
class ClassifierTest:
    """Classifier two-sample test. An AUC of 0.5: it cannot tell the datasets apart; of 1: it always can."""

    auc: float
    p_value: float
    shifted: bool


class Tested(NamedTuple):
    """The outcome of one test, before the correction."""

    statistic: float
    p_value: float


def ks_test(reference: npt.NDArray[np.floating], candidate: npt.NDArray[np.floating]) -> Tested:
    """The test of Kolmogorov and Smirnov of two samples of numbers, each with one at least.

    The p-value is the asymptotic one, since the exact one assumes that there are no ties.
    """
    from scipy.stats import ks_2samp

    result: Any = ks_2samp(reference, candidate, method="asymp")
    return Tested(float(result.statistic), float(np.clip(result.pvalue, 0, 1)))


def classes_test(reference: Mapping[str, int], candidate: Mapping[str, int]) -> Tested:
    """Pearson's chi-square test of the number of things of each class in two samples, with Cramér's V.

    Classes with fewer than `LEAST_EXPECTED` expected things in a sample count together, and with the rarest of the
    others if they still have fewer. Where one class is left, there is nothing to test: V is 0, and p is 1.
    """
    from scipy.stats import chi2_contingency

    names = sorted(reference.keys() | candidate.keys())
    table = np.array([[counts.get(name, 0) for name in names] for counts in (reference, candidate)], np.float64)
    table = _pooled(table[:, table.sum(axis=0) > 0])
    if table.shape[1] < 2:
        return Tested(0.0, 1.0)
    result: Any = chi2_contingency(table, correction=False)
    return Tested(float(np.sqrt(result.statistic / table.sum())), float(result.pvalue))


def _pooled(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The table with its rare columns together, the most frequent column first."""
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    expected = table.sum(axis=0) * table.sum(axis=1).min() / max(table.sum(), 1)
    kept = int((expected >= LEAST_EXPECTED).sum())
    rest = expected[kept:].sum()
    kept -= int(0 < rest < LEAST_EXPECTED and kept > 0)
    together = table[:, kept:].sum(axis=1, keepdims=True)
    return np.concatenate([table[:, :kept], together], axis=1) if kept < table.shape[1] else table


def corrected(tests: Mapping[str, Tested], alpha: float) -> tuple[FeatureTest, ...]:
    """The tests of several features, corrected after Benjamini and Hochberg (1995) over all of them."""
    from scipy.stats import false_discovery_control

    adjusted = false_discovery_control([test.p_value for test in tests.values()])
    return tuple(
        FeatureTest(name, test.statistic, test.p_value, float(q), bool(q < alpha))
        for (name, test), q in zip(tests.items(), adjusted, strict=True)
    )


def feature_tests(
    names: Sequence[str], reference: Features, candidate: Features, alpha: float
) -> tuple[FeatureTest, ...]:
    """The tests of the columns of N x F and M x F features, as `ks_test` and `corrected` say."""
    tests = {name: ks_test(a, b) for name, a, b in zip(names, reference.T, candidate.T, strict=True)}
    return corrected(tests, alpha)


def classifier_test(reference: Features, candidate: Features, *, folds: int, seed: int, alpha: float) -> ClassifierTest:
    """The classifier two-sample test of N x F and M x F features, by 100 trees in a cross-validation.

    Each sample has at least `folds` rows. The p-value is that of the one-sided Mann-Whitney U test of the scores.
    """
    from scipy.stats import mannwhitneyu
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    origin = np.repeat([0, 1], [len(reference), len(candidate)])
    forest = RandomForestClassifier(n_estimators=100, min_samples_leaf=5, random_state=seed, n_jobs=1)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    features = np.concatenate([reference, candidate])
    scores = np.asarray(cross_val_predict(forest, features, origin, cv=splitter, method="predict_proba"))[:, 1]
    ranks: Any = mannwhitneyu(scores[origin == 1], scores[origin == 0], alternative="greater")
    p_value = float(ranks.pvalue)
    return ClassifierTest(float(roc_auc_score(origin, scores)), p_value, p_value < alpha)
