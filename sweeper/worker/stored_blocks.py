"""Batches of an inference pass in Ray's object store, so that no process has to hold all of them.

The worker that made them owns them: they are there until nobody refers to them, and lost with that process. Who reads
them then is told by Ray that an object is lost, and the inference is made once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import ObjectLostError

from sweeper.capabilities.batches import Block, MadeBatch, MemoryBlock
from sweeper.worker.blocks import PredictionsLost
from sweeper.worker.object_size import estimated_bytes

BLOCK_BYTES = 32 << 20
"""A block in the object store has about this size."""
IN_MEMORY_BYTES = 64 << 20
"""So much of what a worker makes travels with the answer of its task: most predictions are smaller than that."""
FIRST = 2
"""How many batches make the first block, when it is not known how large they are."""


@dataclass(frozen=True, eq=False)
class StoredBlock:
    """Batches in Ray's object store."""

    numbers: Sequence[int]
    data: int
    nbytes: int
    """About how many bytes they take there."""
    ref: Any

    def batches(self) -> Sequence[MadeBatch]:
        """See `Block.batches`. Arrays are views into the object store.

        Raises
        ------
        PredictionsLost
            The process that kept them is gone.
        """
        try:
            return ray.get(self.ref)
        except ObjectLostError as error:
            raise PredictionsLost(str(error)) from None


class ObjectStore:
    """Keeps batches in memory as long as they are few bytes, and later ones in Ray's object store."""

    def __init__(self) -> None:
        self.most = FIRST
        self._in_memory = 0

    def keep(self, made: Sequence[MadeBatch]) -> Block:
        """See `BlockStore.keep`."""
        batch_bytes = max(1, estimated_bytes(made[0]))
        nbytes, self.most = batch_bytes * len(made), max(1, BLOCK_BYTES // batch_bytes)
        block = MemoryBlock(made)
        if self._in_memory + nbytes <= IN_MEMORY_BYTES:
            self._in_memory += nbytes
            return block
        return StoredBlock(block.numbers, block.data, nbytes, ray.put(made))
