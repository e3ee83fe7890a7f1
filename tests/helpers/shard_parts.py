"""A model whose inference pass is slow until several workers have made some of it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from patience import until

SLOW_S = 0.3
"""So slow that a pass of 300 batches lasts longer than any machine needs to send help."""
CLASSES = {0: "even", 1: "odd"}


class Images:
    """So many images of 1 x 4 x 4, each different.

    In every process but the first that builds it, a dataset is `shorter` by a datum or has them in `another` order.
    """

    def __init__(self, size: int = 19_200, id: str = "images", folder: str = "", then: str = "") -> None:
        is_first = not then or str(os.getpid()) == first_process(Path(folder) / "built")
        self._size = size - (then == "shorter" and not is_first)
        self._turned = then == "another" and not is_first
        self.metadata = {"id": id, "index2label": CLASSES}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        if not 0 <= index < self._size:
            raise IndexError(index)
        index = self._size - 1 - index if self._turned else index
        image = np.random.default_rng(index).random((1, 4, 4), np.float32)
        return image, np.eye(2, dtype=np.float32)[index % 2], {"id": f"{index}"}


def first_process(path: Path) -> str:
    """The process that asked first."""
    try:
        with open(path, "x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        until(path.read_text)
    return path.read_text()


class Blur:
    """An augmentation that is not sweeper's, of which nobody knows whether it keeps a state."""

    def __init__(self, severity: float, seed: int = 0) -> None:
        self.metadata = {"id": f"blur={severity},{seed}"}

    def __call__(self, batch: Any) -> Any:
        return batch


class Together:
    """A classifier that notes who makes which batch in a folder, one file each.

    Its first worker is slow until another one has made two batches, or in so many as `slow` says. What a later worker
    does in its second batch is `then` (the first is one that the first worker makes too): `exit` ends its process,
    `raise` fails, `lose` ends the board. A file in the folder notes that it was done, and it is done once.
    """

    def __init__(
        self, folder: str, then: str = "", state: bool = False, slow: int | None = None, id: str = "m"
    ) -> None:
        self._folder, self._then, self._state, self._slow = Path(folder), then, state, slow
        self._calls = 0
        self.metadata = {"id": id, "index2label": CLASSES}

    def __call__(self, batch: Sequence[Any]) -> list[np.ndarray]:
        self._calls += 1
        first = str(os.getpid()) == first_process(self._folder / "first")
        if first and (not self._has_help() if self._slow is None else self._calls <= self._slow):
            time.sleep(SLOW_S)
        elif not first and self._calls == 2 and self._then and not (self._folder / "done").exists():
            (self._folder / "done").touch()
            self._fail()
        answers = [self._answer(np.asarray(image)) for image in batch]
        (self._folder / f"{os.getpid()} {self._calls} {len(batch)}").touch()
        return answers

    def _has_help(self) -> bool:
        """Whether another one has made a batch of its own, or was to."""
        others = [path for path in self._folder.glob("* *") if not path.name.startswith(f"{os.getpid()} ")]
        return len(others) > 1 or (self._folder / "done").exists()

    def _answer(self, image: np.ndarray) -> np.ndarray:
        chance = (float(image.mean()) + (0.01 * self._calls if self._state else 0.0)) % 1.0
        return np.array([chance, 1 - chance], np.float32)

    def _fail(self) -> None:
        if self._then == "exit":
            os._exit(1)
        if self._then == "raise":
            raise ValueError("only here")
        import ray

        for name in ray.util.list_named_actors():
            if name.startswith("sweeper-shards-"):
                ray.kill(ray.get_actor(name), no_restart=False)
