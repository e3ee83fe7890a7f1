"""The handwritten digits that come with scikit-learn: real data without a download."""

from __future__ import annotations

from typing import Any, Literal, get_args

from sweeper.common.default_ids import describe, unless
from sweeper.datasets.arrays import ArrayDataset
from sweeper.errors import PartError, near_match

Split = Literal["train", "test"]


class Digits(ArrayDataset):
    """The 1,797 handwritten digits of the test set of UCI's Optical Recognition data, 1 x 8 x 8 pixels.

    Images are float32 in [0, 1]: `sklearn.datasets.load_digits`, divided by its maximum of 16. Targets are one-hot
    float32 vectors of length 10. Datum ids are the row numbers in scikit-learn's order, so a datum has the same id in
    every split.

    Parameters
    ----------
    split
        `train` or `test`: the two sides of one stratified split, which have no image in common.
    test_fraction
        Share of the images that goes to `test`, in (0, 1).
    seed
        Seed of the split.
    id
        Id of the dataset. By default it contains the split, and the fraction and seed if they are not the defaults.

    Raises
    ------
    PartError
        `split` is neither `train` nor `test`, or `test_fraction` is not in (0, 1).
    """

    def __init__(
        self, split: Split = "test", *, test_fraction: float = 0.3, seed: int = 0, id: str | None = None
    ) -> None:
        if split not in get_args(Split):
            raise PartError(
                f"Digits has no split {split!r}.{near_match(str(split), get_args(Split))} Allowed: train, test."
            )
        if not 0 < test_fraction < 1:
            raise PartError(f"test_fraction of Digits is {test_fraction}; it must lie between 0 and 1, both excluded.")
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        bunch: Any = load_digits()
        splits = train_test_split(
            range(len(bunch.target)), test_size=test_fraction, stratify=bunch.target, random_state=seed
        )
        rows = sorted(splits[get_args(Split).index(split)])
        super().__init__(
            bunch.images[rows][:, None] / 16,
            bunch.target[rows],
            index2label={index: str(name) for index, name in enumerate(bunch.target_names)},
            id=id or describe("digits", split, test_fraction=unless(test_fraction, 0.3), seed=unless(seed, 0)),
            ids=rows,
            label_space="digits",
        )
