"""Which worker makes which batches of an inference pass, when several work on one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sweeper.messages.shards import Answer, Joining, PassInfo, Range

LEAST_S = 0.25
"""Nobody is given less work than this at a time, so that asking for it costs little."""
PARTS = 4
"""What is left is given out in so many parts for each worker: all of them end together, and few questions are asked."""
WORTH_S = 0.3
"""Another worker must save at least this much time, beside what it needs to load model and dataset."""


@dataclass
class Pass:
    """One inference pass, from when its first worker tells of it."""

    info: PassInfo
    next: int
    """The place in what is to be made from which on nobody has been given anything."""
    batch_s: float
    """How long a batch takes."""
    repeated: int
    joined: set[str] = field(default_factory=set[str])
    """All who work on it, or load for it."""
    busy: set[str] = field(default_factory=set[str])
    """Who was given something and has not handed in anything."""
    handed_in: list[object] = field(default_factory=list[object])

    def give(self, worker: str) -> Range | None:
        """The next batches of a worker; `None` where none are left."""
        left = len(self.info.todo) - self.next
        if left <= 0:
            return None
        least, share = LEAST_S / max(self.batch_s, 1e-9), left / (PARTS * len(self.joined))
        # The first worker is given little at first: others are on their way.
        size = max(1, least) if len(self.joined) == 1 else max(1, least, share)
        self.busy.add(worker)
        start, self.next = self.next, self.next + min(left, math.ceil(size))
        return start, self.next

    def is_worth(self, load_s: float) -> bool:
        """Whether one more worker, which has to load for so long, would end the pass sooner."""
        workers, left_s = len(self.joined), (len(self.info.todo) - self.next) * self.batch_s
        return left_s / workers - left_s / (workers + 1) > load_s / (workers + 1) + WORTH_S


class ShardBoard:
    """Lives in a process of its own, so that everybody asks one after another and no batch is given twice.

    A pass is named by the job of its first worker. That one opens it, when it finds that there is a board, and closes
    it, when everything is handed in. The others hand in what they made as references to objects.
    """

    def __init__(self) -> None:
        self._passes: dict[str, Pass] = {}
        self._closed: set[str] = set()

    def open(self, job_id: str, info: PassInfo, done: int, batch_s: float) -> Range | Answer:
        """The first worker of a pass tells how far it is, and gets its next batches as from `give`.

        One that tells it twice did not hear the answer, and makes the rest by itself.
        """
        if job_id in self._passes:
            return Answer.END
        repeated = info.todo[max(1, done - 1)]
        self._passes[job_id] = Pass(info, done, batch_s, repeated, {job_id})
        return self.give(job_id, job_id)

    def join(self, job_id: str, worker: str, has_loaded: bool) -> Joining | Answer:
        """What a further worker is to do first, if it is needed."""
        found = self._passes.get(job_id)
        if found is None:
            return Answer.END if job_id in self._closed else Answer.WAIT
        if not found.is_worth(0.0 if has_loaded else found.info.load_s):
            return Answer.END
        found.joined.add(worker)
        return Joining(found.info, found.repeated)

    def give(self, job_id: str, worker: str) -> Range | Answer:
        """The next batches of a worker. The first one waits for what others make."""
        found = self._passes.get(job_id)
        if found is None or worker not in found.joined:
            return Answer.END
        if (batches := found.give(worker)) is not None:
            return batches
        return Answer.WAIT if worker == job_id and found.busy - {worker} else Answer.END

    def hand_in(self, job_id: str, worker: str, part: list[object]) -> None:
        """A further worker ends, and leaves what it made."""
        if (found := self._passes.get(job_id)) is not None and worker in found.busy:
            found.busy.remove(worker)
            found.joined.discard(worker)
            found.handed_in += part

    def lost(self, job_id: str, worker: str) -> None:
        """A further worker has ended without a word: the first one does not wait for it, and makes what it had."""
        if (found := self._passes.get(job_id)) is not None:
            found.busy.discard(worker)
            found.joined.discard(worker)

    def close(self, job_id: str) -> list[object]:
        """The pass is over; returns what was handed in."""
        self._closed.add(job_id)
        found = self._passes.pop(job_id, None)
        return [] if found is None else found.handed_in
