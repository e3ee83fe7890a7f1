"""`python -m sweeper` in processes forked from one that has imported checkmaite, which takes 7 s of a processor."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from unittest.mock import patch

from patience import until
from ray_head import LIMIT_S


def forks(environment: Mapping[str, str]) -> ForkServerContext:
    """What starts such processes. Ray reads its token when it is imported, so the first one begins with it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["checkmaite.jobs", "sweeper.__main__", "sweeper.jobs.checkmaite_ray.backend"])
    with patch.dict(os.environ, environment, clear=True):
        forkserver.ensure_running()
    return context


def _run(folder: Path, environment: Mapping[str, str], said: Path, argv: tuple[str, ...]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["sweeper", *argv]
    from sweeper.__main__ import main

    sys.exit(main())


class ForkedSweep:
    """A sweep that was started in a folder, and what it has said so far."""

    def __init__(
        self, context: ForkServerContext, folder: Path, environment: Mapping[str, str], *overrides: str
    ) -> None:
        self._file = folder / f"{len(list(folder.glob('*.said')))}.said"
        self._file.touch()
        argv = ("--config-dir", "conf", *overrides)
        self._process = context.Process(target=_run, args=(folder, dict(environment), self._file, argv))
        self._process.start()

    @property
    def said(self) -> str:
        return self._file.read_text()

    def wait(self) -> int:
        """Its exit status."""
        try:
            self._process.join(LIMIT_S)
        finally:
            self.kill()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it as a machine that fails does."""
        self._process.kill()
        self._process.join(LIMIT_S)

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds while it runs."""
        until(lambda: condition() or not self._process.is_alive(), LIMIT_S)
        assert condition(), self.said
