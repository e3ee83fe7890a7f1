"""The checks of `DataQuality`, each a function of a dataset in arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.capabilities.pixel_features import average_pool

if TYPE_CHECKING:
    import numpy.typing as npt

    from sweeper.datasets.arrays import Arrays

_ROWS = 1024
"""Hashes that are compared with all others at a time, so that memory grows with the dataset and not its square."""


@dataclass(frozen=True)
class Finding:
    """One item that a check found.

    Attributes
    ----------
    item_id
        Datum id.
    score
        How clear the case is, in the check's own unit: for duplicates the Hamming distance of the hashes (0 when
        exact), for outliers the robust z-score, for label issues the probability that the given label is right.
    detail
        For duplicates the id of the twin that comes first in the dataset, for label issues `given -> suggested`.
    """

    item_id: int | str
    score: float
    detail: str | None = None


@dataclass(frozen=True)
class Balance:
    """How evenly the classes are filled.

    Attributes
    ----------
    counts
        Images per class, by its name.
    evenness
        Shannon entropy of the class shares over that of equal shares (Pielou's evenness): 1 when balanced, 0 when all
        images are of one class.
    imbalance_ratio
        Largest count over the smallest count among classes that have images.
    empty_classes
        Classes without an image.
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
    """Images whose perceptual hash is within a Hamming distance of an earlier, not equal, image's; nearest first."""
    distinct = np.array([index for index, origin in enumerate(_first_of_each(data)) if index == origin])
    bits = hashes(data.images[distinct])
    found: list[Finding] = []
    for start in range(0, len(bits), _ROWS):
        block = bits[start : start + _ROWS]
        apart = block @ (1 - bits).T + (1 - block) @ bits.T
        apart[np.arange(len(bits)) >= np.arange(start, start + len(block))[:, None]] = np.inf
        nearest = apart.argmin(axis=1)
        for row in np.flatnonzero(apart.min(axis=1) <= distance):
            item, twin = data.ids[distinct[start + row]], data.ids[distinct[nearest[row]]]
            found.append(Finding(item, float(apart[row, nearest[row]]), str(twin)))
    return tuple(sorted(found, key=lambda finding: finding.score))


def class_balance(data: Arrays, names: Sequence[str]) -> Balance:
    """Counts and evenness of the classes."""
    from scipy.stats import entropy

    counts = np.bincount(data.labels, minlength=len(names))
    filled = counts[counts > 0]
    return Balance(
        counts=dict(zip(names, counts.tolist(), strict=True)),
        evenness=float(entropy(counts, base=len(names))) if len(names) > 1 else 1.0,
        imbalance_ratio=float(filled.max() / filled.min()),
        empty_classes=int((counts == 0).sum()),
    )


def outliers(data: Arrays, values: npt.NDArray[Any], threshold: float) -> tuple[Finding, ...]:
    """Images whose value has a robust z-score of at least the threshold in size; farthest first.

    Notes
    -----
    The modified z-score of Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993: 0.674490 (x - median) over
    the median absolute deviation; where that deviation is 0, (x - median) over 1.253314 times the mean absolute
    deviation. Nothing is found where all values are equal.
    """
    scores = _robust_z(values.astype(np.float64))
    order = np.argsort(-np.abs(scores), kind="stable")
    return tuple(Finding(data.ids[i], float(scores[i])) for i in order if abs(scores[i]) >= threshold)


def label_issues(
    data: Arrays, names: Sequence[str], *, side: int, folds: int, estimator: Any, seed: int
) -> tuple[tuple[Finding, ...], int]:
    """Images whose label is probably wrong, the least credible first, and how many images were checked.

    Notes
    -----
    Confident learning (Northcutt, Jiang and Chuang, JAIR 2021) by `cleanlab.filter.find_label_issues`, on class
    probabilities from stratified cross-validation. Classes with fewer images than folds cannot be cross-validated and
    are left out.
    """
    counts = np.bincount(data.labels)
    checked = np.flatnonzero(counts[data.labels] >= folds)
    kept: Any
    kept, labels = np.unique(data.labels[checked], return_inverse=True)
    if len(kept) < 2:
        return (), 0
    from cleanlab.filter import find_label_issues

    features = average_pool(data.images[checked], side).reshape(len(checked), -1)
    probabilities: Any = _cross_validated(features, labels, folds=folds, estimator=estimator, seed=seed)
    suspects: Any = find_label_issues(labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    found = tuple(
        Finding(
            data.ids[checked[i]],
            float(probabilities[i, labels[i]]),
            f"{names[kept[labels[i]]]} -> {names[kept[probabilities[i].argmax()]]}",
        )
        for i in suspects
    )
    return found, len(checked)


def _first_of_each(data: Arrays) -> list[int]:
    """For each image the index of the first image that equals it."""
    seen: dict[bytes, int] = {}
    digests = (hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest() for image in data.images)
    return [seen.setdefault(digest, index) for index, digest in enumerate(digests)]


def hashes(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """N x 64 bits of the perceptual hashes, as 0.0 and 1.0."""
    import imagehash
    from PIL import Image

    gray = np.rint(_in_range(images.mean(axis=1)) * 255).astype(np.uint8)
    return np.stack([imagehash.phash(Image.fromarray(image)).hash.ravel() for image in gray]).astype(np.float32)


def _in_range(images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Images in [0, 1]. Where they leave it, or use less than a sixteenth of it, all are shifted and scaled alike.

    A perceptual hash depends on neither; but 8 bits would make many equal of images up to 255, normalised ones, and
    dark ones of 16 bits.
    """
    low, high = float(images.min()), float(images.max())
    if low >= 0 and 1 / 16 <= high <= 1:
        return images
    return (images - np.float32(low)) / np.float32(high - low or 1)


def _robust_z(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    from scipy.stats import median_abs_deviation

    centred = values - np.median(values)
    deviation: Any = median_abs_deviation(values)
    scale = float(deviation) / 0.674490 or 1.253314 * float(np.abs(centred).mean())
    return centred / scale if scale > 0 else np.zeros_like(values)


def _cross_validated(
    features: npt.NDArray[Any], labels: npt.NDArray[Any], *, folds: int, estimator: Any, seed: int
) -> npt.NDArray[Any]:
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    # Compared with None, since a forest that is not fitted yet has no truth value.
    forest = ExtraTreesClassifier(n_estimators=100, random_state=seed, n_jobs=1)
    classifier = forest if estimator is None else estimator
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    probabilities: Any = cross_val_predict(classifier, features, labels, cv=splitter, method="predict_proba")
    return probabilities
