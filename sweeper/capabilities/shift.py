"""Tests whether two datasets have the same distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.markdown import table
from sweeper.capabilities.two_samples import ClassifierTest, FeatureTest, classifier_test, feature_tests
from sweeper.errors import PartError
from sweeper.records import Record
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel

    Features = npt.NDArray[np.float32]


class ShiftRecord(Record, table_name="sweeper_shift"):
    """One measured quantity of a comparison of two datasets."""

    reference_id: str
    candidate_id: str
    test: str
    """`ks`, `classifier` or `verdict`."""
    output_key: str
    output_value: float
    scope: str = "overall"
    """`feature` for the test of one feature."""
    feature: str | None = None
    p_value: float | None = None
    """The p-value of the test, without correction."""
    adjusted_p_value: float | None = None
    """For a feature: the p-value after the correction of Benjamini and Hochberg over all features."""
    shifted: bool | None = None
    higher_is_better: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ShiftRun(CapabilityRun):
    """The results of both tests, and the verdict that follows from them."""

    alpha: float
    features: tuple[FeatureTest, ...]
    classifier: ClassifierTest

    @property
    def shifted_features(self) -> tuple[FeatureTest, ...]:
        """The features that differ, the clearest first."""
        return tuple(sorted((test for test in self.features if test.shifted), key=lambda test: test.p_value))

    @property
    def shifted(self) -> bool:
        """The verdict: whether one of the two tests, each at the level alpha / 2, finds a difference."""
        return bool(self.shifted_features) or self.classifier.shifted

    def extract(self) -> list[ShiftRecord]:
        """The verdict, each test's summary, and a row per feature."""
        return [*self._summary(), *(self._feature_row(test) for test in self.features)]

    def _summary(self) -> list[ShiftRecord]:
        any_shifted = bool(self.shifted_features)
        share = len(self.shifted_features) / len(self.features)
        lowest = min(test.adjusted_p_value for test in self.features)
        clearest = max(test.statistic for test in self.features)
        test = self.classifier
        return [
            self._row("verdict", "shifted", float(self.shifted), shifted=self.shifted),
            self._row("classifier", "classifier.auc", test.auc, p_value=test.p_value, shifted=test.shifted),
            self._row("ks", "ks.shifted_share", share, adjusted_p_value=lowest, shifted=any_shifted),
            self._row("ks", "ks.max_statistic", clearest, adjusted_p_value=lowest, shifted=any_shifted),
        ]

    def _feature_row(self, test: FeatureTest) -> ShiftRecord:
        return self._row(
            "ks",
            f"ks.statistic[{test.feature}]",
            test.statistic,
            scope="feature",
            feature=test.feature,
            p_value=test.p_value,
            adjusted_p_value=test.adjusted_p_value,
            shifted=test.shifted,
        )

    def _row(
        self,
        test: str,
        key: str,
        value: float,
        *,
        scope: str = "overall",
        feature: str | None = None,
        p_value: float | None = None,
        adjusted_p_value: float | None = None,
        shifted: bool | None = None,
    ) -> ShiftRecord:
        reference, candidate = map(metadata_id, self.dataset_metadata)
        return ShiftRecord(
            run_uid=self.run_uid,
            reference_id=reference,
            candidate_id=candidate,
            test=test,
            output_key=key,
            output_value=value,
            scope=scope,
            feature=feature,
            p_value=p_value,
            adjusted_p_value=adjusted_p_value,
            shifted=shifted,
            higher_is_better=False,
        )

    def collect_md_report(self, threshold: float) -> str:
        """The verdict and the clearest features. The verdict depends on `alpha`; the threshold is not used."""
        reference, candidate = map(metadata_id, self.dataset_metadata)
        verdict = "differs" if self.shifted else "does not differ detectably"
        rows = [
            (test.feature, f"{test.statistic:.4f}", f"{test.adjusted_p_value:.3g}")
            for test in self.shifted_features[:10]
        ]
        return (
            f"# Shift\n\n{candidate} {verdict} from {reference} (alpha {self.alpha:g}).\n\n"
            f"Classifier: AUC {self.classifier.auc:.4f}, p {self.classifier.p_value:.3g}. "
            f"Features: {len(self.shifted_features)} of {len(self.features)} differ.\n\n"
            + (table(("feature", "KS statistic", "adjusted p"), rows) if rows else "")
        )


