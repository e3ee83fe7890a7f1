"""How several workers make one inference pass.

The first worker begins alone and asks for nothing. Now and then it looks whether the driver has made a board
(`sweeper.jobs.ray_simple.shard_board`), which it does once there is room for more workers. From then on the board gives
each of them its batches, in ranges that get smaller, so that all end together. Who joins later leaves what it made in
Ray's object store, and the first worker puts all together.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, TaskCancelledError

from sweeper.messages.shards import Answer, Joining, PassInfo, Range
from sweeper.worker.shards import Part

FIRST_LOOK_S, LAST_LOOK_S = 0.25, 2.0
"""So long the first worker waits before it looks for a board, and more and more rarely after that: each look is a
question to Ray's control process, which all workers of a cluster share."""
SHORTEST_S, WAIT_S = 0.0005, 0.02
JOIN_WAIT_S, JOIN_S = 0.1, 1.0
"""So often, and for so long, a further worker asks whether the first one has found the board: it may still load."""
ANSWER_S = 60.0
"""A board that takes longer than this to answer is taken for lost."""
TRIES = 5


def _asked(method: Any, *arguments: object) -> Any:
    """What a method of the board returns. To stop a sweep cancels also what its tasks wait for: that is asked again.

    Raises
    ------
    RayError
        The board is lost.
    """
    tries = 0
    while True:
        try:
            return _answer(method.remote(*arguments))
        except TaskCancelledError:
            tries += 1
            if tries == TRIES:
                raise


def _answer(reference: Any) -> Any:
    """Wait without blocking in Ray, which would give the processor of this task to another one meanwhile."""
    until, pause_s = time.monotonic() + ANSWER_S, SHORTEST_S
    while not ray.wait([reference], timeout=0)[0]:
        if time.monotonic() > until:
            raise GetTimeoutError(f"The board did not answer within {ANSWER_S:g} s.")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, WAIT_S)
    return ray.get(reference)


class OfFirstWorker:
    """The batches of the first worker of a pass: all that are to be made, until others join."""

    def __init__(self, board: str, job_id: str, info: PassInfo) -> None:
        self._name, self._job_id, self._info, self._total = board, job_id, info, len(info.todo)
        self._done = 0
        self._board: Any = None
        self._began = time.monotonic()
        self._pause_s, self._next_look = FIRST_LOOK_S, self._began + FIRST_LOOK_S

    def ask(self) -> Range | None:
        """See `Batches.ask`; it waits for what others make, in case that they are lost."""
        if self._board is None and (given := self._open()) is not None:
            return None if given is Answer.END else given
        if self._board is None:
            self._done += 1
            return (self._done - 1, self._done) if self._done <= self._total else None
        with suppress(RayError):  # the board is lost: what is missing in the end is made then
            while (given := _asked(self._board.give, self._job_id, self._job_id)) is Answer.WAIT:
                time.sleep(WAIT_S)
            return None if given is Answer.END else given
        return None

    def parts(self) -> Iterator[Part]:
        """What others have made and is still there. Nobody is given anything after that."""
        with suppress(RayError):
            for parts in [] if self._board is None else _asked(self._board.close, self._job_id):
                with suppress(RayError):
                    yield from _fetched(parts)

    def _open(self) -> Any:
        """Tell the board of this pass, where it is time and there is one; what it answers then."""
        now = time.monotonic()
        if now < self._next_look or not 0 < self._done < self._total:
            return None
        self._pause_s = min(1.5 * self._pause_s, LAST_LOOK_S)
        self._next_look = now + self._pause_s
        batch_s = (now - self._began) / self._done
        try:
            board: Any = ray.get_actor(self._name)
            given = _asked(board.open, self._job_id, self._info, self._done, batch_s)
        except (ValueError, RayError):  # there is none, or it has just been lost
            return None
        self._board = board
        return given


def _fetched(reference: Any) -> Any:
    return ray.get(reference)


class OfFurtherWorker:
    """The batches of a worker that joins a pass later."""

    def __init__(self, board: str, job_id: str, worker: str) -> None:
        self._board: Any = ray.get_actor(board)
        self._job_id, self._worker = job_id, worker

    def join(self, *, has_loaded: bool) -> Joining | Answer:
        """What it is to do first; `WAIT` where the first worker was not found, `END` where nobody is needed."""
        until = time.monotonic() + JOIN_S
        while (answer := _asked(self._board.join, self._job_id, self._worker, has_loaded)) is Answer.WAIT:
            if time.monotonic() > until:
                break
            time.sleep(JOIN_WAIT_S)
        return answer

    def ask(self) -> Range | None:
        """See `Batches.ask`."""
        given = _asked(self._board.give, self._job_id, self._worker)
        return None if given is Answer.END else given

    def hand_in(self, parts: Sequence[Part]) -> None:
        """Leave what it made for the first worker."""
        _asked(self._board.hand_in, self._job_id, self._worker, [ray.put(parts)])
