"""Checks a dataset without a model: duplicates, class balance, outliers and wrong labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.capabilities.base import BuiltinCapability, CapabilityRun, metadata_id
from sweeper.capabilities.data_quality_checks import (
    class_balance,
    exact_duplicates,
    label_issues,
    near_duplicates,
    outliers,
)
from sweeper.capabilities.findings import Balance, Finding
from sweeper.capabilities.markdown import table
from sweeper.checks import rules
from sweeper.errors import PartError
from sweeper.records import Record
from sweeper.vocabulary import Arity

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from sweeper.common.maite_types import TaskDataset, TaskMetric, TaskModel


class DataQualityRecord(Record, table_name="sweeper_data_quality"):
    """One measured quantity of a dataset, or one datum that a check found."""

    dataset_id: str
    check: str
    """`class_balance`, or the name of a check that finds single data."""
    output_key: str
    output_value: float | None
    """Null if nothing could be checked."""
    scope: str = "overall"
    """`overall`, `class` for the count of a class, or `item` for one datum that a check found."""
    class_name: str | None = None
    item_id: str | None = None
    detail: str | None = None
    """For an item: the id of the datum that it duplicates, or the given and the suggested label."""
    higher_is_better: bool | None = None


@dataclass(frozen=True, kw_only=True)
class DataQualityRun(CapabilityRun):
    """The findings of all checks on one dataset."""

    n_items: int
    findings: Mapping[str, tuple[Finding, ...]]
    """What each check found, the clearest cases first."""
    balance: Balance
    labels_checked: int
    """Number of images whose label could be checked. Classes with fewer images than folds cannot be checked."""

    def extract(self) -> list[DataQualityRecord]:
        """One row per summary value, per class, and per datum that a check found."""
        return [*self._summary(), *self._classes(), *self._items()]

    def _summary(self) -> list[DataQualityRecord]:
        rows = [
            self._row(check, f"{check}.share", self._share(check), higher_is_better=False) for check in self.findings
        ]
        balance = self.balance
        return [
            *rows,
            self._row("label_issues", "label_issues.checked_share", self.labels_checked / self.n_items),
            self._row("class_balance", "class_balance.evenness", balance.evenness, higher_is_better=True),
            self._row(
                "class_balance", "class_balance.imbalance_ratio", balance.imbalance_ratio, higher_is_better=False
            ),
            self._row(
                "class_balance", "class_balance.empty_classes", float(balance.empty_classes), higher_is_better=False
            ),
        ]

    def _share(self, check: str) -> float | None:
        """The share of the data that a check found. `None` if it could check none, which is not the same as 0."""
        if check == "label_issues" and not self.labels_checked:
            return None
        return len(self.findings[check]) / self.n_items

    def _classes(self) -> list[DataQualityRecord]:
        return [
            self._row("class_balance", "class_balance.count", float(count), scope="class", class_name=name)
            for name, count in self.balance.counts.items()
        ]

    def _items(self) -> list[DataQualityRecord]:
        return [
            self._row(check, f"{check}.score", item.score, scope="item", item_id=str(item.item_id), detail=item.detail)
            for check, findings in self.findings.items()
            for item in findings
        ]

    def _row(
        self,
        check: str,
        key: str,
        value: float | None,
        *,
        scope: str = "overall",
        class_name: str | None = None,
        item_id: str | None = None,
        detail: str | None = None,
        higher_is_better: bool | None = None,
    ) -> DataQualityRecord:
        return DataQualityRecord(
            run_uid=self.run_uid,
            dataset_id=metadata_id(self.dataset_metadata[0]),
            check=check,
            output_key=key,
            output_value=value,
            scope=scope,
            class_name=class_name,
            item_id=item_id,
            detail=detail,
            higher_is_better=higher_is_better,
        )

    def collect_md_report(self, threshold: float) -> str:
        """The findings, with the clearest cases. Shares are not scores, so the threshold is not used."""
        rows = [
            (check, str(len(found)), _percent(self._share(check)), ", ".join(str(f.item_id) for f in found[:5]))
            for check, found in self.findings.items()
        ]
        return (
            f"# Data quality\n\n{self.dataset_metadata[0]['id']}: {self.n_items} items, "
            f"class evenness {self.balance.evenness:.3f}, imbalance ratio {self.balance.imbalance_ratio:.3g}.\n\n"
            + table(("check", "items", "share", "clearest"), rows)
        )


def _percent(share: float | None) -> str:
    return "not checked" if share is None else f"{share:.2%}"


class DataQuality(BuiltinCapability):
    """Duplicates, class balance, outliers and label issues of an image-classification dataset.

    Parameters
    ----------
    near_distance
        Largest Hamming distance, in bits, between the perceptual hashes of near duplicates
        (`imagehash.phash`, 64 bits).
    outlier_z
        Smallest robust z-score of an outlier in brightness or contrast. Iglewicz and Hoaglin (1993)
        advise 3.5.
    side
        For the classifier that checks the labels, images are average-pooled to at most `side` x `side` pixels.
    folds
        Number of folds of its cross-validation. The labels of a class with fewer images are not checked.
    estimator
        The scikit-learn classifier that checks the labels, by default 100 extremely randomised trees. On the digits
        they find 8 of 10 wrong labels that were put there on purpose, with fewer false alarms than linear models,
        nearest neighbours or an SVC.
    seed
        Seed of the trees and of the folds.
    soft_targets
        Whether a target may be a distribution over the classes. Its largest entry is then the label. Otherwise targets
        must be one-hot.

    Values
    ------
    exact_duplicates.share
        The share of the images whose pixels are those of an earlier image. Lower is better.
    near_duplicates.share
        The share of the images that look like an earlier one without having its pixels. Lower is better.
    brightness_outliers.share, contrast_outliers.share
        The share of the images whose brightness, or contrast, is far from that of the others. Lower is better.
    label_issues.share
        The share of the checked images whose label a classifier that has not seen them doubts. Lower is better.
    label_issues.checked_share
        The share of the images whose label could be checked, since their class has enough images.
    class_balance.evenness
        1 if all classes have the same number of images, and 0 if all images are of one class. Higher is better.
    class_balance.imbalance_ratio
        The number of images of the largest class by that of the smallest one that has any. Lower is better.
    class_balance.empty_classes
        The number of classes without an image. Lower is better.

    Raises
    ------
    PartError
        An argument is out of range.
    """

    id = "sweeper.data_quality"
    supports_datasets = Arity.ONE

    def __init__(
        self,
        *,
        near_distance: int = 2,
        outlier_z: float = 3.5,
        side: int = 16,
        folds: int = 5,
        estimator: BaseEstimator | None = None,
        seed: int = 0,
        soft_targets: bool = False,
    ) -> None:
        if near_distance < 0 or outlier_z <= 0 or side < 1 or folds < 2:
            raise PartError(
                f"DataQuality got near_distance={near_distance}, outlier_z={outlier_z}, side={side}, folds={folds}; "
                "allowed: near_distance from 0, outlier_z above 0, side from 1, folds from 2."
            )
        self.soft_targets = soft_targets
        self._near_distance, self._outlier_z = near_distance, outlier_z
        self._side, self._folds, self._estimator, self._seed = side, folds, estimator, seed

    def run(
        self,
        models: Sequence[TaskModel] | None = None,
        datasets: Sequence[TaskDataset] | None = None,
        metrics: Sequence[TaskMetric] | None = None,
        config: object = None,
        use_cache: bool = False,
    ) -> DataQualityRun:
        """Check one dataset.

        Parameters
        ----------
        models, datasets, metrics, config, use_cache
            As `BuiltinCapability.run` says.

        Raises
        ------
        PartError
            The arguments are wrong in number or kind, the dataset is empty, or its images differ in shape.
        """
        from sweeper.datasets.arrays import as_arrays

        inputs = self.check(models, datasets, metrics, config, use_cache)
        (dataset,) = inputs.datasets
        with rules.applying(rules.allowed_by(rules.current(), self, ())):
            data = as_arrays(dataset)
        index2label = dataset.metadata.get("index2label") or {}
        class_names = [str(index2label.get(index, index)) for index in range(data.n_classes)]
        issues, checked = label_issues(
            data, class_names, side=self._side, folds=self._folds, estimator=self._estimator, seed=self._seed
        )
        return DataQualityRun(
            capability_id=self.id,
            **inputs.metadata(),
            warnings=data.warnings,
            n_items=len(data.ids),
            findings={
                "exact_duplicates": exact_duplicates(data),
                "near_duplicates": near_duplicates(data, self._near_distance),
                "brightness_outliers": outliers(data, data.images.mean(axis=(1, 2, 3)), self._outlier_z),
                "contrast_outliers": outliers(data, data.images.std(axis=(1, 2, 3)), self._outlier_z),
                "label_issues": issues,
            },
            balance=class_balance(data, class_names),
            labels_checked=checked,
        )