class Shift(BuiltinCapability):
    """Tests whether two image-classification datasets have the same distribution of pixels.

    The features of an image are its pixels, average-pooled to at most `side` x `side` per channel, its brightness
    (mean of the pixels) and its contrast (standard deviation of the pixels). There are two tests:

    1. For each feature, the two-sample Kolmogorov-Smirnov test, corrected after Benjamini and Hochberg (1995).
    2. The classifier two-sample test (Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017). A
       random forest learns, in a cross-validation, to tell the datasets apart. Its AUC is the statistic. The p-value is
       that of the one-sided Mann-Whitney U test of its scores.

    Each test has the level `alpha` / 2. So two samples of one distribution are called shifted with a probability of
    about `alpha` at most. Pixels have ties, which makes the first test conservative.

    Parameters
    ----------
    alpha
        Level of the verdict, in (0, 1).
    side
        Largest number of pixels per side after pooling.
    folds
        Number of folds of the cross-validation; each dataset needs at least that many images.
    seed
        Seed of the forest and of the folds.

    Values
    ------
    shifted
        1 if one of the two tests says that the datasets differ, otherwise 0.
    classifier.auc
        How well a classifier tells the images of the two datasets apart, 0.5 for not at all, 1 for always. Lower is
        better.
    ks.shifted_share
        The share of the features whose distributions differ by the Kolmogorov-Smirnov test. Lower is better.
    ks.max_statistic
        The largest distance between the distributions of a feature in the two datasets, from 0 to 1. Lower is better.
    ks.statistic[<feature>]
        The distance between the distributions of this feature in the two datasets, from 0 to 1. Lower is better.

    Raises
    ------
    PartError
        An argument is out of range.
    """

    id = "sweeper.shift"
    supports_datasets = Arity.TWO

    def __init__(self, *, alpha: float = 0.05, side: int = 16, folds: int = 5, seed: int = 0) -> None:
        if not 0 < alpha < 1 or side < 1 or folds < 2:
            raise PartError(
                f"Shift got alpha={alpha}, side={side}, folds={folds}; allowed: alpha between 0 and 1, side from 1, "
                "folds from 2."
            )
        self._alpha, self._side, self._folds, self._seed = alpha, side, folds, seed

    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
    ) -> ShiftRun:
        """Compare a candidate, the second dataset, with a reference, the first.

        Parameters
        ----------
        models, datasets, metrics, config, use_cache
            As `BuiltinCapability.run` says.

        Raises
        ------
        PartError
            The arguments are wrong in number or kind, a dataset has fewer images than folds, or the images of the two
            datasets differ in shape after pooling.
        """
        import numpy as np

        inputs = self.check(models, datasets, metrics, config, use_cache)
        reference, candidate = (self._pooled(dataset) for dataset in inputs.datasets)
        if reference.shape[1:] != candidate.shape[1:]:
            raise PartError(
                f"Shift compares pixel by pixel, but the images of {inputs.datasets[0].metadata['id']} and "
                f"{inputs.datasets[1].metadata['id']} have the shapes {reference.shape[1:]} and {candidate.shape[1:]} "
                "after pooling: resize one."
            )
        from sweeper.capabilities import pixel_features

        names = [*pixel_features.pixel_names(reference.shape[1:]), "brightness", "contrast"]
        a, b = (
            np.column_stack([x.reshape(len(x), -1), x.mean((1, 2, 3)), x.std((1, 2, 3))])
            for x in (reference, candidate)
        )
        return ShiftRun(
            capability_id=self.id,
            **inputs.metadata(),
            alpha=self._alpha,
            features=feature_tests(names, a, b, self._alpha / 2),
            classifier=classifier_test(a, b, folds=self._folds, seed=self._seed, alpha=self._alpha / 2),
        )

    def _pooled(self, dataset: TaskDataset) -> Features:
        from sweeper.capabilities import pixel_features
        from sweeper.datasets.arrays import as_arrays

        images = as_arrays(dataset, reads_labels=False).images
        if len(images) < self._folds:
            raise PartError(f"Shift needs {self._folds} images; {dataset.metadata['id']} has {len(images)}.")
        return pixel_features.average_pool(images, self._side)
