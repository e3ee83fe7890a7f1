"""The batches of an inference pass that one worker makes, where several may work on it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sweeper.messages.shards import Range

if TYPE_CHECKING:
    from sweeper.capabilities.batches import Block, MadeBatch
    from sweeper.capabilities.leakage import ImageHashes


@dataclass(frozen=True, eq=False)
class Part:
    """What one worker made of a pass."""

    blocks: Mapping[str, Sequence[Block]]
    """By the label of the augmentation."""
    seconds: float
    hashes: ImageHashes | None = None
    """Of the images that it read, where they were asked for."""
    repeated: tuple[str, MadeBatch] | None = None
    """A batch that another worker makes too, after the label of its augmentation."""

    def numbers(self) -> Iterator[tuple[str, int]]:
        """The number of each batch, after the label of its augmentation."""
        return ((label, number) for label, made in self.blocks.items() for block in made for number in block.numbers)

    @property
    def is_empty(self) -> bool:
        """Whether it has no batch that counts."""
        return not any(self.blocks.values())

    @property
    def is_in_blocks(self) -> bool:
        """Whether some of its batches are not in the memory of this process."""
        from sweeper.capabilities.batches import are_in_memory

        return not all(map(are_in_memory, self.blocks.values()))


class Batches(Protocol):
    """Says which batches a worker makes."""

    def ask(self) -> Range | None:
        """The next; `None` where there are no more for this worker, or none but those that others make."""
        ...


class Cursor:
    """Goes through what a worker is given, batch by batch.

    Parameters
    ----------
    batches
        Says which places of `todo` are this worker's.
    todo
        The numbers of the batches that are to be made: of those of all augmentations, one after another.
    rest_s
        It has nothing more after each such time, and goes on from there when it is asked to.
    """

    def __init__(self, batches: Batches, todo: Sequence[int], rest_s: float = float("inf")) -> None:
        self._batches, self._todo, self._next, self._end = batches, todo, 0, 0
        self._rest_s, self._began, self._taken = rest_s, 0.0, 0
        self.rests = False
        self.asked_s = 0.0
        """How long it took in all to be told what to make: to wait for others, mostly."""

    def go_on(self) -> None:
        """Begin, or go on after a rest."""
        self._began, self._taken, self.rests = time.monotonic(), 0, False

    def has_more(self) -> bool:
        """Whether there is another batch, which is asked for if need be."""
        self.rests = self._taken > 0 and time.monotonic() - self._began > self._rest_s
        if self.rests:
            return False
        if self._next == self._end:
            began = time.perf_counter()
            self._next, self._end = self._batches.ask() or (0, 0)
            self.asked_s += time.perf_counter() - began
        return self._next < self._end

    @property
    def next_number(self) -> int:
        """The number of the next batch, where there is one."""
        return self._todo[self._next]

    def until(self, end: int) -> Iterator[int]:
        """The numbers of the next batch and of those after it, as long as they are below `end`."""
        while True:
            self._next, self._taken = self._next + 1, self._taken + 1
            yield self._todo[self._next - 1]
            if not (self.has_more() and self.next_number < end):
                return


class AllBatches:
    """The batches of a worker that makes all of them."""

    def __init__(self, total: int) -> None:
        self._left: Range | None = (0, total)

    def ask(self) -> Range | None:
        """See `Batches.ask`."""
        given, self._left = self._left, None
        return given
