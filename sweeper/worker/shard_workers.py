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
from ray.exceptions import RayError

from sweeper.worker.shards import Part, Range

FIRST_LOOK_S, LAST_LOOK_S = 0.25, 2.0
"""So long the first worker waits before it looks for a board, and more and more rarely after that: each look is a
question to Ray's control process, which all workers of a cluster share."""
WAIT_S = 0.02
JOIN_WAIT_S = 0.1
JOIN_S = 5.0
"""So long a further worker waits until the first one has found the board: that may be in the middle of a batch."""


def _answer(reference: Any) -> Any:
    return ray.get(reference)


class OfFirstWorker:
    """The batches of the first worker of a pass: all that are to be made, until others join."""

    def __init__(self, board: str, job_id: str, todo: Sequence[int], load_s: float, *, hashes: bool) -> None:
        self._name, self._job_id, self._todo, self._total = board, job_id, todo, len(todo)
        self._load_s, self._hashes = load_s, hashes
        self._done = 0
        self._board: Any = None
        self._began = time.monotonic()
        self._pause_s, self._next_look = FIRST_LOOK_S, self._began + FIRST_LOOK_S

    def ask(self) -> Range | None:
        """See `Batches.ask`; it waits for what others make, in case that they are lost."""
        if self._board is None and (given := self._open()) is not None:
            return given or None
        if self._board is None:
            self._done += 1
            return (self._done - 1, self._done) if self._done <= self._total else None
        with suppress(RayError):  # the board is lost: what is missing in the end is made then
            while (given := _answer(self._board.give.remote(self._job_id, self._job_id))) is True:
                time.sleep(WAIT_S)
            return given or None
        return None

    def parts(self) -> Iterator[Part]:
        """What others have made and is still there. Nobody is given anything after that."""
        with suppress(RayError):
            for parts in [] if self._board is None else _answer(self._board.close.remote(self._job_id)):
                with suppress(RayError):
                    yield from _answer(parts)

    def _open(self) -> Any:
        """Tell the board of this pass, where it is time and there is one; what it gives then."""
        now = time.monotonic()
        if now < self._next_look or not 0 < self._done < self._total:
            return None
        self._pause_s = min(1.5 * self._pause_s, LAST_LOOK_S)
        self._next_look = now + self._pause_s
        batch_s = (now - self._began) / self._done
        told = self._job_id, self._todo, self._done, batch_s, self._load_s, self._hashes
        try:
            board: Any = ray.get_actor(self._name)
            given = _answer(board.open.remote(*told))
        except (ValueError, RayError):  # there is none, or it has just been lost
            return None
        self._board = board
        return given


class OfFurtherWorker:
    """The batches of a worker that joins a pass later."""

    def __init__(self, board: str, job_id: str, worker: str) -> None:
        self._board: Any = ray.get_actor(board)
        self._job_id, self._worker = job_id, worker

    def join(self, *, has_loaded: bool) -> Any:
        """What it is to do first, as the board says; false where it is not needed."""
        until = time.monotonic() + JOIN_S
        while (help_with := _answer(self._board.join.remote(self._job_id, has_loaded))) is True:
            if time.monotonic() > until:
                return False
            time.sleep(JOIN_WAIT_S)
        return help_with

    def ask(self) -> Range | None:
        """See `Batches.ask`."""
        return _answer(self._board.give.remote(self._job_id, self._worker)) or None

    def hand_in(self, parts: Sequence[Part]) -> None:
        """Leave what it made for the first worker."""
        _answer(self._board.hand_in.remote(self._job_id, self._worker, [ray.put(parts)]))
