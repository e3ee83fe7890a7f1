"""A few data of a dataset, chosen by chance and with its shares of the classes: a quick look before the whole run."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from sweeper.checks.labels import label_space_of
from sweeper.checks.numbers import numeric
from sweeper.common.default_ids import describe
from sweeper.common.facts import Facts, facts_of
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatasetMetadata, DatumMetadata

    from sweeper.common.maite_types import TaskDataset

    Indices = npt.NDArray[np.int64]

DEFAULT_SEED = 0


class Subset:
    """A MAITE dataset of any task with some data of another one, in their order.

    Of a classification each class has its share of the data, rounded so that the number is as asked, and at least one
    datum where there is room for all classes. What is not a classification is drawn without regard to targets. The same
    data are drawn whenever length, targets, `limit` and `seed` are the same.

    Parameters
    ----------
    dataset
        The dataset. Its targets are all read once, by its `get_target` where it has one, when the first datum is read.
    limit
        How many data: a whole number of at least 1, or a share above 0 and below 1, which is rounded up. A number of at
        least the length of the dataset takes all of it.
    seed
        Of the draw.
    id
        Id of the dataset. By default it is that of the wrapped one with the limit.

    Raises
    ------
    PartError
        `limit` is neither.
    """

    def __init__(
        self, dataset: TaskDataset, limit: int | float, *, seed: int = DEFAULT_SEED, id: str | None = None
    ) -> None:
        self._dataset, self._seed = dataset, seed
        self._size = min(len(dataset), _size(limit, len(dataset)))
        self.threads_may_read = getattr(dataset, "threads_may_read", False)
        self.label_space = label_space_of(dataset)
        self.metadata: DatasetMetadata = {
            **dataset.metadata,
            "id": id or describe(dataset.metadata["id"], limit=limit, seed=seed or None),
        }

    @classmethod
    def facts(cls, dataset: object, **_: object) -> Facts:
        """Those of the dataset that it is drawn from."""
        return facts_of(dataset)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, ind: int, /) -> tuple[object, object, DatumMetadata]:
        return self._dataset[self._indices[range(self._size)[ind]]]

    @cached_property
    def _indices(self) -> list[int]:
        """Which data of the dataset these are."""
        random = np.random.default_rng(self._seed)
        if self._size == len(self._dataset):
            return [*range(self._size)]
        groups = _by_class(_targets(self._dataset))
        drawn = [random.permutation(group)[:share] for group, share in _shares(groups, self._size)]
        return np.sort(np.concatenate(drawn)).tolist()


def _size(limit: object, length: int) -> int:
    if isinstance(limit, int) and not isinstance(limit, bool) and limit >= 1:
        return limit
    if isinstance(limit, float) and 0 < limit < 1:
        return int(np.ceil(limit * length))
    raise PartError(
        f"limit of a Subset is {limit!r}; allowed: a number of data of at least 1, or a share above 0 and below 1."
    )


def _targets(dataset: TaskDataset) -> list[object]:
    get_target = getattr(dataset, "get_target", None)
    if callable(get_target):
        return [get_target(index) for index in range(len(dataset))]
    return [dataset[index][1] for index in range(len(dataset))]


def _by_class(targets: list[object]) -> list[Indices]:
    """The indices of the data of each class; of all data as one where a target is not a vector over classes."""
    classes = [_class(target) for target in targets]
    if any(each is None for each in classes):
        return [np.arange(len(targets))]
    labels = np.array(classes)
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _class(target: object) -> int | None:
    vector = numeric(target)
    return int(vector.argmax()) if vector is not None and vector.ndim == 1 and vector.size > 1 else None


def _shares(groups: list[Indices], size: int) -> list[tuple[Indices, int]]:
    """How many of each group are drawn: its share, rounded by largest remainders (Hamilton's method)."""
    counts = np.array([len(group) for group in groups])
    least = np.minimum(counts, 1) if size >= len(groups) else np.zeros_like(counts)
    exact = size * counts / counts.sum()
    shares = np.maximum(np.floor(exact).astype(int), least)
    while shares.sum() > size:  # those that were raised to one are paid for by those that have most above their share
        shares[np.argmax(np.where(shares > least, shares - exact, -np.inf))] -= 1
    while shares.sum() < size:
        shares[np.argmax(np.where(shares < counts, exact - shares, -np.inf))] += 1
    return list(zip(groups, shares.tolist(), strict=True))
