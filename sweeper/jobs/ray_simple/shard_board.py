"""Which worker makes which batches of an inference pass, when several work on one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

Range = tuple[int, int]
"""Places in the list of what is to be made: the first, and the one after the last."""
LEAST_S = 0.25
"""Nobody is given less work than this at a time, so that asking for it costs little."""
PARTS = 4
"""What is left is given out in so many parts for each worker: all of them end together, and few questions are asked."""
WORTH_S = 0.3
"""Another worker must save at least this much time, beside what it needs to load model and dataset."""


@dataclass
class Pass:
    """One inference pass, from when its first worker tells of it."""

    todo: Sequence[int]
    """The numbers of the batches that were to be made when it began."""
    next: int
    """The place in it from which on nobody has been given anything."""
    batch_s: float
    """How long a batch takes."""
    load_s: float
    """How long the first worker took to load model and dataset."""
    hashes: bool
    """Whether the images are to be hashed on the way."""
    repeated: int | None
    """A batch of the first worker that one other is to repeat: a model with a state gives something else there."""
    workers: set[str] = field(default_factory=set[str])
    """Who was given something and has not handed in anything."""
    handed_in: list[object] = field(default_factory=list[object])

    def give(self, worker: str) -> Range | None:
        """The next batches of a worker; `None` where none are left."""
        left = len(self.todo) - self.next
        if left <= 0:
            return None
        self.workers.add(worker)
        size = max(LEAST_S / max(self.batch_s, 1e-9), left / (PARTS * len(self.workers)), 1)
        start, self.next = self.next, self.next + min(left, math.ceil(size))
        return start, self.next

    def is_worth(self, load_s: float) -> bool:
        """Whether one more worker, which has to load for so long, would end the pass sooner."""
        workers, left_s = len(self.workers), (len(self.todo) - self.next) * self.batch_s
        return left_s / workers - left_s / (workers + 1) > load_s / (workers + 1) + WORTH_S


@dataclass(frozen=True)
class Help:
    """What a further worker of a pass needs to know before it asks for batches."""

    todo: Sequence[int]
    hashes: bool
    repeated: int | None
    """The batch that it is to repeat."""


class ShardBoard:
    """Lives in a process of its own, so that everybody asks one after another and no batch is given twice.

    A pass is named by the job of its first worker. That one opens it, when it finds that there is a board, and closes
    it, when everything is handed in. The others hand in what they made as references to objects.
    """

    def __init__(self) -> None:
        self._passes: dict[str, Pass] = {}
        self._closed: set[str] = set()

    def open(
        self, job_id: str, todo: Sequence[int], done: int, batch_s: float, load_s: float, hashes: bool
    ) -> Range | bool:
        """The first worker of a pass tells how far it is, and gets its next batches as from `give`."""
        place = max(1, done - 1)
        repeated = todo[place] if place < len(todo) else None
        self._passes[job_id] = Pass(todo, done, batch_s, load_s, hashes, repeated)
        return self.give(job_id, job_id)

    def join(self, job_id: str, has_loaded: bool) -> Help | bool:
        """What a further worker is to do first; true where it is to ask again, and false where it is not needed."""
        found = self._passes.get(job_id)
        if found is None:
            return job_id not in self._closed
        if not found.is_worth(0.0 if has_loaded else found.load_s):
            return False
        repeated, found.repeated = found.repeated, None
        return Help(found.todo, found.hashes, repeated)

    def give(self, job_id: str, worker: str) -> Range | bool:
        """The next batches of a worker. True where the first one has to wait for what others make, false at the end."""
        found = self._passes.get(job_id)
        if found is None:
            return False
        if (batches := found.give(worker)) is not None:
            return batches
        return worker == job_id and bool(found.workers - {worker})

    def hand_in(self, job_id: str, worker: str, part: list[object]) -> None:
        """A further worker ends, and leaves what it made."""
        if (found := self._passes.get(job_id)) is not None and worker in found.workers:
            found.workers.remove(worker)
            found.handed_in += part

    def lost(self, job_id: str, worker: str) -> None:
        """A further worker has ended without a word: the first one does not wait for it, and makes what it had."""
        if (found := self._passes.get(job_id)) is not None:
            found.workers.discard(worker)

    def close(self, job_id: str) -> list[object]:
        """The pass is over; returns what was handed in."""
        self._closed.add(job_id)
        found = self._passes.pop(job_id, None)
        return [] if found is None else found.handed_in
