"""Parts that wait to be killed: each writes the id of its process, then stays in Python or in C code."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import time
import uuid
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from parts import Parity, Tiny, TinyRun


def linger(pid_folder: str, where: str) -> None:
    """Tell this process's id, and if it is the first to do so in that folder, stay until it is killed."""
    first = not any(Path(pid_folder).iterdir())
    Path(pid_folder, str(os.getpid())).touch()
    if not first:
        return
    if where == "c":
        deque(itertools.repeat(None), maxlen=0)  # for ever, and no handler of Python's runs meanwhile
    while True:
        time.sleep(0.01)


class Lingers(Tiny):
    """A capability that stays in its first run, in Python or in C code, and measures in its later ones."""

    def __init__(self, pids: str, where: str = "python", text: str = "") -> None:
        super().__init__(text=text)
        self.pids, self.where = pids, where

    def run(self, *args: Any, **kwargs: Any) -> Any:
        linger(self.pids, self.where)
        return super().run(*args, **kwargs)


class Leaves(Tiny):
    """A capability whose own code leaves, as a script does that was made for the command line."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        sys.exit(1)


class LingeringModel(Parity):
    """A model that stays in its first batch."""

    def __init__(self, pids: str, where: str = "python") -> None:
        super().__init__()
        self.pids, self.where = pids, where

    def __call__(self, batch: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        linger(self.pids, self.where)
        return super().__call__(batch)


class SaysItsProcess(Tiny):
    """A capability that tells its process's id, and then is as tiny as any."""

    def __init__(self, pids: str, until: str | None = None) -> None:
        super().__init__(until=until)
        self.pids = pids

    def run(self, *args: Any, **kwargs: Any) -> Any:
        Path(self.pids, str(os.getpid())).touch()
        return super().run(*args, **kwargs)


def speak_without_end() -> None:
    """Print 10 MB, and fail with as much."""
    for _ in range(1000):
        print("a line that is printed again and again " * 250)
    raise ValueError("too much " * 1_000_000)


class Endless(Tiny):
    """A run that prints and fails without end."""

    id = "tests.endless"

    def run(self, *args: Any, **keywords: Any) -> TinyRun:
        speak_without_end()
        return super().run(*args, **keywords)


class EndlessModel(Parity):
    """A model that does the same."""

    def __call__(self, batch: Any) -> Any:
        speak_without_end()


class RemovesTheStore(Tiny):
    """A capability during which somebody puts a file in the place of the store's folder."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        shutil.rmtree("analytics_store")
        Path("analytics_store").touch()
        return super().run(*args, **kwargs)


class FailsWithoutAStore(Tiny):
    """A capability that fails while somebody has moved the store's folder away, and put a file in its place."""

    def __init__(self, store: str, text: str = "") -> None:
        super().__init__(text=text)
        self.store = Path(store)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        self.store.rename(self.store.with_name("moved"))
        self.store.touch()
        raise ValueError("it fails")


class Talkative(Tiny):
    """Tells what it should keep for itself: it prints it, and fails with it."""

    id = "tests.talkative"

    def run(self, *args: Any, **keywords: Any) -> TinyRun:
        token = os.environ["TALKATIVE_TOKEN"]
        print(f"the token is {token}")
        print(f"again {token}", file=sys.stderr)
        try:
            raise ConnectionError(f"https://user:{token}@example.org refused")
        except ConnectionError as error:
            raise RuntimeError(token) from error


class Noted(Tiny):
    """A capability that leaves a note each time that it runs, with the id of its process in it."""

    def __init__(self, notes: str, text: str = "", sleep_s: float = 0.0, until: str | None = None) -> None:
        super().__init__(sleep_s=sleep_s, until=until)
        self.notes, self.name = notes, text

    def run(self, *args: Any, **kwargs: Any) -> Any:
        Path(self.notes, f"{self.name}-{uuid.uuid4().hex}").write_text(str(os.getpid()))
        return super().run(*args, **kwargs)
