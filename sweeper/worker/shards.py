"""The batches of an inference pass that one worker makes, where several may work on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sweeper.capabilities.leakage import ImageHashes
    from sweeper.capabilities.predictions import MadeBatch

Range = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Part:
    """What one worker made of a pass."""

    batches: Mapping[str, Sequence[MadeBatch]]
    """By the label of the augmentation."""
    seconds: float
    hashes: ImageHashes | None = None
    """Of the images that it read, where they were asked for."""
    repeated: tuple[str, MadeBatch] | None = None
    """A batch that the first worker makes too, after the label of its augmentation."""


class Batches(Protocol):
    """Says which batches a worker makes, by their numbers: those of all augmentations, one after another."""

    def ask(self) -> Range | None:
        """The next; `None` where there are no more for this worker, or none but those that others make."""
        ...


class Cursor:
    """Goes through what a worker is given, batch by batch."""

    def __init__(self, batches: Batches) -> None:
        self._batches, self._next, self._end = batches, 0, 0

    def has_more(self) -> bool:
        """Whether there is another batch, which is asked for if need be."""
        if self._next == self._end:
            self._next, self._end = self._batches.ask() or (0, 0)
        return self._next < self._end

    def within(self, first: int, end: int) -> Iterator[int]:
        """The batches from `first` on and before `end`, counted from there, until another comes next."""
        while self.has_more() and first <= self._next < end:
            self._next += 1
            yield self._next - 1 - first

    def is_within(self, first: int, end: int) -> bool:
        """Whether `within` has any."""
        return self.has_more() and first <= self._next < end


class TheseBatches:
    """Batches of which a worker knows from the start that it makes them."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = iter(numbers)

    def ask(self) -> Range | None:
        """See `Batches.ask`."""
        number = next(self._numbers, None)
        return None if number is None else (number, number + 1)
