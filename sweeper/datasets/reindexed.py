"""A dataset whose targets stand in the order of classes that a model has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.checks.numbers import numpy_of
from sweeper.checks.order import ordered_names, positions
from sweeper.checks.returned import datum
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    from maite.protocols import DatasetMetadata
    from maite.protocols import generic as gen


class Reindexed:
    """A MAITE image-classification dataset with its targets moved to other indices, by the names of its classes.

    Targets are as long as the wanted classes are many; one that the dataset lacks is 0 in all of them.

    Parameters
    ----------
    dataset
        The dataset; its `index2label` names each entry of its targets.
    classes
        The names in the order that is wanted, a mapping from indices to names, or a model (or dataset) whose
        `index2label` is meant.
    id
        Id of the dataset; by default that of the dataset that it wraps.

    Raises
    ------
    PartError
        Where the dataset does not name its classes, or, on access, where a datum is of a class that is not wanted.
    """

    def __init__(self, dataset: gen.Dataset[Any, Any, Any], classes: Any, *, id: str | None = None) -> None:
        wanted = ordered_names(classes)
        self._dataset, self._order = dataset, positions(dataset, wanted, "dataset")
        self.metadata: DatasetMetadata = {
            **dataset.metadata,
            "id": id or dataset.metadata["id"],
            "index2label": dict(enumerate(wanted)),
        }

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, ind: int, /) -> tuple[Any, Any, Any]:
        image, target, metadata = datum(self._dataset[ind], self.metadata["id"], ind)
        return image, self._moved(numpy_of(target), metadata), metadata

    def _moved(self, target: npt.NDArray[Any], metadata: Any) -> npt.NDArray[Any]:
        moved = np.zeros(len(self._order), dtype=target.dtype)
        known = [(new, old) for new, old in enumerate(self._order) if old is not None and old < len(target)]
        for new, old in known:
            moved[new] = target[old]
        left = np.delete(target, [old for _, old in known])
        if left.any():
            raise PartError(
                f"Datum {metadata['id']!r} of dataset {self.metadata['id']!r} is of a class that is not among "
                f"{', '.join(self.metadata.get('index2label', {}).values())}: add it to classes."
            )
        return moved
