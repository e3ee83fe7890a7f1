"""A dataset under a condition: another dataset seen through an augmentation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sweeper.checks.labels import space_of
from sweeper.common.default_ids import describe
from sweeper.errors import PartError
from sweeper.isolation.copies import private

if TYPE_CHECKING:
    from maite.protocols import DatasetMetadata
    from maite.protocols import generic as gen

_Block = tuple[Sequence[Any], Sequence[Any], Sequence[Any]]


class Augmented:
    """A MAITE dataset seen through a MAITE augmentation.

    Data are augmented in blocks, so that an augmentation works on whole arrays, and the blocks last used are kept:
    a dataset of up to `block_size * keep_blocks` images is augmented once, a larger one needs bounded memory.

    Parameters
    ----------
    dataset
        What is seen.
    augmentation
        Takes and gives a batch of inputs, targets and metadata. The result is reproducible when the augmentation is;
        the built-in ones depend on the datum's id and their seed alone, so block borders do not matter.
    id
        Id of the dataset; by default the ids of both.
    block_size
        Images that are augmented at a time.
    keep_blocks
        Blocks that are kept.

    Raises
    ------
    PartError
        When the augmentation gives another number of data than it took.
    """

    def __init__(
        self,
        dataset: gen.Dataset[Any, Any, Any],
        augmentation: gen.Augmentation[Any, Any, Any, Any, Any, Any],
        *,
        id: str | None = None,
        block_size: int = 1024,
        keep_blocks: int = 8,
    ) -> None:
        self._dataset, self._augmentation = dataset, augmentation
        self._block_size, self._keep = block_size, keep_blocks
        self._blocks: OrderedDict[int, _Block] = OrderedDict()
        self.label_space = space_of(dataset)
        self.metadata: DatasetMetadata = {
            **dataset.metadata,
            "id": id or describe(dataset.metadata["id"], augmentation.metadata["id"]),
        }

    def __getstate__(self) -> dict[str, Any]:
        """Blocks are made anew where they are needed."""
        return {**self.__dict__, "_blocks": OrderedDict[int, _Block]()}

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, ind: int, /) -> tuple[Any, Any, Any]:
        index = range(len(self))[ind]
        number, offset = divmod(index, self._block_size)
        inputs, targets, metadata = self._block(number)
        return inputs[offset], targets[offset], metadata[offset]

    def _block(self, number: int) -> _Block:
        if number not in self._blocks:
            self._blocks[number] = self._augment(number)
            if len(self._blocks) > self._keep:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _augment(self, number: int) -> _Block:
        start = number * self._block_size
        data = [private(self._dataset[i]) for i in range(start, min(start + self._block_size, len(self)))]
        inputs, targets, metadata = (list(column) for column in zip(*data, strict=True))
        block = self._augmentation((inputs, targets, metadata))
        if {len(column) for column in block} != {len(data)}:
            raise PartError(
                f"Augmentation {self._augmentation.metadata['id']} gave {[len(c) for c in block]} inputs, targets and "
                f"metadata for {len(data)} data; as a view on a dataset it must keep their number."
            )
        return block
