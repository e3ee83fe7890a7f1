"""The board of a backend by which several workers share inference passes, made when the first of them is to help."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import ray

from sweeper.jobs.ray_simple.shard_board import ShardBoard


class Shards:
    """Knows the name of the board before there is one: workers look for it by that."""

    def __init__(self) -> None:
        self.name = f"sweeper-shards-{uuid4().hex}"
        self._board: Any = None

    def board(self) -> Any:
        """The actor, started now if it was not."""
        if self._board is None:
            self._board = ray.remote(num_cpus=0, max_restarts=-1)(ShardBoard).options(name=self.name).remote()
        return self._board
