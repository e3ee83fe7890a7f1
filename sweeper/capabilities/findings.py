"""What the checks of a dataset find: single data, and how evenly something is spread over the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


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


def balance_of(counts: npt.NDArray[np.integer], class_names: Sequence[str]) -> Balance:
    """How evenly the images (or boxes) are spread, from their number of each class; at least one of them is above 0."""
    from scipy.stats import entropy

    filled = counts[counts > 0]
    return Balance(
        counts=dict(zip(class_names, counts.tolist(), strict=True)),
        evenness=float(entropy(counts, base=len(class_names))) if len(class_names) > 1 else 1.0,
        imbalance_ratio=float(filled.max() / filled.min()),
        empty_classes=int((counts == 0).sum()),
    )
