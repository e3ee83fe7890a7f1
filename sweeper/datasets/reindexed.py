"""A dataset with its targets in another order of the classes, such as that of a model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sweeper.checks.fit import occurring
from sweeper.checks.numbers import numpy_of
from sweeper.checks.order import order_beforehand, ordered_names, positions
from sweeper.checks.returned import datum
from sweeper.common.facts import Facts, facts_of
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import ArrayLike, DatasetMetadata, DatumMetadata
    from maite.protocols import image_classification as ic

    from sweeper.common.maite_types import ClassOrder


class Reindexed:
    """A MAITE image-classification dataset with its targets moved to other indices, by the names of its classes.

    A target has one entry for each wanted class. For a class that the dataset lacks it is always 0.

    Parameters
    ----------
    dataset
        The dataset. Its `index2label` names each entry of its targets.
    classes
        The class names in the wanted order, a mapping from indices to names, or a model (or dataset) whose
        `index2label` is used.
    id
        Id of the dataset. By default it is that of the wrapped dataset.

    Raises
    ------
    PartError
        The dataset does not name its classes, or, on access, a datum is of a class that is not wanted.
    """

    def __init__(self, dataset: ic.Dataset, classes: ClassOrder, *, id: str | None = None) -> None:
        wanted = ordered_names(classes)
        self._dataset, self._order = dataset, positions(dataset, wanted, "dataset")
        self.metadata: DatasetMetadata = {
            **dataset.metadata,
            "id": id or dataset.metadata["id"],
            "index2label": dict(enumerate(wanted)),
        }

    @classmethod
    def facts(cls, dataset: object, classes: object, **_: object) -> Facts:
        """Those of the dataset, its classes in the other order; without classes if these are of a part without facts.

        Raises
        ------
        PartError
            `classes` does not name every class once.
        """
        inner, names = facts_of(dataset), order_beforehand(classes)
        if names is None:
            return replace(inner, n_classes=None, class_names=None, occurring=None)
        known = inner.class_names or {}
        there = {known.get(index) for index in occurring(inner)}
        return replace(
            inner,
            n_classes=len(names),
            class_names=dict(enumerate(names)),
            occurring=frozenset(index for index, name in enumerate(names) if name in there),
        )

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, ind: int, /) -> tuple[ArrayLike, npt.NDArray[np.generic], DatumMetadata]:
        item = self._dataset[ind]
        datum(item, self.metadata["id"], ind)  # refuses what is not a datum
        image, target, metadata = item
        return image, self._reordered(numpy_of(target), metadata), metadata

    def _reordered(self, target: npt.NDArray[np.generic], metadata: DatumMetadata) -> npt.NDArray[np.generic]:
        reordered = np.zeros(len(self._order), dtype=target.dtype)
        known = [(new, old) for new, old in enumerate(self._order) if old is not None and old < len(target)]
        for new, old in known:
            reordered[new] = target[old]
        left = np.delete(target, [old for _, old in known])
        if left.any():
            raise PartError(
                f"Datum {metadata['id']!r} of dataset {self.metadata['id']!r} is of a class that is not among "
                f"{', '.join(self.metadata.get('index2label', {}).values())}: add it to classes."
            )
        return reordered
