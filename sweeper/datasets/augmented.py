"""A dataset with an augmentation applied to it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.checks.labels import label_space_of
from sweeper.common.default_ids import describe
from sweeper.common.facts import Facts, facts_of
from sweeper.errors import PartError
from sweeper.isolation.copies import private_copy

if TYPE_CHECKING:
    from maite.protocols import DatasetMetadata, DatumMetadata

    from sweeper.common.maite_types import Batch, TaskAugmentation, TaskDataset

BLOCK_BYTES = 2**28
"""So many bytes of inputs are augmented at a time: photographs take megabytes each."""


class Augmented:
    """A MAITE dataset of any task with a MAITE augmentation applied to it.

    Data are augmented in blocks, so that the augmentation works on whole arrays, and the blocks used last are kept. A
    dataset of up to `block_size * keep_blocks` small data is augmented once; for a larger one, or larger images, memory
    stays bounded.

    Parameters
    ----------
    dataset
        The dataset to augment.
    augmentation
        Takes and returns a batch of inputs, targets and metadata. The result is reproducible if the augmentation is.
        The built-in ones depend only on the id of the datum and their seed, so the blocks do not matter.
    id
        Id of the dataset. By default it consists of the ids of the dataset and the augmentation.
    block_size
        Number of data that are augmented at a time; fewer where images as large as the first would take more than
        256 MB (`BLOCK_BYTES`) together.
    keep_blocks
        Number of blocks that are kept.

    Raises
    ------
    PartError
        On access: the augmentation returns another number of data than it got.
    """

    def __init__(
        self,
        dataset: TaskDataset,
        augmentation: TaskAugmentation,
        *,
        id: str | None = None,
        block_size: int = 1024,
        keep_blocks: int = 8,
    ) -> None:
        self._dataset, self._augmentation = dataset, augmentation
        self._block_size, self._keep = block_size, keep_blocks
        self._blocks: OrderedDict[int, Batch] = OrderedDict()
        self._fitting: int | None = None
        self.label_space = label_space_of(dataset)
        self.metadata: DatasetMetadata = {
            **dataset.metadata,
            "id": id or describe(dataset.metadata["id"], augmentation.metadata["id"]),
        }

    @classmethod
    def facts(cls, dataset: object, **_: object) -> Facts:
        """The classes of the dataset; an augmentation may give images another size and number of channels."""
        return replace(facts_of(dataset), channels=None, height=None, width=None)

    def __getstate__(self) -> dict[str, object]:
        """The state without the augmented blocks, which are computed again when they are needed."""
        return {**self.__dict__, "_blocks": OrderedDict()}

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, ind: int, /) -> tuple[object, object, DatumMetadata]:
        index = range(len(self))[ind]
        number, offset = divmod(index, self._data_of_a_block())
        inputs, targets, metadata = self._block(number)
        return inputs[offset], targets[offset], metadata[offset]

    def _data_of_a_block(self) -> int:
        if self._fitting is None:
            size = int(getattr(self._dataset[0][0], "nbytes", 0))
            self._fitting = max(1, min(self._block_size, BLOCK_BYTES // max(size, 1)))
        return self._fitting

    def _block(self, number: int) -> Batch:
        if number not in self._blocks:
            self._blocks[number] = self._augment(number)
            if len(self._blocks) > self._keep:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _augment(self, number: int) -> Batch:
        size = self._data_of_a_block()
        start = number * size
        data = [private_copy(self._dataset[i]) for i in range(start, min(start + size, len(self)))]
        inputs, targets, metadata = (list(column) for column in zip(*data, strict=True))
        block = self._augmentation((inputs, targets, metadata))
        if {len(column) for column in block} != {len(data)}:
            raise PartError(
                f"Augmentation {self._augmentation.metadata['id']} gave {[len(c) for c in block]} inputs, targets and "
                f"metadata for {len(data)} data; as a view on a dataset it must keep their number."
            )
        return block
