"""Where an inference pass keeps the batches that it has made, until they are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sweeper.capabilities.batches import Block, MadeBatch


class BlockStore(Protocol):
    """Keeps batches as they are made, a block of them at a time."""

    @property
    def most(self) -> int:
        """How many batches make the next block."""
        ...

    def keep(self, made: Sequence[MadeBatch]) -> Block:
        """Keep some batches."""
        ...


class PredictionsLost(BaseException):
    """A block cannot be read any more: the process that had kept it is gone."""


class InMemory:
    """Keeps all batches in this process."""

    most = sys.maxsize

    def keep(self, made: Sequence[MadeBatch]) -> Block:
        """See `BlockStore.keep`."""
        from sweeper.capabilities.batches import MemoryBlock

        return MemoryBlock(made)
