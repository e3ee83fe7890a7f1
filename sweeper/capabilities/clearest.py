"""The clearest cases of many, without keeping the others."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Clearest(Generic[T]):
    """Keeps the cases with the highest scores; equally clear ones in the order in which they came.

    Attributes
    ----------
    limit
        How many are kept.
    """

    limit: int
    _kept: list[tuple[float, int, T]] = field(default_factory=list[tuple[float, int, T]])
    _seen: int = 0

    def takes(self, score: float) -> bool:
        """Whether a case with this score would be kept, as the next one."""
        return self.limit > 0 and (len(self._kept) < self.limit or score > self._kept[0][0])

    def add(self, score: float, case: T) -> None:
        """Look at the next case."""
        self._seen += 1
        if self.takes(score):
            put = heapq.heappush if len(self._kept) < self.limit else heapq.heapreplace
            put(self._kept, (score, -self._seen, case))  # no two are equal, so that cases are never compared

    def cases(self) -> list[T]:
        """What is kept, the clearest first."""
        return [case for _, _, case in sorted(self._kept, key=lambda one: one[:2], reverse=True)]
