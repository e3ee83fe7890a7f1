"""The checks of `DataQuality`. Each is a function of a dataset in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeper.capabilities.duplicates import alike, digest, first_of_each, in_range, perceptual_hash
from sweeper.capabilities.findings import Balance, Finding, balance_of
from sweeper.capabilities.pixel_features import average_pool

if TYPE_CHECKING:
    import numpy.typing as npt
    from sklearn.base import BaseEstimator

    from sweeper.datasets.arrays import Arrays


def exact_duplicates(data: Arrays) -> tuple[Finding, ...]:
    """Images that are equal to an earlier one, pixel by pixel."""
    first = first_of_each(map(digest, data.images))
    return tuple(
        Finding(data.ids[index], 0.0, str(data.ids[origin])) for index, origin in enumerate(first) if origin != index
    )


def near_duplicates(data: Arrays, distance: int) -> tuple[Finding, ...]:
    """Images that look like an earlier image and are not equal to it, the most similar first.

    Two images look alike if the Hamming distance of their perceptual hashes is at most `distance` bits.
    """
    firsts = first_of_each(map(digest, data.images))
    distinct = np.array([index for index, origin in enumerate(firsts) if index == origin])
    ids = [data.ids[index] for index in distinct]
    found = [
        Finding(ids[pair.later], pair.distance, str(ids[pair.earlier]))
        for pair in alike(hashes(data.images[distinct]), distance)
    ]
    return tuple(sorted(found, key=lambda finding: finding.score))


def class_balance(data: Arrays, class_names: Sequence[str]) -> Balance:
    """Counts and evenness of the classes; see `Balance` for the formulas."""
    return balance_of(np.bincount(data.labels, minlength=len(class_names)), class_names)


def outliers(data: Arrays, values: npt.NDArray[np.floating], threshold: float) -> tuple[Finding, ...]:
    """Images with a robust z-score whose absolute value is at least the threshold, the largest first.

    `values` has one number for each image.

    Notes
    -----
    The modified z-score of Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: 0.674490 (x - median),
    divided by the median absolute deviation. If that is 0: (x - median), divided by 1.253314 times the mean absolute
    deviation. Nothing is found if all values are equal.
    """
    scores = _robust_z(values.astype(np.float64))
    order = np.argsort(-np.abs(scores), kind="stable")
    return tuple(Finding(data.ids[i], float(scores[i])) for i in order if abs(scores[i]) >= threshold)


def label_issues(
    data: Arrays, class_names: Sequence[str], *, side: int, folds: int, estimator: BaseEstimator | None, seed: int
) -> tuple[tuple[Finding, ...], int]:
    """Images whose label is probably wrong, the least probable label first, and the number of checked images.

    Notes
    -----
    Confident learning (Northcutt, Jiang and Chuang, JAIR 2021) by `cleanlab.filter.find_label_issues`, on class
    probabilities from a stratified cross-validation. Classes with fewer images than folds are left out.
    """
    counts = np.bincount(data.labels)
    checked = np.flatnonzero(counts[data.labels] >= folds)
    kept, labels = np.unique(data.labels[checked], return_inverse=True)
    if len(kept) < 2:
        return (), 0
    from cleanlab.filter import find_label_issues

    features = average_pool(data.images[checked], side).reshape(len(checked), -1)
    probabilities = _cross_validated(features, labels, folds=folds, estimator=estimator, seed=seed)
    suspects = find_label_issues(labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    findings = tuple(
        Finding(
            data.ids[checked[i]],
            float(probabilities[i, labels[i]]),
            f"{class_names[int(kept[labels[i]])]} -> {class_names[int(kept[probabilities[i].argmax()])]}",
        )
        for i in suspects
    )
    return findings, len(checked)


def hashes(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The perceptual hashes (`imagehash.phash`) of N x C x H x W images: N x 64 bits, as 0.0 and 1.0."""
    return np.stack([perceptual_hash(image) for image in in_range(images.mean(axis=1))]).astype(np.float32)


def _robust_z(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    from scipy.stats import median_abs_deviation

    centred = values - np.median(values)
    scale = float(median_abs_deviation(values)) / 0.674490 or 1.253314 * float(np.abs(centred).mean())
    return centred / scale if scale > 0 else np.zeros_like(values)


def _cross_validated(
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    *,
    folds: int,
    estimator: BaseEstimator | None,
    seed: int,
) -> npt.NDArray[np.float64]:
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    # Compared with None, since an unfitted forest has no truth value.
    forest = ExtraTreesClassifier(n_estimators=100, random_state=seed, n_jobs=1)
    classifier = forest if estimator is None else estimator
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return np.asarray(cross_val_predict(classifier, features, labels, cv=splitter, method="predict_proba"))
