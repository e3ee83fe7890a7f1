"""The batches that an inference pass makes, and blocks of them, which can be kept elsewhere until they are read."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar, overload

import numpy as np

from sweeper.isolation.copies import private_copy

if TYPE_CHECKING:
    from maite.protocols import DatumMetadata

T = TypeVar("T")
Field = Literal["predictions", "targets", "metadata"]


class MadeBatch(NamedTuple):
    """What one call of a model gave, beside what it is scored against."""

    number: int
    """Which batch of the dataset it is, counted from 0."""
    predictions: Sequence[object]
    targets: Sequence[object]
    metadata: Sequence[DatumMetadata]


class Block(Protocol):
    """Some batches of one pass that are kept together."""

    @property
    def numbers(self) -> Sequence[int]:
        """Which batches of the dataset these are."""
        ...

    @property
    def data(self) -> int:
        """How many data they have."""
        ...

    def batches(self) -> Sequence[MadeBatch]:
        """The batches themselves, read anew each time where they are kept elsewhere."""
        ...


@dataclass(frozen=True, eq=False)
class MemoryBlock:
    """Batches in the memory of this process."""

    made: Sequence[MadeBatch]

    @property
    def numbers(self) -> Sequence[int]:
        """See `Block.numbers`."""
        return [batch.number for batch in self.made]

    @property
    def data(self) -> int:
        """See `Block.data`."""
        return sum(len(batch.targets) for batch in self.made)

    def batches(self) -> Sequence[MadeBatch]:
        """See `Block.batches`."""
        return self.made


def are_in_memory(blocks: Iterable[Block]) -> bool:
    """Whether no block is kept elsewhere than in this process."""
    return all(isinstance(block, MemoryBlock) for block in blocks)


class BlockReader:
    """The batches of a whole pass in the order of the dataset. It keeps the block that was read last.

    Parameters
    ----------
    blocks
        In any order; together they have each batch of the pass once.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        places = sorted(
            (number, block, at) for block, one in enumerate(blocks) for at, number in enumerate(one.numbers)
        )
        if [number for number, _, _ in places] != list(range(len(places))):
            raise AssertionError("a batch is missing, or there twice")
        self._places = [(block, at) for _, block, at in places]
        self._opened: tuple[int, Sequence[MadeBatch]] = (-1, ())

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> MadeBatch:
        block, at = self._places[number]
        if self._opened[0] != block:
            self._opened = -1, ()  # the memory of one is free before the next is read
            self._opened = block, self._blocks[block].batches()
        return self._opened[1][at]

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_opened": (-1, ())}

    @property
    def data(self) -> int:
        """Number of data."""
        return sum(block.data for block in self._blocks)

    @property
    def is_in_memory(self) -> bool:
        """Whether no block is kept elsewhere."""
        return are_in_memory(self._blocks)


class Column(Sequence[T]):
    """The predictions, targets or metadata of all batches. Only the block that was read last is in memory."""

    def __init__(self, reader: BlockReader, field: Field) -> None:
        self._reader, self._field = reader, field

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple(self[number] for number in range(len(self))[index])
        return getattr(self._reader[index], self._field)

    def __len__(self) -> int:
        return len(self._reader)

    @property
    def data(self) -> int:
        """Number of data in all batches."""
        return self._reader.data


class MetadataBatch(Sequence["DatumMetadata"]):
    """The metadata of one batch, pickled until they are read.

    There is a dictionary for each datum, and few metrics read any of them. Unpickling all of them would take most of
    the time of scoring and several times the memory.
    """

    def __init__(self, metadata: Iterable[DatumMetadata]) -> None:
        self._metadata: Sequence[DatumMetadata] = list(metadata)
        self._length = len(self._metadata)
        self._pickled = b""
        # Ray can pickle more than Python, such as classes of a notebook. What only Ray can pickle stays unpickled.
        with contextlib.suppress(pickle.PicklingError, AttributeError, TypeError):
            self._pickled = pickle.dumps(self._metadata, protocol=5)
            self._metadata = ()

    @overload
    def __getitem__(self, index: int) -> DatumMetadata: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[DatumMetadata]: ...
    def __getitem__(self, index: int | slice) -> DatumMetadata | Sequence[DatumMetadata]:
        if self._pickled:
            self._metadata, self._pickled = pickle.loads(self._pickled), b""
        return self._metadata[index]

    def __len__(self) -> int:
        return self._length

    def peek(self) -> Sequence[DatumMetadata]:
        """All of them, to be read once: they stay pickled."""
        return pickle.loads(self._pickled) if self._pickled else self._metadata

    def __deepcopy__(self, memo: dict[int, object]) -> MetadataBatch:
        """A copy, which costs nothing while the metadata are pickled."""
        copied = object.__new__(MetadataBatch)
        copied._length, copied._pickled, copied._metadata = self._length, self._pickled, private_copy(self._metadata)
        return copied


def stacked(batch: Any) -> Any:
    """One read-only array for a list of numpy arrays of one shape and dtype; another batch stays as it is."""
    first = batch[0] if isinstance(batch, list | tuple) and batch else None
    if not isinstance(first, np.ndarray) or first.dtype.hasobject:
        return batch
    kind = (np.ndarray, first.shape, first.dtype)
    if any((type(item), getattr(item, "shape", None), getattr(item, "dtype", None)) != kind for item in batch):
        return batch
    joined = np.concatenate(batch) if first.ndim else np.array(batch)  # a third of the time of np.stack
    stacked = joined.reshape(len(batch), *first.shape)
    stacked.setflags(write=False)
    return stacked
