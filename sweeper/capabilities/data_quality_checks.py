"""The checks of `DataQuality`. Each is a function of a dataset in arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.capabilities.pixel_features import average_pool

if TYPE_CHECKING:
    import numpy.typing as npt
    from sklearn.base import BaseEstimator

    from sweeper.datasets.arrays import Arrays

_BLOCK = 1024
"""Number of hashes that are compared with all others at a time, so that memory does not grow with their square."""


@dataclass(frozen=True)
class Finding:
    """One datum that a check found.

    Attributes
    ----------
    item_id
        Datum id.
    score
        How clear the case is, in the unit of the check: for duplicates the Hamming distance of the hashes in bits (0 if
        exact), for outliers the robust z-score, for label issues the probability that the given label is right.
    detail
        For duplicates the id of the equal datum that comes first, for label issues `given -> suggested`.
    """

    item_id: int | str
    score: float
    detail: str | None = None


@dataclass(frozen=True)
class Balance:
    """How evenly the images are spread over the classes.

    Attributes
    ----------
    counts
        Number of images of each class, by its name.
    evenness
        Pielou's evenness (1966): the Shannon entropy of the class shares, divided by that of equal shares. It is 1 if
        all classes have the same number of images, and 0 if all images are of one class.
    imbalance_ratio
        Largest count divided by the smallest count, over the classes that have images.
    empty_classes
        Number of classes without an image.
    """

    counts: Mapping[str, int]
    evenness: float
    imbalance_ratio: float
    empty_classes: int


def exact_duplicates(data: Arrays) -> tuple[Finding, ...]:
    """Images that are equal to an earlier one, pixel by pixel."""
    first = _first_of_each(data)
    return tuple(
        Finding(data.ids[index], 0.0, str(data.ids[origin])) for index, origin in enumerate(first) if origin != index
    )


def near_duplicates(data: Arrays, distance: int) -> tuple[Finding, ...]:
    """Images that look like an earlier image and are not equal to it, the most similar first.

    Two images look alike if the Hamming distance of their perceptual hashes is at most `distance` bits.
    """
    distinct = np.array([index for index, origin in enumerate(_first_of_each(data)) if index == origin])
    bits = hashes(data.images[distinct])
    found: list[Finding] = []
    for start in range(0, len(bits), _BLOCK):
        block = bits[start : start + _BLOCK]
        apart = block @ (1 - bits).T + (1 - block) @ bits.T
        apart[np.arange(len(bits)) >= np.arange(start, start + len(block))[:, None]] = np.inf
        nearest = apart.argmin(axis=1)
        for row in np.flatnonzero(apart.min(axis=1) <= distance):
            item, earlier = data.ids[distinct[start + row]], data.ids[distinct[nearest[row]]]
            found.append(Finding(item, float(apart[row, nearest[row]]), str(earlier)))
    return tuple(sorted(found, key=lambda finding: finding.score))


def class_balance(data: Arrays, class_names: Sequence[str]) -> Balance:
    """Counts and evenness of the classes; see `Balance` for the formulas."""
    from scipy.stats import entropy

    counts = np.bincount(data.labels, minlength=len(class_names))
    filled = counts[counts > 0]
    return Balance(
        counts=dict(zip(class_names, counts.tolist(), strict=True)),
        evenness=float(entropy(counts, base=len(class_names))) if len(class_names) > 1 else 1.0,
        imbalance_ratio=float(filled.max() / filled.min()),
        empty_classes=int((counts == 0).sum()),
    )


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


def _first_of_each(data: Arrays) -> list[int]:
    """For each image the index of the first image that equals it."""
    seen: dict[bytes, int] = {}
    digests = (hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest() for image in data.images)
    return [seen.setdefault(digest, index) for index, digest in enumerate(digests)]


def hashes(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The perceptual hashes (`imagehash.phash`) of N x C x H x W images: N x 64 bits, as 0.0 and 1.0."""
    import imagehash
    from PIL import Image

    gray = np.rint(_in_range(images.mean(axis=1)) * 255).astype(np.uint8)
    return np.stack([imagehash.phash(Image.fromarray(image)).hash.ravel() for image in gray]).astype(np.float32)


def _in_range(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The images, with values in [0, 1] that use at least a sixteenth of that range.

    Otherwise all images are shifted and scaled in the same way. That does not change a perceptual hash. But it is
    computed of 8-bit values, to which many images up to 255, normalised images and dark 16-bit images would be equal.
    """
    low, high = float(images.min()), float(images.max())
    if low >= 0 and 1 / 16 <= high <= 1:
        return images
    return (images - np.float32(low)) / np.float32(high - low or 1)


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
